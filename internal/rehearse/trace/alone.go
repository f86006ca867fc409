package trace

import (
	"context"
	"errors"
	"fmt"
	"time"
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
	seen, took, failure := t.watch(ctx, text, before)
	after, err := t.settled(ctx)
	if err != nil {
		return Measured{Took: took}, errors.Join(failure, err)
	}
	events, err := t.takeEvents(ctx)
	if err != nil {
		return Measured{Took: took}, errors.Join(failure, err)
	}
	c := change{before: before, after: after, events: events, hidden: func(int64) bool { return false }}
	measured := c.measured(seen, held{})
	measured.Took = took
	measured.Unseen = append([]string{"locks that the statement takes and lets go between two waits"}, t.unseen...)
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

// watch runs the statement and collects its locks while it waits.
func (t *Tracer) watch(ctx context.Context, text string, before catalog) (held, time.Duration, error) {
	way, err := t.stand(ctx, before, held{})
	if err != nil {
		return nil, 0, err
	}
	start := time.Now()
	done := make(chan error, 1)
	go func() {
		_, err := t.worker.ExecContext(ctx, text)
		done <- err
	}()
	seen := held{}
	for {
		next, err := t.glance(ctx, before, way, seen)
		way = next
		if err != nil {
			return seen, time.Since(start), errors.Join(err, way.leave(), <-done)
		}
		select {
		case err := <-done:
			return seen, time.Since(start), errors.Join(err, way.leave())
		case <-time.After(pause):
		}
	}
}

// glance looks whether the statement waits for who stands in its way. If so, it
// adds what is locked to what was seen, and another takes the place, so that
// the next wait is seen as well. What is locked between two waits is not looked
// for: it would be found on one day and missed on the next.
func (t *Tracer) glance(ctx context.Context, before catalog, way *obstacle, seen held) (*obstacle, error) {
	blocked, err := t.blockedBy(ctx, way)
	if err != nil || !blocked {
		return way, err
	}
	now, err := t.readLocks(ctx)
	if err != nil {
		return way, err
	}
	for oid, m := range now {
		seen[oid] |= m
	}
	next, err := t.stand(ctx, before, now)
	return next, errors.Join(err, way.leave())
}

// blockedBy reports whether the worker waits for the obstacle.
func (t *Tracer) blockedBy(ctx context.Context, way *obstacle) (bool, error) {
	if way == nil {
		return false, nil
	}
	var blocked bool
	query := fmt.Sprintf("SELECT %d = ANY (pg_catalog.pg_blocking_pids(%d))", way.pid, t.pid)
	if err := t.observer.QueryRowContext(ctx, query).Scan(&blocked); err != nil {
		return false, fmt.Errorf("see whether the statement waits: %w", err)
	}
	return blocked, nil
}
