package planner

import (
	"fmt"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
)

// Blocks lists why a plan may not be applied now: the standings of all
// environments, by name, and the time decide. What no run would record is not
// blocked: a plan that is settled, as long as the journal agrees.
func Blocks(plan *plans.Plan, all map[string]Standing, now time.Time) []plans.Block {
	here := all[plan.Environment]
	switch {
	case plan.Settled == plans.AlreadyApplied && here.ChangeSets[plan.ChangeSet].Content != plan.Content:
		return []plans.Block{noLongerSettled(plan)}
	case plan.Settled != "":
		return nil
	}
	blocks := pooled(plan)
	if here.OpenRun != nil {
		blocks = append(blocks, openRun(plan, *here.OpenRun))
	}
	for _, name := range plan.Requires {
		if _, ok := here.ChangeSets[name]; !ok {
			blocks = append(blocks, plans.Block{
				Code:    "requires",
				Summary: fmt.Sprintf("%s does not have change set %s yet, which this one builds on", plan.Environment, name),
				Who:     "whoever may apply to " + plan.Environment,
				Next:    fmt.Sprintf("lockstep apply %s --env %s", name, plan.Environment),
			})
		}
	}
	for _, up := range plan.Upstream {
		if b := upstream(plan, up, all[up.Environment], now); b != nil {
			blocks = append(blocks, *b)
		}
	}
	return blocks
}

func noLongerSettled(plan *plans.Plan) plans.Block {
	return plans.Block{
		Code:    "stale",
		Summary: fmt.Sprintf("when the plan was made %s had %s with this content; it has it no more", plan.Environment, plan.ChangeSet),
		Who:     "whoever may apply to " + plan.Environment,
		Next:    fmt.Sprintf("lockstep plan %s --env %s", plan.ChangeSet, plan.Environment),
	}
}

func openRun(plan *plans.Plan, run OpenRun) plans.Block {
	b := plans.Block{
		Code:    "run",
		Summary: fmt.Sprintf("run %s of %s %s in %s", run.Run, run.ChangeSet, run.words(), plan.Environment),
		Who:     run.Actor,
		Next:    run.next(),
	}
	if b.Who == "" {
		b.Who = "whoever may apply to " + plan.Environment
	}
	return b
}

// upstream returns the first reason why an environment before this one does
// not let the change set through.
func upstream(plan *plans.Plan, up plans.Upstream, there Standing, now time.Time) *plans.Block {
	env := up.Environment
	if run, ok := there.Unfinished[plan.ChangeSet]; ok && run.inDoubt() {
		return &plans.Block{
			Code: "upstream", Who: "whoever may apply to " + env, Next: run.next(),
			Summary: fmt.Sprintf("run %s of %s %s in %s", run.Run, plan.ChangeSet, run.words(), env),
		}
	}
	apply := fmt.Sprintf("lockstep apply %s --env %s", plan.ChangeSet, env)
	who := "whoever may apply to " + env
	taken, ok := there.ChangeSets[plan.ChangeSet]
	if hold := there.hold(plan.ChangeSet, plan.Content); hold != nil {
		return &plans.Block{
			Code: "hold", Who: who, Next: apply,
			Summary: fmt.Sprintf("this content was rolled back in %s by run %s and was not applied there since", env, hold.Run),
		}
	}
	if run, begun := there.Unfinished[plan.ChangeSet]; !ok && begun {
		return &plans.Block{
			Code: "upstream", Who: who, Next: run.next(),
			Summary: fmt.Sprintf("%s does not have %s yet: run %s %s", env, plan.ChangeSet, run.Run, run.words()),
		}
	}
	if !ok {
		return &plans.Block{Code: "upstream", Who: who, Next: apply, Summary: fmt.Sprintf("%s does not have %s yet", env, plan.ChangeSet)}
	}
	if taken.Content != plan.Content {
		return &plans.Block{
			Code: "content", Who: who, Next: apply,
			Summary: fmt.Sprintf("%s has %s with other content (%s there, %s here)", env, plan.ChangeSet, taken.Content.Short(), plan.Content.Short()),
		}
	}
	until := taken.Since.Add(time.Duration(up.SoakTime))
	if !now.Before(until) {
		return nil
	}
	return &plans.Block{
		Code:    "soak",
		Summary: fmt.Sprintf("%s has it since %s and must be healthy for %s", env, taken.Since.UTC().Format(time.RFC3339), shortDuration(time.Duration(up.SoakTime))),
		Who:     "nobody; it passes by itself",
		Next:    fmt.Sprintf("lockstep promote %s --to %s", plan.ChangeSet, plan.Environment),
		Until:   until.UTC().Format(time.RFC3339),
	}
}

func (s Standing) hold(changeSet string, content plans.Digest) *Hold {
	for i, h := range s.Holds {
		if h.ChangeSet == changeSet && h.Content == content {
			return &s.Holds[i]
		}
	}
	return nil
}
