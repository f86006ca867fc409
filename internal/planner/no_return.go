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
			Detail:  reason + fate(s),
		})
		return
	}
}

// fate is what becomes of a run that fails after the step.
func fate(s plans.Step) string {
	if s.Phase != plans.Contract && (s.Action == plans.ActionMigrate || s.Action == plans.ActionTerraform) {
		return "; after a failure from there on it stays, and the application alone is rolled back"
	}
	return "; a failure from there on is mended forward, not rolled back"
}

// warnOfKeptAfterAll says that a schema stays which was meant to go back.
func (d *draft) warnOfKeptAfterAll(s plans.Step) {
	if s.Phase == plans.Contract || d.set.Rollback.KeepSchema || s.Rollback.Grade != plans.GradeNone {
		return
	}
	d.find(plans.Finding{
		Code: "kept-after-all", Severity: plans.SeverityWarning, Address: s.Address,
		Summary: fmt.Sprintf("%s cannot be taken back, although keep_schema = false", s.Address),
		Detail:  s.Rollback.Reason + "; a run that fails after it keeps schema and infrastructure, and takes the application back alone",
		Fix:     "write a down file, or remove keep_schema = false",
	})
}
