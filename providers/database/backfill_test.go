package database

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// plainDriver can do everything but backfills; nothing else of it is called.
type plainDriver struct{ Driver }

func (plainDriver) Name() string { return "oracle" }

func TestADriverWithoutBackfillsRefusesThemAtPlanTime(t *testing.T) {
	t.Parallel()
	p := New(plainDriver{})
	for _, late := range []bool{false, true} {
		_, err := p.Observe(t.Context(), providers.ObserveRequest{Address: "backfill.ids", Late: late})
		if err == nil || !strings.Contains(err.Error(), `driver "oracle" cannot carry out backfills in this version; write the update as a migration`) {
			t.Errorf("late %v: %v", late, err)
		}
	}
	req := providers.Request{Step: plans.Step{Address: "backfill.ids", Action: plans.ActionBackfill, Backfill: &plans.Backfill{}}}
	if _, err := p.Apply(t.Context(), req); err == nil {
		t.Error("applied")
	}
}

// However long batches take, their size stays in its bounds and moves towards
// the duration that is wanted.
func TestPaceAdapts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(1, 100_000).Draw(t, "most")
		p := newPace(plans.Backfill{Batch: most, BatchDuration: plans.Duration(500 * time.Millisecond)})
		for _, took := range rapid.SliceOf(rapid.Int64Range(0, int64(time.Minute))).Draw(t, "took") {
			before := p.size
			p.through(time.Duration(took))
			switch {
			case p.size < 1 || p.size > most:
				t.Fatalf("size %d of at most %d", p.size, most)
			case time.Duration(took) > p.target && p.size > before, time.Duration(took) < p.target && p.size < before:
				t.Fatalf("a batch of %d keys took %s, the next has %d", before, time.Duration(took), p.size)
			}
		}
	})
}

func TestPaceFindsTheSizeOfAConstantRate(t *testing.T) {
	t.Parallel()
	p := newPace(plans.Backfill{Batch: 100_000, BatchDuration: plans.Duration(500 * time.Millisecond)})
	for range 20 {
		p.through(time.Duration(p.size) * 100 * time.Microsecond) // 10,000 keys a second
	}
	if p.size < 4900 || p.size > 5100 {
		t.Errorf("%d keys, expected 5,000", p.size)
	}
	if p.rest(500*time.Millisecond) != 125*time.Millisecond {
		t.Errorf("rests %s", p.rest(500*time.Millisecond))
	}
	small := p.size
	p.retry()
	if p.size != small/2 {
		t.Errorf("%d keys after others were in the way of %d", p.size, small)
	}
}

func TestAWaitEndsWhenAskedTo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Bool
		f := &filling{request: providers.Request{Stopping: asked.Load}}
		begun := time.Now()
		go func() {
			time.Sleep(time.Second)
			asked.Store(true)
		}()
		if err := f.wait(t.Context(), time.Hour); !errors.Is(err, providers.ErrStopped) || time.Since(begun) > time.Minute {
			t.Errorf("after %s: %v", time.Since(begun), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		asked.Store(false)
		if err := f.wait(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
}

// replicated is a Batcher of which only the lag is asked.
type replicated struct {
	Batcher
	lags []time.Duration
}

func (r *replicated) Lag(context.Context) (Lag, error) {
	lag := Lag{Replicas: 1, Worst: r.lags[0], Replica: "north"}
	if len(r.lags) > 1 {
		r.lags = r.lags[1:]
	}
	return lag, nil
}

func TestItHoldsWhileAReplicaIsBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var said []string
		f := &filling{spec: plans.Backfill{MaxLag: plans.Duration(5 * time.Second)}}
		f.request.Progress = func(line string) { said = append(said, line) }
		l := &lap{filling: f, Batcher: &replicated{lags: []time.Duration{time.Second, 9 * time.Second, 70 * time.Second, 6 * time.Second, 5 * time.Second}}}
		time.Sleep(time.Hour)
		if err := l.ready(t.Context()); err != nil || len(said) != 0 {
			t.Fatalf("%v %q", err, said)
		}
		time.Sleep(lagEvery)
		if err := l.ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(said) != 2 || said[0] != "holding: replica north is 9s behind, max_lag is 5s" || said[1] != "going on: the replicas have caught up after 3s" {
			t.Errorf("%q", said)
		}
		if f.figures.held != 3*time.Second {
			t.Errorf("held for %s", f.figures.held)
		}
	})
}

func TestProgressLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &lap{filling: &filling{}}
		l.report.begin(Cursor{Keys: 1000}, &plans.RowEstimate{Count: 10_000, Source: "assumed"})
		time.Sleep(2 * time.Second)
		if got := l.line(Cursor{Keys: 3000, Pass: 1}); got != "3,000 of about 10,000 rows (30 %), 1,000 rows/s, about 7s left" {
			t.Errorf("%q", got)
		}
		l.replicas.lag = Lag{Replicas: 1, Worst: 1300 * time.Millisecond}
		if got := l.line(Cursor{Keys: 12_000, Pass: 2}); got != "12,000 of about 10,000 rows (100 %), pass 2, 5,500 rows/s, lag 1.3s" {
			t.Errorf("%q", got)
		}
		l.report.begin(Cursor{}, nil)
		if got := l.line(Cursor{Keys: 5, Pass: 1}); !strings.HasPrefix(got, "5 rows, ") {
			t.Errorf("%q", got)
		}
	})
}

func TestCursorsNumberTheirParameters(t *testing.T) {
	t.Parallel()
	c := Cursors{Table: "t", Now: "now()", ReadTime: "iso({column})", Placeholder: func(n int) string { return fmt.Sprintf("$%d", n) }}
	got := c.query(`UPDATE {table} SET a = ?, b = {now} WHERE c = ? AND {finished} = ?`)
	if got != "UPDATE t SET a = $1, b = now() WHERE c = $2 AND iso(finished_at) = $3" {
		t.Errorf("%q", got)
	}
}
