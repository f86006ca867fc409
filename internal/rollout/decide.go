package rollout

import (
	"context"
	"fmt"
	"time"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// Word is what a person says about objects that a step of a run has lost.
type Word struct {
	Step   string
	As     string // journal.Decision.As
	Reason string
	// Decision goes to the step's provider; Begin is set here.
	Decision providers.Decision
}

// Decide takes a person's word, in the journal of a run that is not over, and
// leaves the run for Resume to go on with. A refusal changes nothing.
func Decide(ctx context.Context, cfg Config, word Word) Outcome {
	past := cfg.Replayed
	w := newWalk(cfg, past)
	step, decider, err := w.decidable(past, word)
	if err != nil {
		return notDecided(err)
	}
	w.recallAll(ctx)
	defer w.letAllGo()
	_, req, err := w.reach(step)
	if err != nil {
		return notDecided(err)
	}
	begun := false
	word.Decision.Begin = func(settled []providers.Lost) error {
		begun = true
		return w.beginDecided(step, word, settled)
	}
	decided, err := decider.Decide(ctx, req, word.Decision)
	switch {
	case err != nil && !begun:
		return notDecided(err)
	case err != nil:
		return w.decisionFailed(ctx, step, err)
	case decided.Done:
		if why := w.succeeded(step, decided.Result, false); why.kind != goOn {
			return fatal(why.err)
		}
	}
	return w.finish(Outcome{State: journal.Paused, Reason: fmt.Sprintf("what %s had lost is decided", step.Address)})
}

func notDecided(err error) Outcome {
	return Outcome{State: journal.Refused, Reason: err.Error(), Err: err}
}

// decidable returns the step and who takes the decision, or why there is none
// to take.
func (w *walk) decidable(past journal.Run, word Word) (plans.Step, providers.Decider, error) {
	if past.Plan != w.cfg.Digest {
		return plans.Step{}, nil, fmt.Errorf("%w: run %s belongs to plan %s, found plan %s", ErrPlan, past.ID, past.Plan.Short(), w.cfg.Digest.Short())
	}
	found := w.plan.Step(word.Step)
	if found == nil {
		return plans.Step{}, nil, fmt.Errorf("run %s has no step %s", past.ID, word.Step)
	}
	step := *found
	switch s := w.state(step.Address); s.Status {
	case journal.StepRunning, journal.StepFailed:
	case journal.StepUndoing, journal.StepUndoFailed:
		if !word.Decision.AllAbsent {
			return step, nil, fmt.Errorf("%s is being taken back, and an import would go forward: import its objects with \"terraform import\", or remove them and say absent", step.Address)
		}
	default:
		return step, nil, fmt.Errorf("%s is not left half-way in run %s; there is nothing to decide", step.Address, past.ID)
	}
	provider, err := w.provider(step)
	if err != nil {
		return step, nil, err
	}
	decider, able := providers.As[providers.Decider](provider)
	if !able {
		return step, nil, fmt.Errorf("the target of %s answers for itself; mend what keeps it from answering and resume", step.Address)
	}
	return step, decider, nil
}

// beginDecided makes a decision durable. Where objects are imported, an effect
// begins with it.
func (w *walk) beginDecided(step plans.Step, word Word, settled []providers.Lost) error {
	if err := w.note(journal.RunResume, "", nil); err != nil {
		return err
	}
	decision := journal.Decision{As: word.As, Reason: word.Reason, Objects: objects(settled)}
	if err := w.note(journal.Decided, step.Address, decision); err != nil || word.Decision.AllAbsent {
		return err
	}
	intent := w.state(step.Address).Intent
	w.change(step.Address, func(s *journal.StepState) { s.Attempt, s.Started = s.Attempt+1, time.Now() })
	if err := w.note(journal.StepIntent, step.Address, intent); err != nil {
		return err
	}
	w.change(step.Address, func(s *journal.StepState) { s.Status = journal.StepRunning })
	w.tell(Event{Kind: StepStarted, Step: &step})
	return nil
}

// decisionFailed is a decision whose import did not come to its end.
func (w *walk) decisionFailed(ctx context.Context, step plans.Step, cause error) Outcome {
	if w.state(step.Address).Status != journal.StepRunning {
		return fatal(cause)
	}
	why := w.lookAfter(ctx, step, cause)
	switch why.kind {
	case goOn:
		return w.finish(Outcome{State: journal.Paused, Reason: fmt.Sprintf("what %s had lost is decided", step.Address)})
	case haltFailed:
		return w.finish(*w.needsPerson(*why.failure))
	case haltInterrupted:
		return w.finish(Outcome{State: journal.Interrupted, FailedStep: step.Address, Reason: "interrupted while objects were imported"})
	default:
		return fatal(why.err)
	}
}

// objects are lost ones as the journal spells them.
func objects(lost []providers.Lost) []journal.Object {
	var all []journal.Object
	for _, l := range lost {
		all = append(all, journal.Object(l))
	}
	return all
}
