package rollout

import (
	"context"
	"fmt"
	"time"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// Policies on failure.
const (
	onFailureAuto  = "auto"
	onFailurePause = "pause"
)

// fail decides what becomes of a run whose step failed.
func (w *walk) fail(ctx context.Context, f Failure) Outcome {
	if out := w.cannotGoBack(f); out != nil {
		return w.finish(*out)
	}
	if f.Verdict == providers.Partial && !w.staysInPart(f) {
		if out := w.cleanUp(ctx, &f); out != nil {
			return *out
		}
	}
	if w.policy() == onFailurePause {
		return w.finish(Outcome{
			State: journal.Paused, FailedStep: f.Step, Failure: &f, Remains: w.remains(f),
			Reason: fmt.Sprintf("%s failed: %s; on_failure is \"pause\"", f.Step, f.Message),
		})
	}
	options, err := Automatic(w.plan, w.live())
	if err != nil {
		return w.finish(*w.noWayBack(f, err))
	}
	how := options.Order()
	how.Reason, how.FailedStep = clip(f.Message), f.Step
	out := w.goBack(ctx, how)
	if out.Failure == nil {
		out.Failure = &f
	}
	return out
}

// noWayBack is an outcome, not yet journalled: the failure stays as it is,
// because the application itself cannot go back.
func (w *walk) noWayBack(f Failure, err error) *Outcome {
	out := w.needsPerson(f)
	out.Reason = clip(fmt.Sprintf("%s; %s", out.Reason, err))
	out.Remains = append(out.Remains, err.Error())
	return out
}

// cannotGoBack returns the outcome of failures that no rollback may follow.
func (w *walk) cannotGoBack(f Failure) *Outcome {
	passing := f.blocked && f.Verdict == providers.Absent
	switch {
	case passing && (f.Phase == plans.Contract || !w.changedAnything()):
		return &Outcome{State: journal.Blocked, FailedStep: f.Step, Failure: &f, Reason: f.Step + ": " + f.Message, Remains: w.remains(f)}
	case f.foreign && f.Verdict == providers.Absent && f.Phase != plans.Contract && !w.changedAnything():
		return &Outcome{State: journal.Refused, FailedStep: f.Step, Failure: &f, Reason: f.Step + ": " + f.Message}
	case f.outside:
		out := w.needsPerson(f)
		out.Reason = f.Step + " would leave what was approved: " + f.Message
		return out
	case f.Verdict != providers.Absent && f.Verdict != providers.Partial:
		return w.needsPerson(f)
	case f.Phase == plans.Contract:
		out := w.needsPerson(f)
		out.Reason = fmt.Sprintf("%s failed behind the point of no return: %s", f.Step, f.Message)
		return out
	}
	return nil
}

// staysInPart reports whether what the failed step did half-way may stay.
func (w *walk) staysInPart(f Failure) bool {
	step := w.plan.Step(f.Step)
	return step.Action == plans.ActionBackfill && step.Rollback.Kept
}

func (w *walk) policy() string {
	if w.cfg.OnFailure != "" {
		return w.cfg.OnFailure
	}
	if w.plan.Policy.OnFailure != "" {
		return w.plan.Policy.OnFailure
	}
	return onFailureAuto
}

// cleanUp takes back what a failed step did half-way. It returns the outcome
// when that is not possible.
func (w *walk) cleanUp(ctx context.Context, f *Failure) *Outcome {
	step := w.plan.Step(f.Step)
	if held := w.asks(ctx, *step); held != nil {
		both := *f
		both.Held, both.Message = held.Held, fmt.Sprintf("%s; and %s", f.Message, held.Message)
		out := w.needsPerson(both)
		done := w.finish(*out)
		return &done
	}
	why := w.undo(ctx, *step)
	switch why.kind {
	case goOn:
		f.Verdict, f.Detail = providers.Absent, "what it did half-way was taken back"
		return nil
	case haltFatal:
		out := fatal(why.err)
		return &out
	case haltInterrupted:
		out := w.finish(Outcome{State: journal.Interrupted, FailedStep: f.Step, Failure: f, Reason: "interrupted while cleaning up " + f.Step})
		return &out
	}
	why.failure.Message = fmt.Sprintf("%s; and it could not be cleaned up: %s", f.Message, why.failure.Message)
	out := w.finish(*w.needsPerson(*why.failure))
	return &out
}

// abort is a rollback that a person asked for.
func (w *walk) abort(ctx context.Context, phase plans.Phase) Outcome {
	options, err := Automatic(w.plan, w.live())
	if err != nil {
		out := w.noWayBack(Failure{Phase: phase, Message: "abort was asked for, but there is no way back"}, err)
		return w.finish(*out)
	}
	how := options.Order()
	how.Reason = "aborted on request"
	return w.goBack(ctx, how)
}

// withTimeout bounds the whole rollback by the plan's policy.
func (w *walk) withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if w.plan.Policy.Timeout <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, time.Duration(w.plan.Policy.Timeout))
}
