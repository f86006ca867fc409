package view

import (
	"fmt"

	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/plans"
)

// servesNow says what serves after a way back, as far as the plan's look at
// the targets allows it to be said.
func (v *Run) servesNow(o rollout.Outcome) string {
	env := safe(v.head.Plan.Environment)
	var before, nothing, goesOn, unseen int
	for _, address := range o.RolledBack {
		s := v.head.Plan.Step(address)
		if s == nil || s.Action != plans.ActionDeploy {
			continue
		}
		seen := deploymentSeen(v.head.Plan, s)
		switch {
		case seen != nil && seen.Current != "":
			before++
		case seen == nil || s.Provider == "deployment/exec": // its commands cannot say that nothing runs
			unseen++
		case s.Rollback.Grade == plans.GradeExact:
			nothing++
		default:
			goesOn++
		}
	}
	switch {
	case unseen > 0:
		return fmt.Sprintf("What ran before serves in %s again, if anything did: the plan could not look.", env)
	case before > 0 && nothing+goesOn > 0:
		return fmt.Sprintf("The releases that ran before serve in %s again; where nothing ran before, nothing is deployed.", env)
	case before > 0:
		return fmt.Sprintf("The release that ran before serves in %s again.", env)
	case goesOn > 0:
		return "Nothing ran before; nothing is deployed now, but what restart_command started may go on."
	case nothing > 0:
		return "Nothing ran before; nothing serves now."
	}
	return fmt.Sprintf("No release in %s was replaced.", env)
}

// deploymentSeen is what the plan saw at a deployment's target, or nil when
// it could not look.
func deploymentSeen(p *plans.Plan, s *plans.Step) *plans.DeploymentState {
	for i := range p.Observations {
		o := &p.Observations[i]
		if o.Deployment != nil && !o.Late && (o.Address == s.Address || o.Address == s.Block) {
			return o.Deployment
		}
	}
	return nil
}
