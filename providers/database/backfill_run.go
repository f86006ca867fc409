package database

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/lockstep-dev/lockstep/internal/failpoint"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// persist works until the end, over lost connections: the cursor tells where
// to go on. It gives up when nothing got through for the job's patience.
func (f *filling) persist(ctx context.Context) (Cursor, error) {
	for {
		cursor, err := f.session(ctx)
		if !errors.Is(err, ErrLost) || ctx.Err() != nil {
			return cursor, err
		}
		f.figures.lost++
		if f.pace.exhausted(f.job.Patience) {
			return cursor, fmt.Errorf("tried again for %s: %w", f.job.Patience, err)
		}
		pause := f.pace.retry()
		f.say("%s; going on behind the last batch in %s", firstLine(err), pause.Round(10*time.Millisecond))
		if err := f.wait(ctx, pause); err != nil {
			return cursor, err
		}
	}
}

func (f *filling) session(ctx context.Context) (cursor Cursor, err error) {
	opened, err := f.driver.Open(ctx, f.job)
	if err != nil {
		return cursor, f.reopening(err)
	}
	defer func() { err = errors.Join(err, quietly(err, opened.Close())) }()
	session, ok := opened.(BatchSession)
	if !ok {
		return cursor, fmt.Errorf("driver %q has no batches", f.driver.Name())
	}
	batcher, err := session.Batches(ctx, f.key)
	if err != nil {
		return cursor, f.reopening(err)
	}
	defer func() { err = errors.Join(err, quietly(err, batcher.Close())) }()
	l := &lap{filling: f, Batcher: batcher, session: session}
	err = l.work(ctx)
	return l.cursor, err
}

// reopening: once batches have run, a server that cannot be reached is a lost
// connection; before, it is an error of the settings.
func (f *filling) reopening(err error) error {
	if f.figures.batches == 0 && f.figures.lost == 0 || errors.Is(err, ErrLost) || errors.Is(err, providers.ErrBlocked) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrLost, err)
}

// quietly drops the error of closing what has failed already.
func quietly(cause, closing error) error {
	if cause != nil {
		return nil
	}
	return closing
}

// lap is the work on one connection.
type lap struct {
	*filling
	Batcher
	session Session
	shape   Shape
	bound   Bound
	cursor  Cursor
}

// work goes over the table, as often as it needs.
func (l *lap) work(ctx context.Context) error {
	if err := l.measure(ctx); err != nil {
		return err
	}
	if err := l.record(); err != nil {
		return err
	}
	failpoint.Here("database: before a backfill's claim")
	if err := l.write(ctx, l.claim); err != nil {
		return err
	}
	failpoint.Here("database: after a backfill's claim")
	for {
		l.report.begin(l.cursor, l.shape.Rows)
		if err := l.pass(ctx); err != nil {
			return err
		}
		again, err := l.count(ctx)
		if err != nil {
			return err
		}
		if !again {
			failpoint.Here("database: before a backfill is finished")
			err := l.write(ctx, l.finish)
			failpoint.Here("database: after a backfill is finished")
			return err
		}
		l.say("%s left: going over %s again", rowsOf(l.left), l.spec.Table)
		if err := l.again(ctx); err != nil {
			return err
		}
	}
}

// measure reads the key's type and where the table ends.
func (l *lap) measure(ctx context.Context) (err error) {
	if l.shape, err = l.Shape(ctx, l.spec.Table, l.spec.Key); err != nil {
		return err
	}
	l.bound = l.Bind(l.statement, l.shape.KeyType)
	return nil
}

// record journals once that the effect begins.
func (f *filling) record() error {
	if f.recorded || f.request.Record == nil {
		return nil
	}
	f.recorded = true
	if err := f.request.Record(Facts{PID: os.Getpid()}); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// write changes the cursor in a transaction of its own.
func (l *lap) write(ctx context.Context, change func(context.Context, Cursors, Querier) error) error {
	return l.session.Write(ctx, func(_ Books, q Querier) error {
		cursors, err := l.Cursors(ctx, q)
		if err == nil {
			err = cursors.Prepare(ctx, q)
		}
		if err != nil {
			return err
		}
		return change(ctx, cursors, q)
	})
}

// claim makes the cursor this run's, where it stands or before the first key.
func (l *lap) claim(ctx context.Context, cursors Cursors, q Querier) error {
	found, there, err := cursors.Read(ctx, q, l.key, true)
	if err != nil {
		return err
	}
	fresh := Cursor{CursorKey: l.key, Definition: l.spec.Definition, Pass: 1, UpTo: l.shape.Last}
	fresh.Run, fresh.Plan, fresh.Actor = l.request.Run, l.request.Plan, l.request.Actor
	if !there || found.Definition != l.spec.Definition {
		l.cursor = fresh
		return cursors.Begin(ctx, q, fresh)
	}
	l.cursor = found
	l.cursor.Run, l.cursor.Plan, l.cursor.Actor = fresh.Run, fresh.Plan, fresh.Actor
	return cursors.Write(ctx, q, l.cursor)
}

// again begins another pass over the table as it is now.
func (l *lap) again(ctx context.Context) error {
	if err := l.measure(ctx); err != nil {
		return err
	}
	next := l.cursor
	next.Pass, next.LastKey, next.UpTo, next.Keys = next.Pass+1, nil, l.shape.Last, 0
	err := l.write(ctx, func(ctx context.Context, cursors Cursors, q Querier) error {
		if err := l.hold(ctx, cursors, q); err != nil {
			return err
		}
		return cursors.Write(ctx, q, next)
	})
	l.cursor = next
	return err
}

// hold keeps the cursor's row for q's transaction and makes sure that nobody
// has moved it: no batch runs twice.
func (l *lap) hold(ctx context.Context, cursors Cursors, q Querier) error {
	found, there, err := cursors.Read(ctx, q, l.key, true)
	switch {
	case err != nil:
		return err
	case !there:
		return errors.New("the backfill's cursor was deleted meanwhile; nothing more was changed")
	case !found.at(l.cursor):
		return fmt.Errorf("run %s has taken this backfill over at %s; nothing more was changed by this one", found.Run, found.place())
	}
	return nil
}

// pass goes on behind the cursor to the pass's last key. Rows whose keys came
// later are the matter of the code that wrote them.
func (l *lap) pass(ctx context.Context) error {
	for l.cursor.UpTo != nil {
		if err := l.ready(ctx); err != nil {
			return err
		}
		start := time.Now()
		more, err := l.batch(ctx)
		if errors.Is(err, ErrCrowded) && ctx.Err() == nil {
			if err := l.yield(ctx, err); err != nil {
				return err
			}
			continue
		}
		if err != nil || !more {
			return err
		}
		took := time.Since(start)
		l.pace.through(took)
		if err := l.wait(ctx, l.pace.rest(took)); err != nil {
			return err
		}
	}
	return nil
}

// batch changes the rows of the next keys and moves the cursor behind them in
// the same transaction. It reports whether there were any.
func (l *lap) batch(ctx context.Context) (more bool, err error) {
	span, err := l.Page(ctx, Page{
		Table: l.spec.Table, Key: l.spec.Key, KeyType: l.shape.KeyType,
		After: l.cursor.LastKey, UpTo: *l.cursor.UpTo, Size: l.pace.size,
	})
	if err != nil || span.Keys == 0 {
		return false, err
	}
	next := l.cursor
	next.LastKey, next.Keys, next.Batches = &span.To, next.Keys+span.Keys, next.Batches+1
	failpoint.Here("database: before a batch")
	err = l.Batch(ctx, l.limits(), func(ctx context.Context, q Querier) error {
		cursors, err := l.Cursors(ctx, q)
		if err != nil {
			return err
		}
		if err := l.hold(ctx, cursors, q); err != nil {
			return err
		}
		rows, err := l.change(ctx, q, span)
		if err != nil {
			return err
		}
		next.Rows = l.cursor.Rows + rows
		failpoint.Here("database: between a batch and its cursor")
		return cursors.Write(ctx, q, next)
	})
	failpoint.Here("database: after a batch")
	if err != nil {
		return false, fmt.Errorf("keys %s to %s: %w", span.From, span.To, err)
	}
	l.progressed(next)
	return true, nil
}

// change runs the update for one batch.
func (l *lap) change(ctx context.Context, q Querier, span Span) (int64, error) {
	text, args := l.bound(span)
	result, err := q.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, l.Describe(err, Place{File: l.spec.File, Line: l.spec.Line + l.statement.Line - 1, Text: text})
	}
	rows, err := result.RowsAffected()
	if err != nil {
		return 0, nil //nolint:nilerr // a driver that does not count; the rows changed all the same
	}
	return rows, nil
}

// finish says in the database that the backfill is done.
func (l *lap) finish(ctx context.Context, cursors Cursors, q Querier) error {
	if err := l.hold(ctx, cursors, q); err != nil {
		return err
	}
	l.cursor.Remaining = plans.RemainingDigest(l.spec.Remaining)
	return cursors.Finish(ctx, q, l.cursor)
}
