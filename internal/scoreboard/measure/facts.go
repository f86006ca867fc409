package measure

import (
	"slices"

	"github.com/lockstep-dev/lockstep/internal/rehearse/trace"
)

// Facts are what was seen of one case. Each text is a sentence without a dot.
type Facts struct {
	Statements []Statement
	// Fails says why the text as a whole fails, sent as one query into tables
	// with a row each; empty when it does not.
	Fails string
	// Breaks are the queries that ran before and fail after; Loses what held
	// rows, columns or values before and does not after.
	Breaks, Loses []string
	// Unsettled says why nothing could be measured; then the rest is empty.
	Unsettled string
	// Server is the major version that it was measured on.
	Server int
}

// Statement is what one statement did to relations that were there before the
// file.
type Statement struct {
	File, Line int // File counts from 0
	SQL        string
	// Held are the modes of SHARE and stronger that the transaction has by now.
	Held []trace.Lock
	// Took are those of them that this statement brought.
	Took []trace.Lock
	// Works are the relations that it reads or writes from end to end.
	Works []string
}

// Blocks reports whether somebody waits for as long as a relation is large:
// a lock that keeps writers or readers away is held while a relation is read
// or written from end to end. Source: the manual, Explicit Locking, table of
// conflicting modes: SHARE is the weakest that conflicts with ROW EXCLUSIVE.
func (s Statement) Blocks() bool { return len(s.Held) > 0 && len(s.Works) > 0 }

// Own reports whether a lock that this statement takes is one of them.
func (s Statement) Own() bool { return len(s.Took) > 0 && len(s.Works) > 0 }

// Queues reports whether it takes a lock for which readers wait, if only for a
// moment: behind a long query everybody else waits too.
func (s Statement) Queues() bool {
	return slices.ContainsFunc(s.Took, func(k trace.Lock) bool { return k.Mode == trace.AccessExclusive })
}

// Blocks reports whether a statement does.
func (f Facts) Blocks() bool { return slices.ContainsFunc(f.Statements, Statement.Blocks) }

// Queues reports whether a statement does.
func (f Facts) Queues() bool { return slices.ContainsFunc(f.Statements, Statement.Queues) }

// Keeps reports whether a statement takes a lock for which writers wait.
func (f Facts) Keeps() bool {
	return slices.ContainsFunc(f.Statements, func(s Statement) bool { return len(s.Took) > 0 })
}

// Hurts reports whether something else is wrong with the files than locks.
func (f Facts) Hurts() bool { return f.Fails != "" || len(f.Breaks)+len(f.Loses) > 0 }
