package planner

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
)

// terraform makes one step of each module that changes something.
func (d *draft) terraform() {
	for _, b := range d.kind("terraform") {
		seen := d.seen[b.Address]
		switch {
		case len(b.unknowns) > 0 || (seen != nil && seen.Late):
			d.lateTerraform(b)
		case seen == nil || seen.Terraform == nil:
			d.refuse(b.Range, mistake{
				"not-observed", b.Address + " was not observed",
				"A plan is made from what is there, and Terraform made no plan for this module.", "Run plan again; if it stays, run terraform plan in the module.",
			})
		default:
			d.knownTerraform(b, seen.Terraform)
		}
	}
}

func (d *draft) knownTerraform(b *block, seen *plans.TerraformState) {
	t := tally(seen.Changes)
	d.tellWorkspace(b, seen)
	kept := d.keepsDrift(b, seen)
	d.tellChecks(b, seen.Checks)
	if t.none() && seen.Plan == "" {
		return
	}
	if d.moved(terraformTarget(b)) {
		return
	}
	if !kept || !d.allowed(b, t) || !d.unprotected(b, seen.Changes) || !d.spares(b, seen.Changes) || !d.splittable(b, t) {
		return
	}
	d.tellChanges(b, seen.Changes)
	if plans.Mixed(seen.Changes) {
		d.terraformInParts(b, seen)
		return
	}
	n := d.terraformPart(b, seen, "")
	n.step.Inputs = append(d.terraformPlanInput(b.Name, seen.Plan), seen.Source...)
	d.add(n)
}

// terraformPart is the step of a part of a plan, or of all of it.
func (d *draft) terraformPart(b *block, seen *plans.TerraformState, part plans.Part) *node {
	t := tally(seen.ChangesOf(part))
	n := d.terraformStep(b)
	n.step.Part = part
	n.step.Summary, n.step.Rollback, n.step.Risk = t.summary(), t.rollback(), t.risk()
	if part != plans.PartTakes {
		n.step.Rollback = d.wayBackOfTerraform(b, t, seen.WayBack)
	}
	n.because = "it only adds to what runs (" + n.step.Summary + ")"
	if t.takes() {
		n.step.Phase = plans.Contract
		n.because = "it takes something away that older code may use (" + n.step.Summary + ")"
	}
	return n
}

// terraformPlanInput names a saved plan as the caller stored it.
func (d *draft) terraformPlanInput(name string, plan plans.Digest) []plans.Input {
	if plan == "" {
		return nil
	}
	for _, in := range d.in.Inputs {
		if in.Role == "terraform-plan" && in.Digest == plan {
			return []plans.Input{in}
		}
	}
	return []plans.Input{{Role: "terraform-plan", Path: name + ".tfplan", Digest: plan}}
}

func (d *draft) terraformStep(b *block) *node {
	return &node{rank: rankTerraform, step: plans.Step{
		Address: b.Address, Phase: plans.Expand, Action: plans.ActionTerraform, Provider: "terraform",
		Block: b.Address, Target: terraformTarget(b),
		Settings: b.masked, Timeout: plans.Duration(b.Timeout),
	}}
}

// terraformTarget names the state that a module's steps change.
func terraformTarget(b *block) string {
	target := "terraform:" + path.Clean(b.Settings.Text("source"))
	if workspace := b.Settings.Text("workspace"); workspace != "" {
		target += "@" + workspace
	}
	return target
}

// lateTerraform plans a module whose inputs come out of an earlier step.
func (d *draft) lateTerraform(b *block) {
	allowed := b.args.AllowedActions
	unknown := listed(b.unknowns)
	if unknown == "" {
		unknown = "its state"
	}
	if len(allowed) == 0 {
		d.refuse(b.Range, mistake{
			"late-without-bounds", fmt.Sprintf("%s cannot be planned yet, and nothing bounds what it may do", b.Address),
			fmt.Sprintf("Not known before an earlier step has run: %s.", unknown),
			`Add allowed_actions, for example ["create", "update"]: what the module may do without a new approval.`,
		})
		return
	}
	for _, action := range allowed {
		if !slices.Contains([]string{"create", "update", "read", "no-op"}, action) {
			d.refuse(b.Range, mistake{
				"late-destroy", fmt.Sprintf("%s cannot be planned yet, and may %s", b.Address, action),
				"What takes something away belongs to the contract phase and must be seen before it is approved.",
				`Leave ` + fmt.Sprintf("%q", action) + ` out of allowed_actions, or give the module inputs that are known.`,
			})
			return
		}
	}
	n := d.terraformStep(b)
	n.because = "it may only add (allowed_actions: " + strings.Join(allowed, ", ") + ")"
	n.step.Summary = "known after apply; may " + strings.Join(allowed, ", ")
	n.step.Late = true
	n.step.Envelope = &plans.Envelope{Actions: allowed, NonDestructive: true, Reason: "not known before an earlier step has run: " + unknown}
	n.step.Risk = plans.Risk{Level: "medium", Reasons: []string{"what it does is known only while the run is under way"}}
	n.step.Rollback = plans.Rollback{Grade: plans.GradeStructural, Summary: "what it created is destroyed", Reason: "updates are taken back by applying the previous configuration; which there are is not known yet"}
	if seen := d.seen[b.Address]; seen != nil && seen.Terraform != nil {
		n.step.Inputs = slices.Clone(seen.Terraform.Source)
	}
	d.add(n)
}

func (d *draft) warnOfDrift(b *block, drift []plans.ResourceChange) {
	var names []string
	for _, c := range drift {
		names = append(names, c.Object())
	}
	if len(names) == 0 {
		return
	}
	d.find(plans.Finding{
		Code: "terraform-drift", Severity: plans.SeverityWarning, Address: b.Address,
		Summary: fmt.Sprintf("%s changed outside of Terraform: %s", count(len(names), "resource"), listed(names)),
		Fix:     "look at them first: the plan may undo what somebody did by hand",
	})
}
