package rollout

import (
	"context"
	"errors"
	"fmt"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// checkOf is the block that a check step samples.
func checkOf(step plans.Step) string {
	if step.Block != "" {
		return step.Block
	}
	return step.Address
}

// check samples a check until it passes or fails.
func (w *walk) check(ctx context.Context, step plans.Step) halt {
	verdict, err := w.watch(ctx, step)
	if err != nil {
		return w.failedBefore(step, err)
	}
	return w.concluded(step, verdict)
}

func (w *walk) watch(ctx context.Context, step plans.Step) (journal.Verdict, error) {
	address := checkOf(step)
	check, err := w.cfg.Resolver.Check(address, w.knownOutputs())
	if err != nil {
		return journal.Verdict{}, fmt.Errorf("check %s: %w", address, err)
	}
	bounded, done := bound(ctx, step)
	defer done()
	verdict := check.Watch(bounded, func(s Sample) {
		w.tell(Event{Kind: CheckSampled, Step: &step, Check: address, Sample: &s, Message: s.Message})
	})
	if ctx.Err() != nil && verdict.Status != journal.VerdictPass && verdict.Status != journal.VerdictFail {
		verdict.Status = journal.VerdictInterrupted
	}
	verdict.Check = address
	verdict.Took = plans.Duration(w.took(step))
	return verdict, nil
}

// concluded journals the verdict of a check or a bake and draws the
// consequence.
func (w *walk) concluded(step plans.Step, v journal.Verdict) halt {
	if err := w.noteVerdict(step.Address, v); err != nil {
		return halt{kind: haltFatal, err: err}
	}
	w.change(step.Address, func(s *journal.StepState) {
		s.Verdict = &v
		if v.Status == journal.VerdictPass {
			s.Status = journal.StepDone
		}
	})
	w.tell(Event{Kind: CheckVerdict, Step: &step, Check: v.Check, Verdict: &v, Message: v.Message, Took: w.took(step)})
	switch v.Status {
	case journal.VerdictPass:
		w.tell(Event{Kind: StepCompleted, Step: &step, Message: v.Message, Took: w.took(step)})
		return halt{}
	case journal.VerdictInterrupted:
		return halt{kind: haltCut}
	}
	return halt{kind: haltFailed, failure: &Failure{
		Step: step.Address, Phase: step.Phase, Message: v.Message, Verdict: providers.Absent, Evidence: v.Evidence,
	}}
}

// noteVerdict keeps the verdict when its evidence is too large for a record.
func (w *walk) noteVerdict(address string, v journal.Verdict) error {
	err := w.note(journal.GateVerdict, address, v)
	if errors.Is(err, journal.ErrTooLarge) {
		v.Message, v.Evidence = clip(v.Message), nil
		err = w.note(journal.GateVerdict, address, v)
	}
	return err
}
