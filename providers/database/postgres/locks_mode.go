package postgres

import (
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
)

// mode is a table lock's mode, in PostgreSQL's own order.
// Source: PostgreSQL documentation, "Explicit Locking", table-level locks.
type mode int

const (
	accessShare mode = iota + 1
	rowShare
	rowExclusive
	shareUpdateExclusive
	share
	shareRowExclusive
	exclusive
	accessExclusive
)

// modeNames are spelled as pg_locks and a plan spell them.
var modeNames = [...]string{
	accessShare: "AccessShareLock", rowShare: "RowShareLock", rowExclusive: "RowExclusiveLock",
	shareUpdateExclusive: "ShareUpdateExclusiveLock", share: "ShareLock", shareRowExclusive: "ShareRowExclusiveLock",
	exclusive: "ExclusiveLock", accessExclusive: "AccessExclusiveLock",
}

func (m mode) String() string { return modeNames[m] }

// sql is the mode as LOCK TABLE spells it.
func (m mode) sql() string {
	return [...]string{
		accessShare: "ACCESS SHARE", rowShare: "ROW SHARE", rowExclusive: "ROW EXCLUSIVE",
		shareUpdateExclusive: "SHARE UPDATE EXCLUSIVE", share: "SHARE", shareRowExclusive: "SHARE ROW EXCLUSIVE",
		exclusive: "EXCLUSIVE", accessExclusive: "ACCESS EXCLUSIVE",
	}[m]
}

// modeOf returns 0 for what is no mode of a table lock.
func modeOf(l plans.Lock) mode {
	for m, name := range modeNames {
		if name != "" && strings.EqualFold(name, l.Mode) {
			return mode(m)
		}
	}
	return 0
}

// conflicts are the modes that others must not hold, one bit each.
// Source: the same page, "Conflicting Lock Modes".
func (m mode) conflicts() int {
	bits := func(modes ...mode) (set int) {
		for _, other := range modes {
			set |= 1 << other
		}
		return set
	}
	switch m {
	case accessShare:
		return bits(accessExclusive)
	case rowShare:
		return bits(exclusive, accessExclusive)
	case rowExclusive:
		return bits(share, shareRowExclusive, exclusive, accessExclusive)
	case shareUpdateExclusive:
		return bits(shareUpdateExclusive, share, shareRowExclusive, exclusive, accessExclusive)
	case share:
		return bits(rowExclusive, shareUpdateExclusive, shareRowExclusive, exclusive, accessExclusive)
	case shareRowExclusive:
		return bits(rowExclusive, shareUpdateExclusive, share, shareRowExclusive, exclusive, accessExclusive)
	case exclusive:
		return share.conflicts() | bits(rowShare, share, exclusive)
	default:
		return exclusive.conflicts() | bits(accessShare)
	}
}

// with is the weakest mode that keeps out whom either keeps out.
func (m mode) with(other mode) mode {
	weaker, stronger := min(m, other), max(m, other)
	if stronger == share && (weaker == shareUpdateExclusive || weaker == rowExclusive) {
		return shareRowExclusive // neither of the two includes the other
	}
	return stronger
}

// stopsTraffic reports whether SELECT, INSERT, UPDATE or DELETE would wait
// for a holder, and so for a request in the queue, too.
func (m mode) stopsTraffic() bool {
	return m.conflicts()&(1<<accessShare|1<<rowShare|1<<rowExclusive) != 0
}
