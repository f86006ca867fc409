package planner

import (
	"fmt"

	"github.com/lockstep-dev/lockstep/plans"
)

// rightsFindings tells which rights the pending files need and the role has not
// got. They refuse nothing: a right may be given until the plan is applied.
func (d *draft) rightsFindings(s *schema) {
	for _, lack := range d.in.Surveys[s.name].Lacks {
		f := plans.Finding{
			Code: "right-missing", Severity: plans.SeverityError, Address: s.database.Address, File: lack.File, Line: lack.Line,
			Roles: []string{roleDBA}, Summary: lack.Summary,
			Detail: fmt.Sprintf("%s refuses the statement; measured when the plan was made. To be given by %s.", s.database.Address, lack.Who),
			Fix:    lack.Type,
		}
		for _, m := range s.pending {
			if m.file.Up.Path == lack.File {
				f.Address = s.address(m.file)
			}
		}
		d.find(f)
	}
}
