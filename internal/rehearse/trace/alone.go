package trace

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lib/pq"
)

// pause is how long the observer rests between two looks at a statement that
// waits for nothing.
const pause = time.Millisecond

// Alone runs a statement that no transaction can hold (CREATE INDEX
// CONCURRENTLY, VACUUM, ...). It is over before anybody can look, so others
// stand in its way: sessions that lock and read every table, one after the
// other, each until the statement is seen waiting for it. What it then holds
// and waits for is what is reported. What the statement did stays done.
//
// The error is the server's as it came; what was seen until then is returned.
func (t *Tracer) Alone(ctx context.Context, text string) (Measured, error) {
	if t.transaction != nil {
		return Measured{}, errors.New("a traced transaction is open: a statement that runs alone would be part of it")
	}
	before, err := t.settled(ctx)
	if err != nil {
		return Measured{}, err
	}
	w := &watch{tracer: t, before: before, seen: held{}}
	took, failure := w.run(ctx, text)
	after, err := t.settled(ctx)
	if err != nil {
		return Measured{Took: took}, errors.Join(failure, err)
	}
	events, err := t.takeEvents(ctx)
	if err != nil {
		return Measured{Took: took}, errors.Join(failure, err)
	}
	c := change{before: before, after: after, events: events, hidden: func(int64) bool { return false }}
	measured := c.measured(w.seen, held{})
	measured.Took = took
	code, hidden := codeOf(text, nil, nil)
	measured.Code, measured.Unseen = code, slices.Concat(w.unseen(), t.unseen, hidden)
	if t.version < 150000 {
		measured.Scans = nil
		measured.Unseen = append(measured.Unseen, "scans of a statement that runs alone: before PostgreSQL 15 a session cannot be made to report them at once")
	}
	return measured, failure
}

// settled reads the catalog with counters that hold all that was done before.
func (t *Tracer) settled(ctx context.Context) (catalog, error) {
	if t.version >= 150000 {
		if _, err := t.worker.ExecContext(ctx, "SELECT pg_catalog.pg_stat_force_next_flush()"); err != nil {
			return nil, fmt.Errorf("report the counters of scans: %w", err)
		}
	}
	found, _, err := t.readCatalog(ctx, reported)
	return found, err
}

// watch collects the locks of a statement that runs alone.
type watch struct {
	tracer *Tracer
	before catalog
	way    *obstacle // what the statement has to pass now; nil when nothing
	seen   held
	gap    string // why nobody could stand in the way once
}

// unseen says what a watch misses.
func (w *watch) unseen() []string {
	found := []string{"locks that the statement takes and lets go between two waits"}
	if w.gap != "" {
		found = append(found, "further locks: the statement could not be made to wait: "+w.gap)
	}
	return found
}

// run runs the statement and looks on until it is done.
func (w *watch) run(ctx context.Context, text string) (time.Duration, error) {
	if err := w.obstruct(ctx, held{}); err != nil {
		return 0, err
	}
	start := time.Now()
	done := make(chan error, 1)
	go func() {
		_, err := w.tracer.worker.ExecContext(ctx, text)
		done <- err
	}()
	for {
		if err := w.glance(ctx); err != nil {
			left := w.way.leave()
			return time.Since(start), errors.Join(err, left, <-done)
		}
		select {
		case err := <-done:
			return time.Since(start), errors.Join(err, w.way.leave())
		case <-time.After(pause):
		}
	}
}

// glance looks whether the statement waits for who stands in its way. If so, it
// adds what is locked to what was seen, and another takes the place, so that
// the next wait is seen as well. What is locked between two waits is not looked
// for: it would be found on one day and missed on the next.
func (w *watch) glance(ctx context.Context) error {
	blocked, err := w.blocked(ctx)
	if err != nil || !blocked {
		return err
	}
	now, err := w.tracer.readLocks(ctx)
	if err != nil {
		return err
	}
	for oid, m := range now {
		w.seen[oid] |= m
	}
	passed := w.way
	return errors.Join(w.obstruct(ctx, now), passed.leave())
}

// blocked reports whether the worker waits for the obstacle.
func (w *watch) blocked(ctx context.Context) (bool, error) {
	if w.way == nil {
		return false, nil
	}
	var blocked bool
	query := fmt.Sprintf("SELECT %d = ANY (pg_catalog.pg_blocking_pids(%d))", w.way.pid, w.tracer.pid)
	if err := w.tracer.observer.QueryRowContext(ctx, query).Scan(&blocked); err != nil {
		return false, fmt.Errorf("see whether the statement waits: %w", err)
	}
	return blocked, nil
}

// obstruct puts the next obstacle in the way. One that the server refuses (a
// lock that others hold, a full lock table, a table that may not be read) costs
// sight and is no failure.
func (w *watch) obstruct(ctx context.Context, taken held) (err error) {
	w.way, err = w.tracer.stand(ctx, w.before, taken)
	var refused *pq.Error
	if errors.As(err, &refused) {
		w.gap = refused.Message
		return nil
	}
	return err
}
