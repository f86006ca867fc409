package pgclass

import (
	"slices"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/plans"
)

// conflict says which two units are split in ways that touch the same, so that
// the files of one do not fit behind those of the other; it is empty for none.
func conflict(units []unit) string {
	touched := map[string]bool{}
	for _, u := range units {
		if u.Class != plans.ClassSplit {
			continue
		}
		for _, what := range u.touches {
			if touched[what] {
				return what + " is changed in two ways that do not fit together: let one of them come in a change set of its own"
			}
		}
		for _, what := range u.touches {
			touched[what] = true
		}
	}
	return ""
}

// touching notes what the files of a split make anew.
func (r ruling) touching(touches []string) ruling {
	r.touches = touches
	return r
}

// touches is what the files of a replacement make anew: the column and what is
// on it.
func (r replacement) touches() []string {
	column := func(name string) string { return "the column " + r.table.String() + "." + quotedPart(name) }
	all := []string{column(r.old()), column(r.name)}
	for _, was := range r.c.Was {
		all = append(all, column(was))
	}
	for _, c := range r.computedColumns() {
		all = append(all, column(c.Name))
	}
	for _, i := range r.indexes() {
		all = append(all, "the index "+i.Name.String())
	}
	for _, a := range r.constraintsAnew() {
		all = append(all, "the constraint "+quotedPart(a.old)+" of "+a.table.String())
	}
	for _, v := range r.views() {
		all = append(all, "the view "+v.Name.String())
	}
	for _, g := range r.policies() {
		all = append(all, "the policy "+quotedPart(g.GetPolicyName())+" of "+r.table.String())
	}
	for _, g := range r.triggers() {
		all = append(all, "the trigger "+quotedPart(g.GetTrigname())+" of "+r.table.String())
	}
	for _, c := range r.t.StatisticsOn(r.old()) {
		all = append(all, "the statistics "+pgschema.NameOfParts(pgschema.Strings(c.GetDefnames())).String())
	}
	slices.Sort(all)
	return slices.Compact(all)
}
