package rollout

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// goBack takes back what was done, one step at a time, newest first. It is
// also how an interrupted rollback goes on.
func (w *walk) goBack(ctx context.Context, how journal.Rollback) Outcome {
	ctx, done := w.withTimeout(ctx)
	defer done()
	if begun := w.cfg.Replayed.Rollback; begun == nil || *begun != how {
		if err := w.note(journal.RollbackBegin, "", how); err != nil {
			return fatal(err)
		}
	}
	w.cfg.Replayed.Rollback = &how
	w.tell(Event{Kind: RollbackStarted, Message: how.Reason})
	w.recallAll(ctx)
	defer w.letAllGo()
	out := Outcome{State: journal.RolledBack, Reason: how.Reason, FailedStep: how.FailedStep}
	out.RolledBack = w.addressesOf(journal.StepUndone)
	for _, u := range WayBack(w.plan, w.live(), optionsOf(how)) {
		if w.stopped() || interrupted(ctx) {
			return w.finish(interruptedOnTheWayBack(how))
		}
		take := w.takeBack
		if how.Leave {
			take = w.leave
		}
		w.letGo(func(target string) bool { return target == u.Step.Target })
		why, taken := take(ctx, u)
		switch {
		case why.kind == haltFatal:
			return fatal(why.err)
		case why.kind == haltInterrupted:
			return w.finish(interruptedOnTheWayBack(how))
		case why.kind != goOn:
			return w.finish(w.rollbackFailed(out, *why.failure))
		case taken == journal.StepUndone:
			out.RolledBack = append(out.RolledBack, u.Step.Address)
		case taken == journal.StepKept:
			out.Kept = append(out.Kept, u.Step.Address)
		}
	}
	w.letAllGo()
	if !how.Leave && slices.ContainsFunc(out.RolledBack, w.hadPrevious) {
		return w.finish(w.afterwards(ctx, out))
	}
	return w.finish(out)
}

func interruptedOnTheWayBack(how journal.Rollback) Outcome {
	return Outcome{State: journal.Interrupted, FailedStep: how.FailedStep, Reason: "interrupted in the rollback"}
}

// live is the run as this process knows it.
func (w *walk) live() journal.Run {
	run := w.cfg.Replayed
	if w.cfg.Undoes.ID != "" {
		run = w.cfg.Undoes
	}
	if run.ID == "" {
		run.ID, run.State = w.cfg.Journal.ID(), journal.Running
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	run.Steps = maps.Clone(w.steps)
	return run
}

// addressesOf lists the effect steps with that status, in the order in which
// they are taken back.
func (w *walk) addressesOf(status journal.Status) []string {
	var all []string
	for _, step := range undoOrder(w.plan) {
		if w.state(step.Address).Status == status {
			all = append(all, step.Address)
		}
	}
	return all
}

func (w *walk) rollbackFailed(out Outcome, f Failure) Outcome {
	if f.foreign && w.cfg.Undoes.ID != "" && len(out.RolledBack) == 0 {
		refusal := &RefusedError{
			Steps: []string{f.Step}, Reason: strings.TrimPrefix(f.Message, f.Step+": "),
			Fix: "Take back first what put it there, or go forward with a new change set",
		}
		return Outcome{State: journal.Refused, Reason: refusal.Error(), Err: refusal, Failure: &f}
	}
	if how := w.cfg.Replayed.Rollback; f.Held != nil && how != nil && how.FailedStep != "" {
		f.Message = how.Reason + "; and " + f.Message
	}
	out.State, out.Failure = journal.NeedsPerson, &f
	out.Reason = fmt.Sprintf("the rollback stopped at %s: %s", f.Step, f.Message)
	out.Remains = w.remains(f)
	return out
}

// recallAll brings back outputs that the settings of undo steps refer to;
// in the process that ran the steps they are known.
func (w *walk) recallAll(ctx context.Context) {
	known := w.knownOutputs()
	for _, step := range w.plan.Steps {
		s := w.state(step.Address)
		if _, ok := known[step.Address]; !ok && s.Status == journal.StepDone {
			w.recall(ctx, step, s)
		}
	}
}

// takeBack undoes or keeps one step, as far as there is anything to undo.
func (w *walk) takeBack(ctx context.Context, u UndoStep) (halt, journal.Status) {
	step := u.Step
	s := w.state(step.Address)
	switch s.Status {
	case journal.StepPending:
		return halt{}, journal.StepPending
	case journal.StepUndone, journal.StepKept:
		return halt{}, s.Status
	case journal.StepDone:
		if u.Keep {
			return w.keep(u), journal.StepKept
		}
	case journal.StepFailed:
		if s.Outcome.Verdict == string(providers.Absent) || s.Intent.Action == "" {
			return halt{}, journal.StepPending
		}
	}
	if s.Status != journal.StepDone {
		if why, settled := w.settleBack(ctx, u); settled || why.kind != goOn {
			return why, w.state(step.Address).Status
		}
	}
	if f := w.asks(ctx, step); f != nil {
		return halt{kind: haltFailed, failure: f}, s.Status
	}
	return w.undo(ctx, step), journal.StepUndone
}

// leave keeps whatever is there; only what is found absent is not there.
func (w *walk) leave(ctx context.Context, u UndoStep) (halt, journal.Status) {
	s := w.state(u.Step.Address)
	if s.Status == journal.StepKept {
		return halt{}, s.Status
	}
	if s.Status != journal.StepDone {
		report := w.probeBack(ctx, u.Step)
		switch {
		case interrupted(ctx):
			return halt{kind: haltInterrupted}, s.Status
		case report.Verdict == providers.Absent && s.Status != journal.StepUndoing && s.Status != journal.StepUndoFailed:
			return w.neverHappened(u.Step, report), journal.StepPending
		case report.Verdict == providers.Absent:
			return w.undone(u.Step, providers.Result{Summary: "found undone: " + report.Detail}, true), journal.StepUndone
		}
		u.Reason = fmt.Sprintf("stays as it is, %s: %s", report.Verdict, clip(report.Detail))
	}
	return w.keep(u), journal.StepKept
}

// settleBack asks the target of a step whose effect, or whose undoing, has no
// outcome. It reports true when nothing is left to undo.
func (w *walk) settleBack(ctx context.Context, u UndoStep) (halt, bool) {
	step := u.Step
	s := w.state(step.Address)
	report := w.probeBack(ctx, step)
	if interrupted(ctx) {
		return halt{kind: haltInterrupted}, true
	}
	if err := w.noteSoon(journal.StepProbe, step.Address, journal.Probe{Verdict: string(report.Verdict), Detail: clip(report.Detail)}); err != nil {
		return halt{kind: haltFatal, err: err}, true
	}
	undoing := s.Status == journal.StepUndoing || s.Status == journal.StepUndoFailed
	switch report.Verdict {
	case providers.Absent:
		if undoing && step.Action == plans.ActionDeploy {
			return halt{}, false // something else may run there: its rollback looks
		}
		if undoing {
			return w.undone(step, providers.Result{Summary: "found undone: " + report.Detail}, true), true
		}
		return w.neverHappened(step, report), true
	case providers.Done:
		if !undoing && u.Keep {
			if why := w.succeeded(step, providers.Result{Summary: "found done: " + report.Detail, Outputs: report.Outputs, Secrets: report.Secrets, WayBack: report.WayBack}, true); why.kind != goOn {
				return why, true
			}
			return w.keep(u), true
		}
		return halt{}, false
	case providers.Partial:
		if u.Keep && step.Action == plans.ActionBackfill {
			return w.keepPart(u, report), true
		}
		return halt{}, false
	}
	return halt{kind: haltFailed, failure: &Failure{
		Step: step.Address, Phase: step.Phase, Verdict: report.Verdict, Detail: report.Detail, Lost: report.Lost,
		Message: "its target does not tell whether it happened",
	}}, true
}

// neverHappened closes the intent of a step that left nothing behind.
func (w *walk) neverHappened(step plans.Step, report providers.Report) halt {
	if w.state(step.Address).Status == journal.StepRunning {
		out := journal.Outcome{
			Result: journal.ResultFailed, Error: "it was interrupted", Verdict: string(report.Verdict), Detail: clip(report.Detail),
		}
		if err := w.note(journal.StepOutcome, step.Address, out); err != nil {
			return halt{kind: haltFatal, err: err}
		}
	}
	w.reopen(step)
	return halt{}
}

// probeBack asks the target on the way back, and lets it forget a try that has
// left nothing, to which the next one would be held. When that cannot be done
// now it is told, and holds nothing up.
func (w *walk) probeBack(ctx context.Context, step plans.Step) providers.Report {
	report := w.probe(ctx, step)
	if !report.Traces || interrupted(ctx) {
		return report
	}
	if err := w.forget(ctx, step); err != nil {
		w.tell(Event{Kind: StepProgress, Step: &step, Message: fmt.Sprintf(
			"a try that left nothing is still noted at the target, and an edited file would be held to it (lockstep repair shows it): %s", clip(err.Error()))})
	}
	return report
}

func (w *walk) forget(ctx context.Context, step plans.Step) error {
	provider, req, err := w.reach(step)
	if err != nil {
		return err
	}
	forgetter, able := providers.As[providers.Forgetter](provider)
	if !able {
		return nil
	}
	bounded, done := bound(ctx, step)
	defer done()
	return forgetter.Forget(bounded, req)
}

// keeps reports whether the effect stays: what was fetched does no harm, rows
// that were filled have no way back and older code works with them, the schema
// and the infrastructure go back only when asked.
func (o RollbackOptions) keeps(step plans.Step) bool {
	switch step.Action {
	case plans.ActionMigrate:
		return o.Leave || !o.Schema
	case plans.ActionTerraform:
		return o.Leave || !o.Infrastructure
	case plans.ActionBackfill:
		return o.Leave || step.Phase != plans.Contract
	case plans.ActionFetch:
		return o.Leave || !o.Infrastructure || step.Rollback.Kept
	}
	return o.Leave
}

func (w *walk) keep(u UndoStep) halt {
	if err := w.note(journal.UndoKept, u.Step.Address, journal.Kept{Reason: u.Reason}); err != nil {
		return halt{kind: haltFatal, err: err}
	}
	w.change(u.Step.Address, func(s *journal.StepState) { s.Status, s.Kept = journal.StepKept, u.Reason })
	w.tell(Event{Kind: StepKept, Step: &u.Step, Message: u.Reason})
	return halt{}
}

// keepPart leaves what a backfill has filled so far: each row by itself is as
// harmless as all of them.
func (w *walk) keepPart(u UndoStep, report providers.Report) halt {
	u.Reason = fmt.Sprintf("stays as far as it came: %s", clip(report.Detail))
	return w.keep(u)
}

// undo takes one effect back: intent, rollback, outcome.
func (w *walk) undo(ctx context.Context, step plans.Step) halt {
	w.change(step.Address, func(s *journal.StepState) { s.Started = time.Now() })
	provider, req, err := w.reach(step)
	if err != nil {
		return undoFailure(step, err, providers.Report{Verdict: providers.Unknown})
	}
	if w.cfg.Previous != nil {
		req.Previous = w.cfg.Previous(step)
	}
	if err := w.note(journal.UndoIntent, step.Address, intentOf(step, req.Settings)); err != nil {
		return halt{kind: haltFatal, err: err}
	}
	w.change(step.Address, func(s *journal.StepState) { s.Status = journal.StepUndoing })
	w.tell(Event{Kind: UndoStarted, Step: &step, Message: step.Rollback.Summary})
	bounded, done := bound(ctx, step)
	result, err := provider.Rollback(bounded, req)
	done()
	if err == nil {
		return w.undone(step, result, false)
	}
	if errors.Is(err, journal.ErrBroken) {
		return halt{kind: haltFatal, err: err}
	}
	return w.undoFailed(ctx, step, err)
}

func (w *walk) undone(step plans.Step, result providers.Result, found bool) halt {
	out := journal.Outcome{
		Result: journal.ResultDone, Found: found, Changed: result.Changed || found, Summary: result.Summary,
		Figures: result.Figures, WayBack: w.state(step.Address).Undo.WayBack, Took: plans.Duration(w.took(step)),
	}
	if w.state(step.Address).Status == journal.StepUndoFailed {
		if err := w.note(journal.UndoIntent, step.Address, nil); err != nil {
			return halt{kind: haltFatal, err: err}
		}
	}
	if err := w.noteDone(journal.UndoOutcome, step, out); err != nil {
		return halt{kind: haltFatal, err: err}
	}
	w.change(step.Address, func(s *journal.StepState) { s.Status, s.Undo = journal.StepUndone, out })
	w.tell(Event{Kind: StepUndone, Step: &step, Message: result.Summary, Found: found, Took: time.Duration(out.Took), Figures: result.Figures})
	return halt{}
}

// undoFailed asks the target; only what is absent counts as undone.
func (w *walk) undoFailed(ctx context.Context, step plans.Step, cause error) halt {
	if interrupted(ctx) {
		out := journal.Outcome{Result: journal.ResultInterrupted, Error: cause.Error()}
		if err := w.noteOutcome(journal.UndoOutcome, step.Address, out); err != nil {
			return halt{kind: haltFatal, err: err}
		}
		return halt{kind: haltInterrupted}
	}
	report := w.probeBack(ctx, step)
	if report.Verdict == providers.Absent && w.asBefore(ctx, step, cause) {
		return w.undone(step, providers.Result{Summary: "undone, although the answer was lost: " + report.Detail}, true)
	}
	out := journal.Outcome{
		Result: journal.ResultFailed, Error: cause.Error(), Verdict: string(report.Verdict), Detail: report.Detail,
		Took: plans.Duration(w.took(step)), Lost: objects(report.Lost),
	}
	if err := w.noteOutcome(journal.UndoOutcome, step.Address, out); err != nil {
		return halt{kind: haltFatal, err: err}
	}
	w.change(step.Address, func(s *journal.StepState) { s.Status, s.Undo = journal.StepUndoFailed, out })
	w.tell(Event{Kind: UndoFailed, Step: &step, Message: cause.Error(), Took: time.Duration(out.Took)})
	return undoFailure(step, cause, report)
}

// asBefore is asked when a target says that the step is absent: with a
// deployment something else may run, and only its rollback, which then has
// nothing to do, tells.
func (w *walk) asBefore(ctx context.Context, step plans.Step, cause error) bool {
	if step.Action != plans.ActionDeploy {
		return true
	}
	if errors.Is(cause, providers.ErrForeign) {
		return false
	}
	provider, req, err := w.reach(step)
	if err != nil {
		return false
	}
	bounded, done := bound(ctx, step)
	defer done()
	_, err = provider.Rollback(bounded, req)
	return err == nil
}

func undoFailure(step plans.Step, cause error, report providers.Report) halt {
	return halt{kind: haltFailed, failure: &Failure{
		Step: step.Address, Phase: step.Phase, Message: cause.Error(), Verdict: report.Verdict, Detail: report.Detail, Lost: report.Lost,
		foreign: errors.Is(cause, providers.ErrForeign),
	}}
}
