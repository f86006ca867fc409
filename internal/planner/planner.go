package planner

import (
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/diag"
	"github.com/lockstep-dev/lockstep/plans"
)

// Plan orders a change set for one environment. With an error among the
// diagnostics there is no plan; every error is reported, not the first alone.
func Plan(in Input) (*plans.Plan, diag.Diagnostics) {
	d := newDraft(in)
	for _, pass := range []func(){
		d.destination,
		d.content,
		d.schemas,
		d.histories,
		d.leased,
		d.classes,
		d.versionsAlone,
		d.terraform,
		d.terraformNotes,
		d.migrations,
		d.deployments,
		d.backfills,
		d.artifacts,
		d.checks,
		d.bakes,
		d.targets,
		d.shared,
		d.needs,
		d.backfillOrder,
		d.barriers,
	} {
		pass()
	}
	if d.diags.HasErrors() {
		return nil, d.report()
	}
	if d.order(); d.diags.HasErrors() {
		return nil, d.report()
	}
	d.explain()
	d.pointOfNoReturn()
	return d.plan(), d.report()
}

func (d *draft) report() diag.Diagnostics {
	d.diags.Sort()
	return d.diags
}

func (d *draft) plan() *plans.Plan {
	set, env := d.set, d.in.Environment
	p := &plans.Plan{
		FormatVersion: plans.FormatVersion,
		Tool:          d.in.Tool,
		ChangeSet:     set.Name,
		Description:   set.Description,
		Owner:         set.Owner,
		Links:         set.Links,
		Environment:   env.Name,
		Protected:     env.Protected,
		Content:       d.digest,
		Requires:      d.requires(),
		Upstream:      env.Upstream,
		After:         d.in.Standing.LastRun,
		Policy: plans.Policy{
			OnFailure:  set.Rollback.OnFailure,
			KeepSchema: set.Rollback.KeepSchema,
			Timeout:    plans.Duration(set.Rollback.Timeout),
		},
		Variables:    sortedVariables(d.in.Variables),
		Inputs:       d.inputs(),
		Observations: d.observations(),
		Steps:        make([]plans.Step, 0, len(d.steps)),
		Findings:     d.sortedFindings(),
		Surveys:      d.surveys(),
		Roles:        d.roles(),
		Settled:      d.settled(),
		Held:         d.heldFiles(),
	}
	if p.Settled == "" {
		for _, n := range d.steps {
			p.Steps = append(p.Steps, n.step)
		}
	}
	return p
}

// inputs are the files of the bundle: what was read, and what steps use.
func (d *draft) inputs() []plans.Input {
	all := slices.Clone(d.in.Inputs)
	for _, n := range d.steps {
		all = append(all, n.step.Inputs...)
	}
	return sortedInputs(all)
}

func sortedInputs(in []plans.Input) []plans.Input {
	out := slices.Clone(in)
	slices.SortFunc(out, compareInputs)
	return slices.Compact(out)
}

func sortedVariables(in []plans.Variable) []plans.Variable {
	out := slices.Clone(in)
	slices.SortFunc(out, func(a, b plans.Variable) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// observations are all that was observed, lists inside them in their order.
func (d *draft) observations() []plans.Observation {
	out := slices.Clone(d.in.Observations)
	slices.SortFunc(out, func(a, b plans.Observation) int { return strings.Compare(a.Address, b.Address) })
	for i, o := range out {
		if o.Database != nil && len(o.Database.Applied) > 0 {
			state := *o.Database
			state.Applied = sortedApplied(state.Applied)
			out[i].Database = &state
		}
		if o.Terraform != nil {
			state := *o.Terraform
			state.Source = sortedInputs(state.Source)
			state.WayBack = nil // it is the step's
			out[i].Terraform = &state
		}
	}
	return out
}
