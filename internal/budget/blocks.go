package budget

import (
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
)

// modes are the table lock modes, weakest first.
// Source: https://www.postgresql.org/docs/current/explicit-locking.html
func modes() []string {
	return []string{
		"AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock",
		"ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", AccessExclusive,
	}
}

// AccessExclusive is the mode that conflicts with all.
const AccessExclusive = "AccessExclusiveLock"

// What a lock keeps from working, strongest first.
const (
	ReadsAndWrites = "reads and writes"
	Writes         = "writes"
	SchemaChanges  = "schema changes"
	// WrittenRows: the table is free, and whoever writes the same rows waits.
	WrittenRows = "rows it writes"
	Nothing     = "nothing"
)

// Blocks says what of others waits for a lock in a mode of PostgreSQL's own
// name, by the manual's table of conflicting modes. EXCLUSIVE stops SELECT FOR
// UPDATE with the writes, SHARE UPDATE EXCLUSIVE stops VACUUM with the schema
// changes. A mode that is not known is taken for the strongest.
//
// Source: https://www.postgresql.org/docs/current/explicit-locking.html,
// "Conflicting Lock Modes" and "Row-Level Locks".
func Blocks(mode string) string {
	switch mode {
	case "AccessShareLock", "RowShareLock":
		return Nothing
	case "RowExclusiveLock":
		return WrittenRows
	case "ShareUpdateExclusiveLock":
		return SchemaChanges
	case "ShareLock", "ShareRowExclusiveLock", "ExclusiveLock":
		return Writes
	default:
		return ReadsAndWrites
	}
}

// Manual spells a mode as the manual and LOCK TABLE do: "ACCESS EXCLUSIVE".
func Manual(mode string) string {
	var words strings.Builder
	for i, r := range strings.TrimSuffix(mode, "Lock") {
		if i > 0 && r >= 'A' && r <= 'Z' {
			words.WriteByte(' ')
		}
		words.WriteRune(r)
	}
	return strings.ToUpper(words.String())
}

// Strongest returns the mode that keeps most from working; empty for no lock.
func Strongest(locks []plans.Lock) string {
	strongest, rank := "", -1
	for _, l := range locks {
		r := slices.Index(modes(), l.Mode)
		if r < 0 {
			r = len(modes())
		}
		if r > rank {
			strongest, rank = l.Mode, r
		}
	}
	return strongest
}
