package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
)

// terraformInParts makes two steps of a plan that adds and takes away at once:
// what adds comes before the deployment, what takes after it.
func (d *draft) terraformInParts(b *block, seen *plans.TerraformState) {
	adds, takes := d.terraformPart(b, seen, plans.PartAdds), d.terraformPart(b, seen, plans.PartTakes)
	adds.because += ", and the rest of its plan waits for the contract phase"
	adds.step.Inputs = append(d.terraformPlanInput(b.Name+"-part", seen.Part.Plan), seen.Source...)
	takes.because += ", and the rest of its plan comes before the deployment"
	takes.step.Address += `["rest"]`
	takes.step.Inputs = append(d.terraformPlanInput(b.Name, seen.Plan), seen.Source...)
	d.add(adds)
	d.add(takes)

	before, after := tally(seen.ChangesOf(plans.PartAdds)), tally(seen.ChangesOf(plans.PartTakes))
	f := plans.Finding{
		Code: "terraform-two-parts", Severity: plans.SeverityInfo, Address: b.Address,
		Summary: fmt.Sprintf("%s is carried out in two parts: before the deployment %s (%s), after it %s (%s)",
			b.Address, before.summary(), listed(moving(before)), after.summary(), listed(after.taking())),
		Detail: "The first is a saved plan that Lockstep itself limited with -target and found equal to what this plan says of it; no other plan made with -target is ever approved. " +
			"The second is planned again when its turn comes, and may hold nothing else than this plan says.",
	}
	if len(seen.Part.Later) > 0 {
		f.Detail += fmt.Sprintf(" These outputs have their new value only after the second: %s.", listed(seen.Part.Later))
	}
	d.find(f)
}

// moving are the objects of a part that only adds, moves among them.
func moving(t changeTally) []string {
	all := append(t.adding(), t[plans.ChangeMove]...)
	slices.Sort(all)
	return all
}

// splittable refuses a module that adds and takes away at once where Terraform
// cannot do the one without the other, or an earlier step needs what only the
// second part makes known.
func (d *draft) splittable(b *block, t changeTally) bool {
	seen := d.seen[b.Address].Terraform
	if !t.adds() || !t.takes() {
		return true
	}
	if seen.Part == nil {
		why := seen.Unsplittable
		if why == "" {
			why = "the module was observed by another version of lockstep"
		}
		d.refuse(b.Range, mistake{
			"unsplittable", fmt.Sprintf("%s adds and takes away, and Terraform cannot do the one without the other", b.Address),
			fmt.Sprintf("Before the deployment: %s. After it, because older code may use them: %s. But %s.", listed(t.adding()), listed(t.taking()), why),
			"Split the module's change in two change sets: first what is added, made from nothing that goes away; in a later one what is taken away. Or give what is added a module and a terraform block of its own.",
		})
		return false
	}
	reader, output := d.readerOfLater(b, seen.Part.Later)
	if reader == nil {
		return true
	}
	d.refuse(reader.Range, mistake{
		"unsplittable", fmt.Sprintf("%s reads output %q of %s, which has its new value only after the contract phase", reader.Address, output, b.Address),
		fmt.Sprintf("%s adds and takes away, and the output is made from what is taken away: %s.", b.Address, listed(t.taking())),
		fmt.Sprintf("Take away in a later change set, or make the output from what stays or is added, or move %s to a later change set.", reader.Address),
	})
	return false
}

// readerOfLater finds a block that refers to an output which the first part
// does not settle.
func (d *draft) readerOfLater(b *block, later []string) (*block, string) {
	if len(later) == 0 {
		return nil, ""
	}
	outputs := b.Address + ".outputs"
	for _, other := range d.ordered {
		for _, read := range other.Reads {
			if read == outputs {
				return other, later[0]
			}
			name, isOutput := strings.CutPrefix(read, outputs+".")
			name, _, _ = strings.Cut(name, ".")
			if isOutput && slices.Contains(later, name) {
				return other, name
			}
		}
	}
	return nil, ""
}
