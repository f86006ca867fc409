package rollout

import (
	"context"
	"fmt"
	"time"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// afterwards looks at the version that serves again. That it is not well is
// for a person: there is nothing further back.
func (w *walk) afterwards(ctx context.Context, out Outcome) Outcome {
	var err error
	if out.AfterRollback, err = w.checkOldVersion(ctx); err != nil {
		return fatal(err)
	}
	for _, step := range w.plan.Steps {
		v, looked := out.AfterRollback[step.Address]
		switch {
		case !looked || v.Status == journal.VerdictPass:
			continue
		case interrupted(ctx):
			out.State, out.Reason = journal.Interrupted, "interrupted while the earlier version was checked"
			return out
		}
		message := fmt.Sprintf("everything was taken back, but %s is not green with the earlier version: %s", v.Check, v.Message)
		out.State, out.Reason = journal.NeedsPerson, message
		out.Failure = &Failure{
			Step: step.Address, Phase: step.Phase, Message: message, Verdict: providers.Absent,
			Detail: "a check changes nothing", Evidence: v.Evidence,
		}
		return out
	}
	return out
}

// hadPrevious reports whether the deployment replaced a version that serves
// again now.
func (w *walk) hadPrevious(address string) bool {
	step := *w.plan.Step(address)
	seen := w.cfg.Resolver.Observed(step)
	return step.Action == plans.ActionDeploy && seen.Deployment != nil && seen.Deployment.Current != ""
}

// checkOldVersion runs the verify phase's checks once more. What they say is
// reported; it starts nothing.
func (w *walk) checkOldVersion(ctx context.Context) (map[string]journal.Verdict, error) {
	verdicts := map[string]journal.Verdict{}
	for _, step := range w.plan.Steps {
		if step.Phase != plans.Verify || step.Action != plans.ActionCheck || ctx.Err() != nil {
			continue
		}
		w.change(step.Address, func(s *journal.StepState) { s.Started = time.Now() })
		v, err := w.watch(ctx, step)
		if err != nil {
			v = journal.Verdict{Status: journal.VerdictInconclusive, Check: checkOf(step), Message: err.Error()}
		}
		v.AfterRollback = true
		if err := w.noteVerdict(step.Address, v); err != nil {
			return nil, err
		}
		verdicts[step.Address] = v
		w.tell(Event{Kind: CheckVerdict, Step: &step, Check: v.Check, Verdict: &v, Message: "after rollback: " + v.Message})
	}
	return verdicts, nil
}
