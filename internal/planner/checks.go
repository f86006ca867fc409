package planner

import (
	"fmt"
	"slices"

	"github.com/lockstep-dev/lockstep/plans"
)

// use is one place in which a check stands.
type use struct {
	check  string // address of the block
	phase  plans.Phase
	before bool
	named  bool // by a phase block; other checks belong to verify
}

// key tells the uses of one check apart in addresses.
func (u use) key() string {
	if u.before {
		return "before " + string(u.phase)
	}
	return string(u.phase)
}

// uses lists all places in order of phases. A check that no phase names is a
// postcondition of verify.
func (d *draft) uses() []use {
	var out []use
	have := map[use]bool{}
	named := map[string]bool{}
	note := func(phase plans.Phase, addresses []string, before bool) {
		for _, a := range addresses {
			u := use{check: a, phase: phase, before: before, named: true}
			if !have[u] {
				out = append(out, u)
			}
			have[u] = true
			named[a] = true
		}
	}
	for _, phase := range plans.Phases() {
		note(phase, d.set.Phases[phase].Preconditions, true)
		note(phase, d.set.Phases[phase].Postconditions, false)
	}
	for _, b := range d.kind("check") {
		if !named[b.Address] {
			out = append(out, use{check: b.Address, phase: plans.Verify})
		}
	}
	return out
}

// checks makes a step of each use in a phase that takes place.
func (d *draft) checks() {
	uses := d.uses()
	places := map[plans.Phase]bool{}
	for _, phase := range plans.Phases() {
		places[phase] = d.takesPlace(phase)
	}
	times := map[string]int{}
	for _, u := range uses {
		times[u.check]++
	}
	for i, u := range uses {
		b := d.blocks[u.check]
		if b == nil {
			d.refuse(d.set.Phases[u.phase].Range, mistake{
				"unknown-check", fmt.Sprintf("phase %q names %s, which does not exist", u.phase, u.check),
				"The change set has no such check.", "Name one of its check blocks.",
			})
			continue
		}
		if !places[u.phase] {
			continue
		}
		n := checkStep(b, u)
		n.number = i
		if times[u.check] > 1 {
			n.step.Address = fmt.Sprintf("%s[%q]", b.Address, u.key())
		}
		d.add(n)
	}
}

// takesPlace reports whether a phase is run: verify and release always, the
// others when something changes in them.
func (d *draft) takesPlace(phase plans.Phase) bool {
	return phase == plans.Verify || phase == plans.Release || d.effectIn(phase)
}

func (d *draft) effectIn(phase plans.Phase) bool {
	return slices.ContainsFunc(d.steps, func(n *node) bool { return n.step.Phase == phase && n.step.Action.Effect() })
}

func checkStep(b *block, u use) *node {
	n := &node{rank: rankCheck, gate: gateAfter, because: fmt.Sprintf("phase %q names it as a postcondition", u.phase)}
	switch {
	case u.before:
		n.rank, n.gate = rankPrecondition, gateBefore
		n.because = fmt.Sprintf("phase %q names it as a precondition", u.phase)
	case !u.named:
		n.because = "no phase names it, and verify is where the new version is looked at before users see it"
	}
	n.step = plans.Step{
		Address: b.Address, Phase: u.phase, Action: plans.ActionCheck, Provider: "check/" + b.Driver,
		Summary: checkSummary(b), Block: b.Address, Settings: b.masked,
		Risk: plans.Risk{Level: "low"}, Rollback: nothingToUndo(),
	}
	return n
}

func checkSummary(b *block) string {
	if n := b.args.SuccessesInARow; n > 1 {
		return fmt.Sprintf("%d in a row", n)
	}
	return "once"
}

func nothingToUndo() plans.Rollback {
	return plans.Rollback{Grade: plans.GradeExact, Summary: "nothing to undo", Reason: "it only reads"}
}
