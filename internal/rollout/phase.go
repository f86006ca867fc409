package rollout

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/plans"
)

// requestEvery is how often other processes' requests are looked for while
// steps run.
const requestEvery = time.Second

// haltKind says why no further step is started; a greater one wins.
type haltKind int

const (
	goOn    haltKind = iota
	haltCut          // a check or bake was cut because something else stops the run
	haltWaiting
	haltPaused
	haltInterrupted
	haltAborted
	haltFailed
	haltFatal
)

type halt struct {
	kind    haltKind
	failure *Failure
	waiting string
	until   time.Time
	err     error
}

func worse(a, b halt) halt {
	if b.kind > a.kind {
		return b
	}
	return a
}

// ending is what a step's goroutine hands back.
type ending struct {
	step plans.Step
	halt halt
}

// crew is the steps that run at this moment.
type crew struct {
	ready   *ready
	running map[string]bool
	targets map[string]bool
	results chan ending
}

// phase runs the phase's steps until all are done or something stops it; it
// returns when no step runs any more.
func (w *walk) phase(ctx context.Context, phase plans.Phase) halt {
	watch, quiet := context.WithCancel(ctx)
	defer quiet()
	c := crew{
		ready: w.readyIn(phase), running: map[string]bool{}, targets: map[string]bool{}, results: make(chan ending, w.cfg.Parallelism),
	}
	var poll <-chan time.Time
	if w.cfg.Requests != nil {
		ticker := time.NewTicker(requestEvery)
		defer ticker.Stop()
		poll = ticker.C
	}
	stop, cancelled := w.cfg.Stop, ctx.Done()
	var why halt
	for {
		if why = worse(why, w.boundary(ctx)); why.kind == goOn {
			w.startReady(ctx, watch, &c)
		} else {
			quiet() // checks and bakes change nothing; effects run to their end
			w.sendNoMore()
		}
		w.letGo(w.inUse(c.targets, why))
		if len(c.running) == 0 {
			return w.afterPhase(ctx, why)
		}
		select {
		case e := <-c.results:
			why = worse(why, w.ended(&c, e))
		case <-poll:
		case <-stop:
			stop = nil
		case <-cancelled:
			cancelled = nil
		}
	}
}

// ended notes the end of a step.
func (w *walk) ended(c *crew, e ending) halt {
	delete(c.running, e.step.Address)
	delete(c.targets, e.step.Target)
	if w.done(e.step.Address) {
		c.ready.done(e.step.Address)
	}
	return e.halt
}

// afterPhase takes back what was announced and did not begin.
func (w *walk) afterPhase(ctx context.Context, why halt) halt {
	w.letAllGo()
	if why.kind == haltFatal {
		return why
	}
	if why = worse(why, w.lookAhead(ctx)); why.kind == haltFatal {
		return why
	}
	if err := w.withdraw(); err != nil {
		return halt{kind: haltFatal, err: err}
	}
	return why
}

// boundary is asked before each step.
func (w *walk) boundary(ctx context.Context) halt {
	if w.stopped() || ctx.Err() != nil {
		return halt{kind: haltInterrupted}
	}
	switch w.takeRequest() {
	case journal.RequestPause:
		return halt{kind: haltPaused}
	case journal.RequestAbort:
		return halt{kind: haltAborted}
	}
	return halt{}
}

// startReady starts what may run now, in the plan's order.
func (w *walk) startReady(ctx, watch context.Context, c *crew) {
	for len(c.running) < w.cfg.Parallelism {
		step, ok := c.ready.take(c.targets)
		if !ok {
			return
		}
		c.running[step.Address] = true
		if step.Target != "" {
			c.targets[step.Target] = true
		}
		go func() { c.results <- ending{step: step, halt: w.carryOut(ctx, watch, step)} }()
	}
}

func (w *walk) carryOut(ctx, watch context.Context, step plans.Step) halt {
	if why := w.passBarrier(ctx, step); why.kind != goOn {
		return w.ending(step, why)
	}
	w.change(step.Address, func(s *journal.StepState) { s.Attempt++; s.Started = time.Now() })
	w.tell(Event{Kind: StepStarted, Step: &step, Message: step.Summary})
	var why halt
	switch step.Action {
	case plans.ActionCheck:
		why = w.check(watch, step)
	case plans.ActionBake:
		why = w.bake(watch, step)
	default:
		why = w.effect(ctx, step)
	}
	return w.ending(step, why)
}

// ending tells of a failure.
func (w *walk) ending(step plans.Step, why halt) halt {
	if why.kind == haltFailed {
		w.change(step.Address, func(s *journal.StepState) { s.Status = journal.StepFailed })
		w.tell(Event{Kind: StepFailed, Step: &step, Message: why.failure.Message, Took: w.took(step)})
	}
	return why
}

// took is 0 for what an earlier process did.
func (w *walk) took(step plans.Step) time.Duration {
	started := w.state(step.Address).Started
	if started.IsZero() {
		return 0
	}
	return time.Since(started)
}

// phases walks the phases that are left.
func (w *walk) phases(ctx context.Context) (plans.Phase, halt) {
	for _, phase := range plans.Phases() {
		if w.phaseDone(phase) {
			if w.reached(phase) {
				return phase, untilReached(phase)
			}
			continue
		}
		if w.hasSteps(phase) {
			if err := w.note(journal.PhaseBegin, "", journal.PhaseMark{Phase: phase}); err != nil {
				return phase, halt{kind: haltFatal, err: err}
			}
			w.tell(Event{Kind: PhaseStarted, Phase: phase})
			if why := w.phase(ctx, phase); why.kind != goOn {
				return phase, why
			}
		}
		if err := w.note(journal.PhaseDone, "", journal.PhaseMark{Phase: phase}); err != nil {
			return phase, halt{kind: haltFatal, err: err}
		}
		if w.reached(phase) {
			return phase, untilReached(phase)
		}
	}
	return "", halt{}
}

func (w *walk) reached(phase plans.Phase) bool {
	return phase == w.cfg.Until && w.hasStepsAfter(phase)
}

func untilReached(phase plans.Phase) halt {
	return halt{kind: haltPaused, err: fmt.Errorf("stopped after phase %s, as asked", phase)}
}

func (w *walk) hasSteps(phase plans.Phase) bool {
	return slices.ContainsFunc(w.plan.Steps, func(s plans.Step) bool { return s.Phase == phase })
}

func (w *walk) hasStepsAfter(phase plans.Phase) bool {
	return slices.ContainsFunc(w.plan.Steps, func(s plans.Step) bool { return phase.Before(s.Phase) })
}

// phaseDone is true for a phase that was journalled as done and still is: a
// decision of a person can reopen a step.
func (w *walk) phaseDone(phase plans.Phase) bool {
	if _, ok := w.cfg.Replayed.PhaseDone[phase]; !ok {
		return false
	}
	return !slices.ContainsFunc(w.plan.Steps, func(s plans.Step) bool {
		return s.Phase == phase && !w.done(s.Address)
	})
}
