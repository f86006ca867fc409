package planner

import (
	"fmt"

	"github.com/lockstep-dev/lockstep/plans"
)

// pointOfNoReturn names the first step that the change set does not come back
// from: one without a way back, or the first of contract, after which the old
// version no longer works. What a failing run keeps, because older code
// survives it, does not count.
func (d *draft) pointOfNoReturn() {
	for _, n := range d.steps {
		s := n.step
		if !s.NoReturn() {
			continue
		}
		reason := "after it the previous version does not work any more"
		if s.OneWay() {
			reason = s.Rollback.Reason
		}
		d.find(plans.Finding{
			Code: "point-of-no-return", Severity: plans.SeverityWarning, Address: s.Address,
			Summary: fmt.Sprintf("%s is the point of no return", s.Address),
			Detail:  reason + "; a failure from there on is mended forward, not rolled back",
		})
		return
	}
}
