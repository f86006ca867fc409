package rollout

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// LatePlanner plans late steps once their targets are known, by the rules that
// the plan itself was made with, and compares them with the plan. It changes
// nothing.
type LatePlanner interface {
	PlanLate(ctx context.Context, late []providers.Request, outputs Outputs) (journal.Barrier, error)
}

// passBarrier plans what is known by now and was not when the plan was
// approved, before the first step that needs it begins. Each process does so
// anew: what is there is looked at, never remembered.
func (w *walk) passBarrier(ctx context.Context, step plans.Step) halt {
	if !bounded(step) || w.cfg.Late == nil {
		return halt{}
	}
	w.barrier.Lock()
	defer w.barrier.Unlock()
	if w.closed {
		return halt{kind: haltCut}
	}
	if w.passed[step.Address] {
		return halt{}
	}
	late, err := w.lateRequests(step)
	if err != nil {
		return w.failedBefore(step, err)
	}
	outputs := w.knownOutputs()
	found, err := w.cfg.Late.PlanLate(ctx, late, outputs)
	switch {
	case interrupted(ctx):
		return halt{kind: haltInterrupted}
	case err != nil:
		w.closed = true
		why := w.failedBefore(step, err)
		why.failure.blocked = errors.Is(err, providers.ErrBlocked)
		return why
	}
	if err := w.noteBarrier(found); err != nil {
		return halt{kind: haltFatal, err: err}
	}
	w.tell(Event{Kind: BarrierPlanned, Step: &step, Barrier: &found, Message: found.Words()})
	if len(found.Outside) > 0 {
		w.closed = true
		why := w.failedBefore(step, errors.New(strings.Join(found.Outside, "; ")))
		why.failure.outside, why.failure.Outside = true, found.Outside
		return why
	}
	for _, req := range late {
		w.passed[req.Step.Address] = true
	}
	return halt{}
}

// bounded reports whether a step's envelope is held against a plan of its own.
func bounded(step plans.Step) bool {
	return step.Late && step.Envelope != nil &&
		slices.Contains([]plans.Action{plans.ActionTerraform, plans.ActionMigrate, plans.ActionBackfill}, step.Action)
}

// lateRequests are those of all late steps that are left and can be planned
// with the first.
func (w *walk) lateRequests(first plans.Step) ([]providers.Request, error) {
	req, err := w.lookRequest(first)
	if err != nil {
		return nil, err
	}
	late := []providers.Request{req}
	for _, step := range w.plan.Steps {
		if step.Address == first.Address || !bounded(step) || w.passed[step.Address] || w.done(step.Address) {
			continue
		}
		if req, err := w.lookRequest(step); err == nil { // what is not known yet has a barrier of its own
			late = append(late, req)
		}
	}
	return late, nil
}

// lookRequest is a request that leaves what is open at the target alone.
func (w *walk) lookRequest(step plans.Step) (providers.Request, error) {
	req, err := w.requestWithout(step)
	req.Following, req.Ahead = nil, nil
	return req, err
}

// noteBarrier drops the steps when the record would be too large: the digest
// names them.
func (w *walk) noteBarrier(b journal.Barrier) error {
	err := w.note(journal.BarrierPlan, "", b)
	if errors.Is(err, journal.ErrTooLarge) {
		b.Steps, b.Found, b.Warnings = nil, nil, nil
		b.Outside = []string{clip(strings.Join(b.Outside, "; "))}
		err = w.note(journal.BarrierPlan, "", b)
	}
	return err
}
