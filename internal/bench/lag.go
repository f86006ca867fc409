package main

import (
	"context"
	"fmt"
	"time"
)

// lagEvery is how often the replica is looked at.
const lagEvery = 50 * time.Millisecond

// position is how far the server had written its log at a moment, in bytes
// since the beginning of the log.
type position struct {
	at      time.Time
	written int64
}

// lagHistory are positions in the order of time.
type lagHistory []position

// behind is how long ago the oldest write was that a replica, which has
// replayed so far, does not have; zero when it has all that was seen.
func (h lagHistory) behind(now time.Time, replayed int64) time.Duration {
	for _, p := range h {
		if p.written > replayed {
			return now.Sub(p.at)
		}
	}
	return 0
}

// lagWatch looks at the replica until it is stopped.
type lagWatch struct {
	stop chan struct{}
	done chan struct{}
	// Read after the end.
	longest time.Duration
	bytes   int64
	err     error
}

func (s *server) watchLag(ctx context.Context) *lagWatch {
	w := &lagWatch{stop: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(w.done)
		w.err = w.follow(ctx, s)
	}()
	return w
}

func (w *lagWatch) follow(ctx context.Context, s *server) error {
	tick := time.NewTicker(lagEvery)
	defer tick.Stop()
	var history lagHistory
	for {
		written, replayed, err := s.positions(ctx)
		if err != nil {
			return err
		}
		now := time.Now()
		// What the replica has is never asked for again.
		for len(history) > 0 && history[0].written <= replayed {
			history = history[1:]
		}
		history = append(history, position{now, written})
		w.longest = max(w.longest, history.behind(now, replayed))
		w.bytes = max(w.bytes, written-replayed)
		select {
		case <-w.stop:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// end stops the watch and returns the longest lag and the most bytes behind.
func (w *lagWatch) end() (time.Duration, int64, error) {
	close(w.stop)
	<-w.done
	return w.longest, w.bytes, w.err
}

// positions are how far the server has written and its only replica replayed.
func (s *server) positions(ctx context.Context) (written, replayed int64, err error) {
	err = s.admin.QueryRowContext(ctx, `SELECT pg_current_wal_lsn() - '0/0'::pg_lsn, coalesce(replay_lsn, '0/0') - '0/0'::pg_lsn
		FROM pg_stat_replication WHERE state IN ('streaming', 'catchup')`).Scan(&written, &replayed)
	if err != nil {
		return 0, 0, fmt.Errorf("look at the replica: %w", err)
	}
	return written, replayed, nil
}

// caughtUp waits until the replica has everything that was written so far.
func (s *server) caughtUp(ctx context.Context) (time.Duration, error) {
	start := time.Now()
	goal, _, err := s.positions(ctx)
	for err == nil {
		var replayed int64
		if _, replayed, err = s.positions(ctx); err == nil && replayed >= goal {
			return time.Since(start), nil
		}
		if err == nil {
			err = pause(ctx, lagEvery)
		}
	}
	return 0, err
}
