package rollout

import (
	"context"
	"fmt"
	"slices"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// Run carries out a plan from the start, in a journal that was just created.
func Run(ctx context.Context, cfg Config) Outcome {
	w := newWalk(cfg, journal.Run{})
	if err := stuck(cfg.Plan); err != nil {
		return w.finish(Outcome{State: journal.Refused, Reason: err.Error(), Err: err})
	}
	w.tell(Event{Kind: RunStarted, Message: cfg.Plan.ChangeSet + " -> " + cfg.Plan.Environment})
	return w.forward(ctx)
}

// Resume goes on with a run that was interrupted, paused, blocked, waiting,
// or stopped for a person. Targets of steps without an outcome are asked
// first; a rollback goes on as a rollback.
func Resume(ctx context.Context, cfg Config) Outcome {
	past := cfg.Replayed
	if past.State.Over() {
		return Outcome{State: past.State, Reason: past.Reason, FailedStep: past.FailedStep}
	}
	if past.Kind == journal.Revert {
		return resumeRevert(ctx, cfg, RollbackOptions{})
	}
	w := newWalk(cfg, past)
	if err := w.again(); err != nil {
		return fatal(err)
	}
	if past.Rollback != nil {
		return w.goBack(ctx, *past.Rollback)
	}
	if why := w.takeStock(ctx); why != nil {
		return w.finish(*why)
	}
	return w.forward(ctx)
}

// again opens the journal for another process.
func (w *walk) again() error {
	if past := w.cfg.Replayed; past.Plan != w.cfg.Digest {
		return fmt.Errorf("%w: run %s belongs to plan %s, found plan %s", ErrPlan, past.ID, past.Plan.Short(), w.cfg.Digest.Short())
	}
	if err := stuck(w.plan); err != nil {
		return err
	}
	if err := w.note(journal.RunResume, "", nil); err != nil {
		return err
	}
	w.tell(Event{Kind: RunStarted, Message: w.plan.ChangeSet + " -> " + w.plan.Environment + ", resumed"})
	return nil
}

func fatal(err error) Outcome {
	return Outcome{State: journal.Interrupted, Reason: err.Error(), Err: err}
}

// forward walks the phases and settles how it ended.
func (w *walk) forward(ctx context.Context) Outcome {
	phase, why := w.phases(ctx)
	switch why.kind {
	case goOn:
		return w.finish(Outcome{State: journal.Succeeded})
	case haltFatal:
		return fatal(why.err)
	case haltFailed:
		return w.fail(ctx, *why.failure)
	case haltWaiting:
		return w.finish(Outcome{
			State: journal.Waiting, Waiting: why.waiting, Until: why.until,
			Reason: fmt.Sprintf("%s is not over yet", why.waiting),
		})
	case haltAborted:
		return w.abort(ctx, phase)
	case haltPaused:
		if why.err != nil {
			return w.finish(Outcome{State: journal.Paused, Reason: why.err.Error(), Reached: phase})
		}
		return w.finish(Outcome{State: journal.Paused, Reason: "paused on request"})
	default:
		return w.finish(Outcome{State: journal.Interrupted, Reason: "interrupted; no step is left half-done unknowingly"})
	}
}

// finish journals the end. When that fails the run stays open and is seen as
// interrupted, which is the truth.
func (w *walk) finish(out Outcome) Outcome {
	if !out.State.Over() {
		run := w.live()
		run.ID, run.Kind = w.cfg.Journal.ID(), w.cfg.Replayed.Kind
		if w.cfg.Undoes.ID != "" {
			run.Kind = journal.Revert
		}
		out.Abort = AbortCommand(w.plan, run)
	}
	end := journal.End{
		State: out.State, Reason: clip(out.Reason), FailedStep: out.FailedStep, Remains: out.Remains,
		Waiting: out.Waiting, Until: out.Until,
	}
	if err := w.note(journal.RunEnd, "", end); err != nil {
		out.State, out.Err = journal.Interrupted, err
	}
	w.tell(Event{Kind: RunEnded, Message: out.Reason, Outcome: &out})
	return out
}

// takeStock asks the targets of every step that began: what is done feeds
// later steps, what has no outcome gets one. It returns why the run cannot
// go on, or nil.
func (w *walk) takeStock(ctx context.Context) *Outcome {
	defer w.letAllGo()
	for _, step := range w.plan.Steps {
		s := w.state(step.Address)
		if !step.Action.Effect() {
			if s.Status != journal.StepDone {
				w.reopen(step)
			}
			continue
		}
		var out *Outcome
		switch s.Status {
		case journal.StepDone:
			w.recall(ctx, step, s)
		case journal.StepRunning, journal.StepFailed, journal.StepUndoing, journal.StepUndoFailed:
			out = w.settle(ctx, step, s)
		case journal.StepUndone: // cleaned up after it failed
			w.reopen(step)
		}
		if out != nil {
			return out
		}
	}
	return nil
}

func (w *walk) reopen(step plans.Step) {
	w.change(step.Address, func(s *journal.StepState) { s.Status = journal.StepPending })
}

// recall brings back the outputs of a done step. Those that are secret are
// not in the journal, so the target is asked; where a later step moved it on,
// what the journal knows has to do.
func (w *walk) recall(ctx context.Context, step plans.Step, s journal.StepState) {
	if len(s.Outcome.Outputs) == 0 && step.Action != plans.ActionTerraform {
		return
	}
	w.putOutputs(step, s.Outcome.Outputs, nil)
	if report := w.probe(ctx, step); report.Verdict == providers.Done {
		w.putOutputs(step, report.Outputs, report.Secrets)
	}
}

// settle finds out what became of a step whose outcome is missing or bad.
func (w *walk) settle(ctx context.Context, step plans.Step, s journal.StepState) *Outcome {
	if s.Status == journal.StepFailed && s.Intent.Action == "" {
		w.reopen(step) // it failed before anything was started
		return nil
	}
	report := w.probe(ctx, step)
	if interrupted(ctx) {
		return &Outcome{State: journal.Interrupted, Reason: "interrupted while the targets were asked"}
	}
	if err := w.noteSoon(journal.StepProbe, step.Address, journal.Probe{Verdict: string(report.Verdict), Detail: clip(report.Detail)}); err != nil {
		out := fatal(err)
		return &out
	}
	switch report.Verdict {
	case providers.Done:
		return w.foundDone(step, s, report)
	case providers.Absent, providers.Partial:
		if w.mayRunAgain(step) {
			w.reopen(step)
			return nil
		}
		return w.needsPerson(Failure{
			Step: step.Address, Phase: step.Phase, Verdict: report.Verdict, Detail: report.Detail,
			Message: "its outcome is not known, and it must never run twice",
		})
	}
	return w.needsPerson(Failure{
		Step: step.Address, Phase: step.Phase, Verdict: report.Verdict, Detail: report.Detail, Lost: report.Lost,
		Message: "its target does not tell whether it happened",
	})
}

func (w *walk) foundDone(step plans.Step, s journal.StepState, report providers.Report) *Outcome {
	if s.Status != journal.StepRunning {
		// An outcome needs its intent: the journal says failed already.
		if err := w.note(journal.StepIntent, step.Address, s.Intent); err != nil {
			out := fatal(err)
			return &out
		}
	}
	why := w.succeeded(step, providers.Result{
		Summary: "found done: " + report.Detail, Outputs: report.Outputs, Secrets: report.Secrets, WayBack: report.WayBack,
	}, true)
	if why.kind != goOn {
		out := fatal(why.err)
		return &out
	}
	return nil
}

func (w *walk) mayRunAgain(step plans.Step) bool {
	provider, err := w.provider(step)
	return err == nil && provider.Rerun(step.Action) != providers.RerunNever
}

// needsPerson is an outcome, not yet journalled.
func (w *walk) needsPerson(f Failure) *Outcome {
	out := Outcome{State: journal.NeedsPerson, FailedStep: f.Step, Failure: &f, Reason: f.Step + ": " + f.Message, Remains: w.remains(f)}
	return &out
}

// remains says what is at the targets now, newest first.
func (w *walk) remains(f Failure) []string {
	var lines []string
	if f.Step != "" && f.Verdict != "" {
		lines = append(lines, fmt.Sprintf("%s is %s: %s", f.Step, f.Verdict, f.Detail))
	}
	for _, step := range slices.Backward(w.plan.Steps) {
		s := w.state(step.Address)
		if step.Address == f.Step || !step.Action.Effect() {
			continue
		}
		switch s.Status {
		case journal.StepDone:
			lines = append(lines, step.Address+" is done")
		case journal.StepKept:
			lines = append(lines, step.Address+" is kept")
		case journal.StepRunning, journal.StepUndoing:
			lines = append(lines, step.Address+" was begun and its outcome is not known")
		case journal.StepUndoFailed:
			lines = append(lines, step.Address+" could not be undone")
		}
	}
	return lines
}
