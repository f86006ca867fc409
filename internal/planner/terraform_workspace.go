package planner

import (
	"fmt"

	"github.com/lockstep-dev/lockstep/plans"
)

// tellWorkspace says the one thing that planning writes: a saved plan is bound
// to a state, and a workspace that is not there has none.
func (d *draft) tellWorkspace(b *block, seen *plans.TerraformState) {
	if !seen.Created {
		return
	}
	d.find(plans.Finding{
		Code: "workspace-created", Severity: plans.SeverityInfo, Address: b.Address,
		Summary: fmt.Sprintf("the workspace %q was not there: planning made it, with an empty state", seen.Workspace),
		Detail:  "A saved plan is bound to the state that it was made from, so that there has to be one. Nothing else was written.",
		Fix:     fmt.Sprintf("if the name is wrong, correct it and remove this one: terraform workspace delete %s", seen.Workspace),
	})
}
