package rollout

import (
	"context"
	"errors"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// tryBack tries the way back of the steps that a rollback on request is to
// undo, target by target, before the first of them is undone: a down file
// that fails is known while nothing has changed. The error is a *RefusedError
// when one fails.
func (w *walk) tryBack(ctx context.Context, way []UndoStep) error {
	for _, group := range w.triable(way) {
		if err := w.tryGroup(ctx, group); err != nil {
			return err
		}
	}
	return nil
}

// group is what is undone on one target, in that order.
type group struct {
	trier providers.Trier
	steps []plans.Step
}

// triable leaves targets out on which a step is in doubt: it is looked at
// first, and that is no trial.
func (w *walk) triable(way []UndoStep) []*group {
	byTarget := map[string]*group{}
	var groups []*group
	for _, u := range way {
		if u.Keep || !u.Step.Action.Effect() {
			continue
		}
		p, err := w.provider(u.Step)
		if err != nil {
			continue // the rollback itself says so
		}
		trier, ok := providers.As[providers.Trier](p)
		if !ok {
			continue
		}
		g := byTarget[u.Step.Target]
		if g == nil {
			g = &group{trier: trier}
			byTarget[u.Step.Target] = g
			groups = append(groups, g)
		}
		if w.state(u.Step.Address).Status != journal.StepDone {
			g.trier = nil
		}
		g.steps = append(g.steps, u.Step)
	}
	return groups
}

func (w *walk) tryGroup(ctx context.Context, g *group) error {
	if g.trier == nil {
		return nil
	}
	requests := make([]providers.Request, 0, len(g.steps))
	byAddress := map[string]plans.Step{}
	for _, step := range g.steps {
		req, err := w.request(step)
		if err != nil {
			return err
		}
		// Nothing happens, so there is nothing to journal.
		req.Record = func(any) error { return nil }
		requests = append(requests, req)
		byAddress[step.Address] = step
	}
	trials, err := g.trier.TryRollback(ctx, requests)
	if errors.Is(err, providers.ErrBlocked) {
		return nil // the rollback itself waits for whoever is in the way, and says who
	}
	if err != nil {
		return &RefusedError{
			Reason: "the way back was tried and fails: " + err.Error(),
			Fix:    "Mend what the message says and try again, or go forward with a new change set",
		}
	}
	for _, trial := range trials {
		step := byAddress[trial.Address]
		said := "tried and taken back: the way back ends well"
		switch {
		case trial.Untried != "":
			said = "not tried: " + trial.Untried
		case trial.Checked != "":
			said = "tried and taken back: " + trial.Checked + ", and the rest of the way back ends well"
		}
		w.tell(Event{Kind: StepProgress, Step: &step, Message: said})
	}
	return nil
}
