package rollout

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

type rawJSON = json.RawMessage

// effect carries out a step that changes a target: intent, effect, outcome.
func (w *walk) effect(ctx context.Context, step plans.Step) halt {
	provider, req, err := w.reach(step)
	if err != nil {
		return w.failedBefore(step, err)
	}
	intent := intentOf(step, req.Settings)
	if err := w.announce(step, intent); err != nil {
		return halt{kind: haltFatal, err: err}
	}
	w.change(step.Address, func(s *journal.StepState) { s.Status, s.Intent = journal.StepRunning, intent })
	bounded, done := bound(ctx, step)
	result, err := provider.Apply(bounded, req)
	done()
	if err == nil {
		return w.succeeded(step, result, false)
	}
	if errors.Is(err, journal.ErrBroken) {
		return halt{kind: haltFatal, err: err}
	}
	if interrupted(ctx) {
		return w.cutShort(step, err)
	}
	if errors.Is(err, providers.ErrStopped) {
		return w.stoppedShort(ctx, step, err)
	}
	return w.lookAfter(ctx, step, err)
}

// bound gives the effect the step's own time.
func bound(ctx context.Context, step plans.Step) (context.Context, context.CancelFunc) {
	if step.Timeout <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, time.Duration(step.Timeout))
}

// failedBefore is a failure without any effect, for example of settings that
// cannot be resolved.
func (w *walk) failedBefore(step plans.Step, err error) halt {
	return halt{kind: haltFailed, failure: &Failure{
		Step: step.Address, Phase: step.Phase, Message: err.Error(), Verdict: providers.Absent,
		Detail: "nothing was started",
	}}
}

func (w *walk) succeeded(step plans.Step, result providers.Result, found bool) halt {
	out := journal.Outcome{
		Result: journal.ResultDone, Found: found, Changed: result.Changed || found, Summary: result.Summary,
		Outputs: withoutSecrets(result.Outputs), Figures: result.Figures, WayBack: result.WayBack, Took: plans.Duration(cmp.Or(result.Took, w.took(step))),
	}
	if err := w.noteDone(journal.StepOutcome, step, out); err != nil {
		return halt{kind: haltFatal, err: err}
	}
	w.putOutputs(step, result.Outputs, result.Secrets)
	w.change(step.Address, func(s *journal.StepState) { s.Status, s.Outcome = journal.StepDone, out })
	w.tell(Event{
		Kind: StepCompleted, Step: &step, Message: result.Summary, Found: found,
		Took: time.Duration(out.Took), Figures: result.Figures,
	})
	return halt{}
}

// noteOutcome drops what a provider can tell again when the record would be
// too large: that the effect happened must not be lost.
func (w *walk) noteOutcome(kind journal.Kind, address string, out journal.Outcome) error {
	err := w.note(kind, address, out)
	if errors.Is(err, journal.ErrTooLarge) {
		out.Outputs, out.Figures, out.Lost, out.WayBack = nil, nil, nil, nil
		out.Summary, out.Error, out.Detail = clip(out.Summary), clip(out.Error), clip(out.Detail)
		err = w.note(kind, address, out)
	}
	return err
}

// noteDone: a migration's receipt is in its target, so that nothing is lost
// when the record becomes durable later, with the next one.
func (w *walk) noteDone(kind journal.Kind, step plans.Step, out journal.Outcome) error {
	if step.Action == plans.ActionMigrate {
		return w.noteSoon(kind, step.Address, out)
	}
	return w.noteOutcome(kind, step.Address, out)
}

const clipAt = 8 << 10

func clip(s string) string {
	if len(s) <= clipAt {
		return s
	}
	return s[:clipAt] + " (cut)"
}

func withoutSecrets(outputs []plans.Output) []plans.Output {
	out := make([]plans.Output, 0, len(outputs))
	for _, o := range outputs {
		if o.Sensitive {
			o.Value = nil
		}
		out = append(out, o)
	}
	return out
}

// cutShort is a cancelled effect: its outcome is for the next probe to find.
func (w *walk) cutShort(step plans.Step, cause error) halt {
	out := journal.Outcome{Result: journal.ResultInterrupted, Error: cause.Error(), Took: plans.Duration(w.took(step))}
	if err := w.noteOutcome(journal.StepOutcome, step.Address, out); err != nil {
		return halt{kind: haltFatal, err: err}
	}
	return halt{kind: haltInterrupted}
}

// stoppedShort is an effect that stopped at a place of its own, as asked; what
// it was asked for is for the boundary to say.
func (w *walk) stoppedShort(ctx context.Context, step plans.Step, cause error) halt {
	cut := w.cutShort(step, cause)
	if why := w.boundary(ctx); cut.kind != haltFatal && why.kind != goOn {
		return why
	}
	return cut
}

// lookAfter asks the target how much of a failed effect is there.
func (w *walk) lookAfter(ctx context.Context, step plans.Step, cause error) halt {
	return w.conclude(ctx, step, cause, w.probe(ctx, step))
}

// conclude ends a failed effect by what its target has said.
func (w *walk) conclude(ctx context.Context, step plans.Step, cause error, report providers.Report) halt {
	if interrupted(ctx) {
		return w.cutShort(step, cause)
	}
	if report.Verdict == providers.Done {
		return w.succeeded(step, providers.Result{
			Summary: "done, although the answer was lost: " + report.Detail, Outputs: report.Outputs, Secrets: report.Secrets, WayBack: report.WayBack,
		}, true)
	}
	out := journal.Outcome{
		Result: journal.ResultFailed, Error: cause.Error(), Verdict: string(report.Verdict), Detail: report.Detail,
		Took: plans.Duration(w.took(step)), Lost: objects(report.Lost),
	}
	if err := w.noteOutcome(journal.StepOutcome, step.Address, out); err != nil {
		return halt{kind: haltFatal, err: err}
	}
	w.change(step.Address, func(s *journal.StepState) { s.Outcome = out })
	return halt{kind: haltFailed, failure: &Failure{
		Step: step.Address, Phase: step.Phase, Message: cause.Error(), Verdict: report.Verdict, Detail: report.Detail, Lost: report.Lost,
		blocked: errors.Is(cause, providers.ErrBlocked), outside: errors.Is(cause, providers.ErrOutsideEnvelope),
		foreign: errors.Is(cause, providers.ErrForeign),
	}}
}

// probe asks the target; what cannot be read is unknown.
func (w *walk) probe(ctx context.Context, step plans.Step) providers.Report {
	unknown := func(err error) providers.Report {
		return providers.Report{Verdict: providers.Unknown, Detail: err.Error()}
	}
	provider, req, err := w.reach(step)
	if err != nil {
		return unknown(err)
	}
	report, err := provider.Probe(ctx, req)
	if err != nil {
		return unknown(err)
	}
	return report
}

// intentOf is what the journal keeps of a step, so that standings need no
// plan.
func intentOf(step plans.Step, settings rawJSON) journal.Intent {
	intent := journal.Intent{
		Phase: step.Phase, Action: step.Action, Provider: step.Provider, Target: step.Target, Summary: step.Summary,
	}
	if step.Migration != nil {
		intent.Database, intent.Version = step.Migration.Database, step.Migration.Version
	}
	if step.Action == plans.ActionDeploy {
		var args struct {
			Artifact struct {
				Digest plans.Digest `json:"digest"`
			} `json:"artifact"`
		}
		if json.Unmarshal(settings, &args) == nil && args.Artifact.Digest.Valid() {
			intent.Artifact = args.Artifact.Digest
		}
	}
	return intent
}
