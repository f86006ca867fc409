package pgeffect

// mode is a lock mode; a greater one is stronger. Source: "Table-Level Lock
// Modes" in https://www.postgresql.org/docs/current/explicit-locking.html; the
// numbers are those of LOCK TABLE in a parse tree (lockdefs.h).
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

// String is PostgreSQL's name in pg_locks.
func (m mode) String() string {
	names := [...]string{
		"AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock",
		"ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock",
	}
	if m < accessShare || m > accessExclusive {
		return ""
	}
	return names[m-1]
}
