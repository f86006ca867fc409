package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
)

// Remainder is the rest of an approved plan, planned once its late targets can
// be looked at.
type Remainder struct {
	Steps    []plans.Step
	Findings []plans.Finding
	// Outside are sentences about what was not approved; none: the run may go on.
	Outside []string
}

// Rest plans the late steps of an approved plan by the same rules, as their
// targets are, and compares the result with what was approved. The input's
// change set holds the blocks that can be looked at by now, its observations
// what is there without what the run itself has done.
func Rest(in Input, approved *plans.Plan) Remainder {
	d := newDraft(in)
	for _, pass := range []func(){
		d.schemas, d.histories, d.leased, d.classes, d.terraform, d.migrations, d.backfills,
	} {
		pass()
	}
	d.diags.Sort()
	r := Remainder{Findings: d.sortedFindings()}
	for _, n := range d.steps {
		r.Steps = append(r.Steps, n.step)
	}
	for _, o := range in.Observations {
		r.Outside = append(r.Outside, unlikeApproved(o, approved)...)
	}
	for _, m := range d.diags {
		r.Outside = append(r.Outside, strings.TrimSuffix(m.Summary, ".")+". "+m.Detail)
	}
	if !d.diags.HasErrors() {
		r.Outside = append(r.Outside, d.otherSteps(approved)...)
	}
	return r
}

// unlikeApproved says how a database is not what the envelopes of its steps
// want.
func unlikeApproved(o plans.Observation, approved *plans.Plan) []string {
	for _, s := range approved.Steps {
		if o.Database == nil || s.Target != o.Address || s.Envelope == nil || s.Envelope.Database == nil {
			continue
		}
		if found := foundOf(*o.Database); found != s.Envelope.Database.Words() {
			return []string{fmt.Sprintf("%s is %s; approved was %s", o.Address, found, s.Envelope.Database.Words())}
		}
		return nil
	}
	return nil
}

// foundOf says what a database is, in the words of a bound.
func foundOf(seen plans.DatabaseState) string {
	switch {
	case seen.Dirty:
		return "marked dirty at version " + seen.Version
	case seen.Fresh || seen.Version != "":
		return plans.DatabaseBound{Version: seen.Version}.Words()
	}
	return "not empty: it has tables that no history knows of"
}

// otherSteps compares the steps with the approved ones of the same blocks.
func (d *draft) otherSteps(approved *plans.Plan) []string {
	var outside []string
	for _, s := range approved.Steps {
		n := d.nodes[s.Address]
		switch {
		case d.blocks[s.Block] == nil || !s.Late:
		case n == nil && s.Action == plans.ActionMigrate:
			outside = append(outside, fmt.Sprintf("%s has nothing to do: %s has it already", s.Address, s.Target))
		case n != nil && n.step.Phase != s.Phase:
			outside = append(outside, fmt.Sprintf("%s belongs to phase %s (%s); approved was %s", s.Address, n.step.Phase, n.because, s.Phase))
		}
	}
	for _, n := range d.steps {
		if approved.Step(n.step.Address) == nil {
			outside = append(outside, fmt.Sprintf("%s (%s) is in no step of the approved plan", n.step.Address, n.step.Summary))
		}
	}
	return slices.Compact(outside)
}
