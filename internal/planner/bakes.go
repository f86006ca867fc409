package planner

import (
	"fmt"
	"slices"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
)

// bakes ends phases with the time that their checks must stay green. They stay
// where nothing changes any more, as long as the environment is not known to
// have the change set: whoever finds the new version there has not proven it.
func (d *draft) bakes() {
	for _, phase := range plans.Phases() {
		rules := d.set.Phases[phase]
		if rules.BakeTime <= 0 || !d.takesPlace(phase) || d.bakedBefore(phase) {
			continue
		}
		d.add(d.bakeStep(phase, rules.BakeTime))
	}
}

// bakedBefore reports whether the environment has this content already and
// nothing changes up to the phase: then the bake is over, and only what waited
// behind it remains.
func (d *draft) bakedBefore(phase plans.Phase) bool {
	taken, ok := d.in.Standing.ChangeSets[d.set.Name]
	if !ok || taken.Content != d.digest {
		return false
	}
	return !slices.ContainsFunc(d.steps, func(n *node) bool {
		return n.step.Action.Effect() && !phase.Before(n.step.Phase)
	})
}

func (d *draft) bakeStep(phase plans.Phase, length time.Duration) *node {
	var checks []string
	for _, u := range d.uses() {
		if u.phase == phase && !u.before {
			checks = append(checks, u.check)
		}
	}
	block := "phase." + string(phase)
	n := &node{rank: rankBake, gate: gateLast, because: fmt.Sprintf("phase %q has bake_time %s", phase, shortDuration(length))}
	n.step = plans.Step{
		Address: block + ".bake", Phase: phase, Action: plans.ActionBake, Provider: "bake",
		Summary: fmt.Sprintf("bake %s, checks stay green: %s", shortDuration(length), listed(checks)),
		Block:   block, Bake: plans.Duration(length), Checks: checks,
		Risk: plans.Risk{Level: "low"}, Rollback: nothingToUndo(),
	}
	if len(checks) == 0 {
		n.step.Summary = fmt.Sprintf("wait %s, no check is sampled", shortDuration(length))
		d.find(plans.Finding{
			Code: "bake-without-checks", Severity: plans.SeverityWarning, Address: n.step.Address,
			Summary: fmt.Sprintf("the bake of phase %q only waits: the phase has no postconditions", phase),
			Fix:     "name checks in postconditions, so that the time proves something",
		})
	}
	return n
}
