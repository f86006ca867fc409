package rollout

import (
	"context"
	"errors"
	"fmt"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// asks stops the way back before a Terraform step whose undoing ends something
// that holds data, unless somebody has asked for the infrastructure by name.
// What it ends is looked at now: the run itself may have made it.
func (w *walk) asks(ctx context.Context, step plans.Step) *Failure {
	if step.Action != plans.ActionTerraform || w.named() {
		return nil
	}
	back, err := w.wayBackNow(ctx, step)
	switch {
	case interrupted(ctx):
		return nil // whoever takes it back notices
	case err != nil:
		back = &plans.TerraformWayBack{Hold: "what it would destroy could not be looked at (" + clip(err.Error()) + ")"}
	case back == nil || back.Automatic || !back.Exists():
		return nil // where there is none, the provider says so and changes nothing
	}
	return &Failure{
		Step: step.Address, Phase: step.Phase, Verdict: w.verdict(step), Held: back,
		Message: fmt.Sprintf("%s is not taken back by itself: %s", step.Address, back.Hold),
		Detail:  "it stays until somebody says what becomes of it",
	}
}

// named reports whether somebody asked for the infrastructure: who orders a
// rollback of a finished run has to.
func (w *walk) named() bool {
	how := w.cfg.Replayed.Rollback
	return w.cfg.Undoes.ID != "" || how != nil && how.Named
}

// verdict is how much of a step is there, as far as the journal tells.
func (w *walk) verdict(step plans.Step) providers.Verdict {
	if w.done(step.Address) {
		return providers.Done
	}
	return providers.Partial
}

// wayBackNow asks the provider; without the ability the plan has to do. What
// it says is journalled with the undoing.
func (w *walk) wayBackNow(ctx context.Context, step plans.Step) (*plans.TerraformWayBack, error) {
	provider, req, err := w.reach(step)
	if err != nil {
		return nil, err
	}
	teller, able := providers.As[providers.WayBacker](provider)
	if !able {
		return step.Rollback.Terraform, nil
	}
	bounded, done := bound(ctx, step)
	defer done()
	back, err := teller.WayBack(bounded, req)
	if err != nil {
		return nil, err
	}
	w.change(step.Address, func(s *journal.StepState) { s.Undo.WayBack = &back })
	return &back, nil
}

// TerraformWayBack is the latest that is known of a step's way back: what was
// measured after it ran, where the plan could not foresee it, else what the plan
// foresaw. A rollback measures it again before anything is taken back.
func TerraformWayBack(step plans.Step, s journal.StepState) *plans.TerraformWayBack {
	if s.Outcome.WayBack != nil {
		return s.Outcome.WayBack
	}
	return step.Rollback.Terraform
}

// hasNoWayBack reports whether a step cannot be taken back. What was measured
// after it ran counts for more than what the plan foresaw; where that found
// none, it is looked at again before anything changes.
func hasNoWayBack(step plans.Step, s journal.StepState) bool {
	return step.Rollback.Grade == plans.GradeNone && !s.Outcome.WayBack.Exists()
}

// lookBack plans the way back of what Terraform did before anything is taken
// back: one that there is not, or not any more, is known while all is as it was.
func (w *walk) lookBack(ctx context.Context, way []UndoStep) error {
	for _, u := range way {
		if u.Keep || u.Step.Action != plans.ActionTerraform || !w.done(u.Step.Address) {
			continue
		}
		back, err := w.wayBackNow(ctx, u.Step)
		if err == nil && back == nil || errors.Is(err, providers.ErrBlocked) {
			continue // the rollback itself waits for whoever is in the way, and says who
		}
		if err == nil && !back.Exists() {
			err = errors.New(back.Why)
		}
		if err != nil {
			return &RefusedError{
				Steps: []string{u.Step.Address + ": " + clip(err.Error())}, Reason: "the way back was planned, and there is none",
				Fix: "Mend what the message says and try again, or go forward with a new change set",
			}
		}
		w.tell(Event{Kind: StepProgress, Step: &u.Step, Message: "way back planned: " + back.Words()})
	}
	return nil
}
