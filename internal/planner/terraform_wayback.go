package planner

import (
	"fmt"

	"github.com/lockstep-dev/lockstep/plans"
)

// wayBackOfTerraform is the rollback of a module's step: what its changes
// allow at best, and what Terraform itself planned from there.
func (d *draft) wayBackOfTerraform(b *block, t changeTally, foreseen *plans.TerraformWayBack) plans.Rollback {
	r := t.rollback()
	if foreseen == nil {
		return r
	}
	w := foreseen.Judged()
	r.Terraform = w
	switch {
	case r.Grade == plans.GradeNone:
		return r
	case !w.Exists():
		r.Grade, r.Summary, r.Reason = plans.GradeNone, "NONE - one-way door", w.Why
		return r
	}
	r.Summary = fmt.Sprintf("%s (%s)", w.Words(), w.Source)
	if w.Release == "" {
		r.Reason = "nothing was there before: what it made is destroyed, with what was put into it since"
	} else {
		r.Reason = fmt.Sprintf("the configuration that was applied at serial %s comes back; %s", w.Release, r.Reason)
	}
	if w.Hold == "" {
		return r
	}
	w.Commands = []string{"lockstep abort RUN --with-infrastructure", "lockstep abort RUN --leave"}
	r.Summary += "; asks first"
	r.Reason += "; " + w.Hold + ", so a run that fails stops there and asks"
	d.find(plans.Finding{
		Code: "way-back-held", Severity: plans.SeverityWarning, Address: b.Address, Roles: []string{roleDBA},
		Summary: fmt.Sprintf("%s is not taken back by itself: %s", b.Address, w.Hold),
		Detail:  "A run that fails stops before it, and a person says whether it goes (" + w.Commands[0] + ") or stays (" + w.Commands[1] + ").",
	})
	return r
}
