package database

import (
	"context"
	"errors"
	"fmt"
)

// RowsLeftError says that a backfill passed every key and rows are left.
type RowsLeftError struct {
	Left       int64
	UpTo       string // the last key of the pass
	Query      string
	Repeatable bool
}

// Error says how many rows are left, why that may be, and what to do.
func (e *RowsLeftError) Error() string {
	what := "if the update may run twice over a row, set repeatable = true and apply again, which goes over all rows; " +
		"otherwise fill these by hand or mend the query, and go on: it counts again"
	if e.Repeatable {
		what = "mend what writes them, or the update, and go on: it goes over all rows again"
	}
	return fmt.Sprintf("%s left behind the last key %s: either code that does not fill them has written them meanwhile, or the update leaves them out, as it does where the key is NULL; "+
		"look at them (%s); %s", rowsOf(e.Left), e.UpTo, e.Query, what)
}

// count looks at what is left when all keys have been passed, and reports
// whether to go over them once more: only where the author says that this
// does no harm, and as long as it helps.
func (l *lap) count(ctx context.Context) (again bool, err error) {
	if l.spec.Remaining == "" {
		return false, nil
	}
	if err := errors.Join(ctx.Err(), l.stopped()); err != nil {
		return false, err
	}
	l.say("counting what is left: %s", l.spec.Remaining)
	left, err := l.Count(ctx, l.spec.Remaining)
	if err != nil {
		return false, fmt.Errorf("count what is left: %w", err)
	}
	before := l.left
	l.left = left
	switch {
	case left == 0:
		return false, nil
	case l.spec.Repeatable && (before < 0 || left < before):
		return true, nil
	}
	return false, &RowsLeftError{Left: left, UpTo: text(l.cursor.UpTo), Query: l.spec.Remaining, Repeatable: l.spec.Repeatable}
}
