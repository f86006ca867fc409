package planner

import "github.com/lockstep-dev/lockstep/plans"

// terraformNotes tells what was found in the sources of modules and what no
// plan of theirs shows: provisioners, files whose paths are computed.
func (d *draft) terraformNotes() {
	for _, b := range d.kind("terraform") {
		seen := d.seen[b.Address]
		if seen == nil || seen.Terraform == nil {
			continue
		}
		for _, n := range seen.Terraform.Notes {
			d.find(plans.Finding{
				Code: n.Rule, Severity: plans.SeverityWarning, Address: b.Address,
				Summary: n.Message, Fix: n.Fix, File: n.File, Line: n.Line, Roles: []string{roleSecurity},
			})
		}
	}
}
