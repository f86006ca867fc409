package rollout

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/plans"
)

const (
	// defaultInterval is the tick of a bake without checks.
	defaultInterval = 5 * time.Second
	// gapIntervals is how many intervals may pass between two samples for the
	// time between them to count.
	gapIntervals = 3
	// A bake is journalled at a 500th of its length, within these bounds: a
	// crash loses at most that much, and a week does not fill the disk.
	bakeParts      = 500
	bakeNoteAtMost = 10 * time.Minute
	// A bake tells how far it is at every hundredth of its length, but not
	// more than once a second.
	bakeTicks     = 100
	bakeTickLeast = time.Second
)

// carryOver is what an earlier process's bake is worth now. A run that waits
// on purpose goes on by the journal's clock; any other gap does not count.
func carryOver(b journal.BakeState, past journal.Run) journal.BakeState {
	if past.State != journal.Waiting {
		return b
	}
	waited := min(max(time.Since(b.At), 0), time.Duration(b.Of-b.Elapsed))
	b.Elapsed += plans.Duration(waited)
	b.Unsampled += plans.Duration(waited)
	return b
}

// baking is one bake step at work.
type baking struct {
	walk     *walk
	step     plans.Step
	probes   []*bakeProbe
	interval time.Duration
	progress journal.Bake
	last     time.Time // the last tick
	noted    time.Time
	begun    time.Time
	closing  bool // its time is over and every check is looked at once more
}

// bakeProbe is one check of a bake.
type bakeProbe struct {
	address string
	check   Check
	due     time.Time
	bad     int
	last    Sample
}

// bake keeps sampling the step's checks until they were green for its time.
func (w *walk) bake(ctx context.Context, step plans.Step) halt {
	b, err := w.newBaking(step)
	if err != nil {
		return w.failedBefore(step, err)
	}
	defer b.spend()
	for {
		failed := b.sample(ctx)
		if ctx.Err() != nil {
			return b.interrupted()
		}
		b.count()
		over := time.Duration(b.progress.Elapsed) >= time.Duration(step.Bake)
		if failed == nil && over && !b.closing {
			b.close()
			continue
		}
		if failed == nil && over && b.green() {
			return w.concluded(step, journal.Verdict{
				Status: journal.VerdictPass, Message: b.summary(), Took: plans.Duration(time.Since(b.begun)),
			})
		}
		if err := b.note(failed != nil); err != nil {
			return halt{kind: haltFatal, err: err}
		}
		if failed != nil {
			return w.concluded(step, *failed)
		}
		left, bounded := w.allowance(b)
		if bounded && left <= 0 {
			return b.wait()
		}
		sleep(ctx, b.pause(left, bounded))
	}
}

func (w *walk) newBaking(step plans.Step) (*baking, error) {
	now := time.Now()
	b := &baking{walk: w, step: step, begun: now, last: now}
	w.mu.Lock()
	b.progress = w.bakes[step.Address].Bake
	w.mu.Unlock()
	b.progress.Of = step.Bake
	outputs := w.knownOutputs()
	for _, address := range step.Checks {
		check, err := w.cfg.Resolver.Check(address, outputs)
		if err != nil {
			return nil, fmt.Errorf("check %s: %w", address, err)
		}
		b.probes = append(b.probes, &bakeProbe{address: address, check: check, due: now})
		b.interval = max(b.interval, check.Interval())
	}
	if b.interval <= 0 {
		b.interval = defaultInterval
	}
	return b, nil
}

// sample looks at the checks that are due and returns a verdict when one has
// failed often enough in a row.
func (b *baking) sample(ctx context.Context) *journal.Verdict {
	for _, p := range b.probes {
		if time.Now().Before(p.due) {
			continue
		}
		s := p.check.Sample(ctx)
		if ctx.Err() != nil {
			return nil
		}
		p.due = time.Now().Add(max(p.check.Interval(), time.Millisecond))
		p.last = s
		b.walk.tell(Event{Kind: CheckSampled, Step: &b.step, Check: p.address, Sample: &s, Message: s.Message})
		if s.Green {
			p.bad = 0
			continue
		}
		if p.bad++; p.bad >= max(p.check.FailureThreshold(), 1) {
			return &journal.Verdict{
				Status: journal.VerdictFail, Check: p.address, Evidence: s.Evidence,
				Message: fmt.Sprintf("%s failed %d of %d in a row after %s of %s: %s", p.address, p.bad,
					p.bad, time.Duration(b.progress.Elapsed).Round(time.Second), time.Duration(b.step.Bake), s.Message),
			}
		}
	}
	return nil
}

// count adds the time since the last tick, unless nobody looked for too long
// (the machine slept).
func (b *baking) count() {
	now := time.Now()
	if gap := now.Sub(b.last); gap <= gapIntervals*b.interval {
		b.progress.Elapsed += plans.Duration(gap)
		b.progress.Message = ""
	} else {
		b.progress.Message = fmt.Sprintf("%s without a sample do not count", gap.Round(time.Second))
	}
	b.last = now
	progress := b.progress
	b.walk.tell(Event{Kind: BakeProgressed, Step: &b.step, Bake: &progress, Message: b.progress.Message})
}

// close makes checks due that were not just looked at: what was green an
// interval ago is not known to be green at the end.
func (b *baking) close() {
	b.closing = true
	for _, p := range b.probes {
		if time.Since(p.last.At) >= bakeTickLeast {
			p.due = time.Now()
		}
	}
}

func (b *baking) green() bool {
	for _, p := range b.probes {
		if !p.last.Green {
			return false
		}
	}
	return true
}

// note journals how far the bake is, when it is time or when it must be.
func (b *baking) note(must bool) error {
	every := min(max(time.Duration(b.step.Bake)/bakeParts, defaultInterval), bakeNoteAtMost)
	if !must && !b.noted.IsZero() && time.Since(b.noted) < every {
		return nil
	}
	b.noted = time.Now()
	if err := b.walk.note(journal.BakeProgress, b.step.Address, b.progress); err != nil {
		return err
	}
	b.walk.mu.Lock()
	b.walk.bakes[b.step.Address] = journal.BakeState{Bake: b.progress, At: b.noted}
	b.walk.mu.Unlock()
	return nil
}

// allowance is how long this process still waits, if that is bounded.
func (w *walk) allowance(b *baking) (time.Duration, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cfg.Wait < 0 {
		return 0, false
	}
	return w.waitLeft - time.Since(b.begun), true
}

// pause is the time to the next tick: a check that is due, the end of the
// bake or of the allowance.
func (b *baking) pause(left time.Duration, bounded bool) time.Duration {
	next := min(b.interval, max(time.Duration(b.step.Bake)/bakeTicks, bakeTickLeast))
	for _, p := range b.probes {
		next = min(next, time.Until(p.due))
	}
	if rest := time.Duration(b.step.Bake - b.progress.Elapsed); rest > 0 {
		next = min(next, rest)
	}
	if bounded {
		next = min(next, left)
	}
	return max(next, time.Millisecond)
}

func (b *baking) wait() halt {
	if err := b.note(true); err != nil {
		return halt{kind: haltFatal, err: err}
	}
	until := time.Now().Add(max(time.Duration(b.step.Bake-b.progress.Elapsed), 0))
	b.walk.tell(Event{Kind: RunWaiting, Step: &b.step, Until: until})
	return halt{kind: haltWaiting, waiting: b.step.Address, until: until}
}

func (b *baking) interrupted() halt {
	if err := b.note(true); err != nil {
		return halt{kind: haltFatal, err: err}
	}
	return halt{kind: haltCut}
}

// spend takes the time waited from what later bakes may wait.
func (b *baking) spend() {
	b.walk.mu.Lock()
	defer b.walk.mu.Unlock()
	b.walk.waitLeft = max(b.walk.waitLeft-time.Since(b.begun), 0)
}

func (b *baking) summary() string {
	var names []string
	for _, p := range b.probes {
		names = append(names, p.address)
	}
	text := fmt.Sprintf("green for %s", time.Duration(b.step.Bake))
	if len(names) > 0 {
		text += ": " + strings.Join(names, ", ")
	}
	if b.progress.Unsampled > 0 {
		text += fmt.Sprintf(" (%s of it waiting without a sample)", time.Duration(b.progress.Unsampled).Round(time.Second))
	}
	return text
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
