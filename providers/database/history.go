package database

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// Directions of a migration.
const (
	Up   = "up"
	Down = "down"
)

// Receipt is one row of the history table: proof that a file was applied, and
// the way back.
type Receipt struct {
	Version uint64
	Name    string
	// Up is empty for a version that another tool applied.
	Up, Down plans.Digest
	// Canonical is the digest of the up file without comments and white space.
	Canonical plans.Digest
	DownSQL   string
	Phase     plans.Phase
	Class     plans.Class
	Mode      string
	ChangeSet string
	Run, Step string
	Plan      plans.Digest
	Actor     string
	// Fresh is true when the database was empty before this file.
	Fresh     bool
	AppliedAt string // RFC 3339, the database's clock
	XID       string // transaction id; empty where there is none
}

// StatementReceipt is the proof for one statement of a file that cannot run
// in a transaction.
type StatementReceipt struct {
	Version   uint64
	Direction string
	Ordinal   int // from 0
	SQL       plans.Digest
	Finished  bool
	Run       string // that began it
}

// State is what a database says about its migrations.
type State struct {
	Identity string
	// Version is the row of schema_migrations; 0 when there is none.
	Version uint64
	Dirty   bool
	// Migrating says who migrates the database while it is dirty; empty when
	// nobody does, or where the driver cannot tell.
	Migrating string
	// Fresh is true when there is neither history nor any user table.
	Fresh      bool
	History    []Receipt // by version
	Statements []StatementReceipt
	// Pooled is true where Open would refuse with ErrPooled.
	Pooled bool
	// Informative figures (server version, ...).
	Informative json.RawMessage
}

// Applied returns the rows of the history that still hold. A row above
// schema_migrations was undone by another tool: Lockstep itself never leaves
// schema_migrations below a row.
func (s State) Applied() []Receipt {
	var rows []Receipt
	for _, r := range s.History {
		if r.Version <= s.Version {
			rows = append(rows, r)
		}
	}
	return rows
}

func (s State) receipt(version uint64) (Receipt, bool) {
	i, found := s.find(version)
	if !found || version > s.Version {
		return Receipt{}, false
	}
	return s.History[i], true
}

func (s State) find(version uint64) (int, bool) {
	return slices.BinarySearchFunc(s.History, version, func(r Receipt, v uint64) int { return cmp.Compare(r.Version, v) })
}

// isNext reports whether the books have nothing of the version, and a clean
// version that they know all about.
func (s State) isNext(version uint64) bool {
	_, known := s.receipt(s.Version)
	_, there := s.find(version)
	begun := func(r StatementReceipt) bool { return r.Version == version }
	return known && !there && !s.Dirty && !slices.ContainsFunc(s.Statements, begun)
}

// after is the state once a change is committed. The states that it was made
// from must not be used any more.
func (s State) after(c Change) State {
	if c.Statement != nil {
		return s
	}
	if c.Baseline != nil {
		s.History = s.with(*c.Baseline)
	}
	if c.Direction == Up {
		s.History = s.with(c.Receipt)
	} else if i, found := s.find(c.Receipt.Version); found {
		s.History = slices.Delete(s.History, i, i+1)
	}
	s.Statements = slices.DeleteFunc(s.Statements, func(r StatementReceipt) bool { return r.Version == c.Receipt.Version })
	s.Version, s.Fresh = c.Version, false
	return s
}

// apart is the state for a look ahead: what comes after it leaves s as it is.
func (s State) apart() State {
	s.History, s.Statements = slices.Clone(s.History), slices.Clone(s.Statements)
	return s
}

func (s State) with(r Receipt) []Receipt {
	i, found := s.find(r.Version)
	if found {
		s.History[i] = r
		return s.History
	}
	return slices.Insert(s.History, i, r)
}

func (s State) statements(version uint64, direction string) []StatementReceipt {
	var list []StatementReceipt
	for _, r := range s.Statements {
		if r.Version == version && r.Direction == direction {
			list = append(list, r)
		}
	}
	return list
}

// observation is the state as the plan binds it.
func (s State) observation(driver string) *plans.DatabaseState {
	state := &plans.DatabaseState{Driver: driver, Dirty: s.Dirty, Fresh: s.Fresh, Pooled: s.Pooled}
	if s.Version > 0 {
		state.Version = strconv.FormatUint(s.Version, 10)
	}
	for _, r := range s.Applied() {
		state.Applied = append(state.Applied, plans.AppliedMigration{
			Version: strconv.FormatUint(r.Version, 10), Name: r.Name, Up: r.Up, Down: r.Down,
			Phase: r.Phase, ChangeSet: r.ChangeSet, Run: r.Run, At: r.AppliedAt, Canonical: r.Canonical,
		})
	}
	return state
}

// Change is what one migration does to the books, in one transaction with it.
type Change struct {
	Direction string
	// Receipt is written by an up and deleted by a down.
	Receipt Receipt
	// Baseline is written first when another tool applied what is there.
	Baseline *Receipt
	// Version is schema_migrations afterwards; 0 for no row.
	Version uint64
	// Next is true when the books have nothing of this version yet, and
	// schema_migrations has one row, which says Before and is clean.
	Next   bool
	Before uint64
	// Statement is the one statement of the file that has run: its receipt is
	// written and nothing else. nil: the whole file.
	Statement *StatementReceipt
}

// Measured are the figures of a migration.
type Measured struct {
	Duration time.Duration
	// LockWait is the time from the first request for a lock until the last
	// was granted, failed tries and the pauses between them included.
	LockWait time.Duration
	// Queued is the longest time that a single request stood in a lock's
	// queue, where others may have stood behind it.
	Queued time.Duration
	Tries  int
	// Rows is how many rows the file's statements changed; -1 when nobody
	// counted.
	Rows int64
	XID  string
}

// MigratingError says that a version is dirty because a migration of another
// tool has not ended yet: a passing cause.
type MigratingError struct {
	Version uint64
	Who     string
}

// Error names the version and who is at work.
func (e *MigratingError) Error() string {
	return fmt.Sprintf("it is being migrated, so version %d is dirty: %s", e.Version, e.Who)
}

// Is makes it a passing cause.
func (e *MigratingError) Is(target error) bool { return target == providers.ErrBlocked }

// EditedError says that a file differs from what was applied under its
// version.
type EditedError struct {
	Step    string
	Applied Receipt
	Found   plans.Digest
}

// Error names both contents, and when and by which run the first was applied.
func (e *EditedError) Error() string {
	if e.Applied.Up == "" {
		return fmt.Sprintf("%s: version %d was applied by another tool; mark it as applied by planning again", e.Step, e.Applied.Version)
	}
	return fmt.Sprintf("%s: version %d was applied with other content: %s on %s by run %s, now %s; restore the file and put the change in a new version",
		e.Step, e.Applied.Version, e.Applied.Up.Short(), e.Applied.AppliedAt, e.Applied.Run, e.Found.Short())
}
