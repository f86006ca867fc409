package trace

import "slices"

// Mode is a table-level lock mode by the name that pg_locks gives it.
// https://www.postgresql.org/docs/current/explicit-locking.html
type Mode string

// The modes, weakest first.
const (
	AccessShare          Mode = "AccessShareLock"
	RowShare             Mode = "RowShareLock"
	RowExclusive         Mode = "RowExclusiveLock"
	ShareUpdateExclusive Mode = "ShareUpdateExclusiveLock"
	Share                Mode = "ShareLock"
	ShareRowExclusive    Mode = "ShareRowExclusiveLock"
	Exclusive            Mode = "ExclusiveLock"
	AccessExclusive      Mode = "AccessExclusiveLock"
)

// Modes are all of them, weakest first.
func Modes() []Mode {
	return []Mode{AccessShare, RowShare, RowExclusive, ShareUpdateExclusive, Share, ShareRowExclusive, Exclusive, AccessExclusive}
}

// strength orders the modes as PostgreSQL numbers them; 0 is no table lock.
func (m Mode) strength() int { return slices.Index(Modes(), m) + 1 }

// blocks is the set of modes, one bit a strength, that others wait for while
// this one is held: the conflict table of the manual's section 13.3.1.
func (m Mode) blocks() uint16 {
	set := func(strengths ...int) (bits uint16) {
		for _, s := range strengths {
			bits |= 1 << s
		}
		return bits
	}
	switch m {
	case AccessShare:
		return set(8)
	case RowShare:
		return set(7, 8)
	case RowExclusive:
		return set(5, 6, 7, 8)
	case ShareUpdateExclusive:
		return set(4, 5, 6, 7, 8)
	case Share:
		return set(3, 4, 6, 7, 8)
	case ShareRowExclusive:
		return set(3, 4, 5, 6, 7, 8)
	case Exclusive:
		return set(2, 3, 4, 5, 6, 7, 8)
	case AccessExclusive:
		return set(1, 2, 3, 4, 5, 6, 7, 8)
	}
	return 0
}

// Conflicts reports whether a request of one mode waits while another session
// holds the other.
func (m Mode) Conflicts(other Mode) bool { return m.blocks()&(1<<other.strength()) != 0 }

// modes is a set of lock modes of one relation, one bit a strength.
type modes uint16

func (s modes) with(m Mode) modes { return s | 1<<m.strength() }

// strongest is the mode of highest strength, "" of an empty set.
func (s modes) strongest() Mode {
	for _, m := range slices.Backward(Modes()) {
		if s&(1<<m.strength()) != 0 {
			return m
		}
	}
	return ""
}

// beyond leaves the modes that block something which the held ones did not.
func (s modes) beyond(held modes) modes {
	var blocked uint16
	for _, m := range Modes() {
		if held&(1<<m.strength()) != 0 {
			blocked |= m.blocks()
		}
	}
	var fresh modes
	for _, m := range Modes() {
		if s&(1<<m.strength()) != 0 && m.blocks()&^blocked != 0 {
			fresh = fresh.with(m)
		}
	}
	return fresh
}
