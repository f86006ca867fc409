package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
)

// keepsDrift tells what changed outside of Terraform, and refuses a plan that
// would write over it unless the block says that it may.
//
// Terraform plans on what it finds, so a change by hand that the configuration
// contradicts is among the attributes that the plan changes back.
func (d *draft) keepsDrift(b *block, seen *plans.TerraformState) bool {
	d.warnOfDrift(b, seen.Drift)
	var over, patterns []string
	for _, drift := range seen.Drift {
		words := overwritten(drift, seen.Changes)
		if words == "" || slices.ContainsFunc(b.args.AcceptDrift, func(pattern string) bool { return plans.Matches(pattern, drift.Address) }) {
			continue
		}
		over = append(over, words)
		patterns = append(patterns, fmt.Sprintf("%q", drift.Address))
	}
	if len(over) == 0 {
		return true
	}
	d.refuse(b.Range, mistake{
		"drift-on-touched", b.Address + " would write over what somebody did outside of Terraform",
		fmt.Sprintf("Changed outside of Terraform, and planned to be changed back: %s.", listed(over)),
		fmt.Sprintf("Find out who did it and why. To keep it, write it into the module; to undo it, say so in the block: accept_drift = [%s]", strings.Join(patterns, ", ")),
	})
	return false
}

// overwritten says what of the drift the changes undo; empty for nothing.
func overwritten(drift plans.ResourceChange, changes []plans.ResourceChange) string {
	for _, c := range changes {
		if c.Address != drift.Address && c.Previous != drift.Address || c.Deposed != drift.Deposed {
			continue
		}
		if c.Repairs {
			return c.Object() + " (the object is gone, and would be made again)"
		}
		undone := slices.DeleteFunc(slices.Clone(drift.Attributes), func(a string) bool { return !slices.Contains(c.Attributes, a) })
		if len(undone) > 0 && c.Kind() != plans.ChangeDelete {
			return fmt.Sprintf("%s (%s)", c.Object(), strings.Join(undone, ", "))
		}
	}
	return ""
}
