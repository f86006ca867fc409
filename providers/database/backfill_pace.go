package database

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// pace is how large batches are and how long it rests between them, so that
// applications breathe: it works for four fifths of the time.
type pace struct {
	size, most int
	target     time.Duration
	failed     int       // tries since the last batch that got through
	since      time.Time // when that was, or the first try
}

const (
	firstBatch = 100 // keys; the size doubles from there as long as batches are short
	// restShare of a batch's time is the pause behind it.
	restShare = 4
)

func newPace(spec plans.Backfill) pace {
	most := max(spec.Batch, 1)
	return pace{size: min(firstBatch, most), most: most, target: max(time.Duration(spec.BatchDuration), time.Millisecond), since: time.Now()}
}

// through adapts the size to how long a batch took, at most by half or twice.
func (p *pace) through(took time.Duration) {
	factor := float64(p.target) / float64(max(took, time.Microsecond))
	p.size = min(max(int(float64(p.size)*min(max(factor, 0.5), 2)), 1), p.most)
	p.failed, p.since = 0, time.Now()
}

func (p *pace) rest(took time.Duration) time.Duration { return took / restShare }

// retry halves the size and returns the pause before the next try.
func (p *pace) retry() time.Duration {
	p.size = max(p.size/2, 1)
	p.failed++
	pause := min(50*time.Millisecond<<min(p.failed, 6), 2*time.Second)
	return pause/2 + rand.N(pause)
}

func (p *pace) exhausted(patience time.Duration) bool { return time.Since(p.since) > patience }

// limits: a batch that waits for a row keeps the rows that it has changed from
// others, so it waits no longer than it may take. One that takes far too long
// is undone and tried smaller.
func (f *filling) limits() Limits {
	const leeway, least = 10, 10 * time.Second
	return Limits{
		Lock:      min(f.job.Target.LockTimeout, f.pace.target),
		Statement: min(f.job.Target.StatementTimeout, max(leeway*f.pace.target, least)),
	}
}

// yield steps back from a batch that others were in the way of.
func (f *filling) yield(ctx context.Context, cause error) error {
	f.figures.crowded++
	if f.pace.exhausted(f.job.Patience) {
		return fmt.Errorf("%w: no batch got through for %s: %w", providers.ErrBlocked, f.job.Patience, cause)
	}
	size := f.pace.size
	pause := f.pace.retry()
	if f.pace.failed == 1 || f.pace.failed%10 == 0 {
		f.say("%s; again in %s with %d keys instead of %d", firstLine(cause), pause.Round(10*time.Millisecond), f.pace.size, size)
	}
	return f.wait(ctx, pause)
}

// stopEvery is how often a wait looks whether it should end.
const stopEvery = 100 * time.Millisecond

// wait pauses; a request to stop ends it.
func (f *filling) wait(ctx context.Context, pause time.Duration) error {
	for end := time.Now().Add(pause); ; {
		left := time.Until(end)
		if left <= 0 {
			return ctx.Err()
		}
		if err := f.stopped(); err != nil {
			return err
		}
		timer := time.NewTimer(min(left, stopEvery))
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

func (f *filling) stopped() error {
	if f.request.Stopping == nil || !f.request.Stopping() {
		return nil
	}
	return fmt.Errorf("%w between two batches; it goes on behind the last one", providers.ErrStopped)
}

// ready is asked before each batch: nobody wants it to stop, and the replicas
// keep up.
func (l *lap) ready(ctx context.Context) error {
	if err := errors.Join(ctx.Err(), l.stopped()); err != nil {
		return err
	}
	return l.letReplicasCatchUp(ctx)
}
