package command

import (
	"encoding/json"
	"path/filepath"
	"slices"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/plans"
)

// previousSettings are those with which the release that a deployment replaced
// was deployed: from the plan and the journal of the run that did it, with the
// values of today's variables. They are nil when no run of this journal did, or
// when a value is not to be had any more; the provider says what it does then.
func (a *app) previousSettings(s session, step plans.Step) json.RawMessage {
	seen := s.open.resolver.Observed(step).Deployment
	if step.Action != plans.ActionDeploy || seen == nil || seen.Current == "" {
		return nil
	}
	runs, err := s.store.ReadAll()
	if err != nil {
		return nil
	}
	for _, run := range slices.Backward(runs) {
		if run.ID == s.writer.ID() || run.ID == s.undoes.ID || run.Environment != s.open.bundle.Plan.Environment {
			continue
		}
		if address := deployedBy(run, step.Target, seen.Current); address != "" {
			return a.settingsOf(s.store, run, address)
		}
	}
	return nil
}

// deployedBy returns the address of the run's step that made an artifact run
// at a target, or "".
func deployedBy(run journal.Run, target string, artifact plans.Digest) string {
	for address, step := range run.Steps {
		if step.Status == journal.StepDone && step.Intent.Target == target && step.Intent.Artifact == artifact {
			return address
		}
	}
	return ""
}

// settingsOf evaluates a step of a finished run again.
func (a *app) settingsOf(store *journal.Store, run journal.Run, address string) json.RawMessage {
	b, err := openBundle(filepath.Join(store.RunDir(run.ID), bundleName))
	if err != nil || b.Digest != run.Plan || b.Plan.Step(address) == nil {
		return nil
	}
	open, err := a.openPlan(b)
	if err != nil {
		return nil
	}
	outputs := rollout.Outputs{}
	for address, step := range run.Steps {
		if len(step.Outcome.Outputs) > 0 {
			outputs[address] = step.Outcome.Outputs
		}
	}
	settings, err := open.resolver.Settings(*b.Plan.Step(address), outputs)
	if err != nil {
		return nil
	}
	return settings
}
