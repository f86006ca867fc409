package planner

import (
	"fmt"
	"slices"

	"github.com/lockstep-dev/lockstep/internal/budget"
	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/plans"
)

// Roles that a plan can call for.
const (
	roleDBA      = "dba"
	roleRelease  = "release"
	roleSecurity = "security"
)

// maxReasons that one role is given.
const maxReasons = 5

// roles are who must look at the plan, by role, and why.
func (d *draft) roles() []plans.RoleCall {
	why := map[string][]string{}
	call := func(role, reason string) {
		if !slices.Contains(why[role], reason) {
			why[role] = append(why[role], reason)
		}
	}
	for _, f := range d.sortedFindings() {
		if f.Severity != plans.SeverityInfo || f.Accepted != "" {
			for _, role := range f.Roles {
				call(role, located(f.File, f.Line)+f.Code+": "+f.Summary)
			}
		} else if slices.Contains(f.Roles, roleSecurity) {
			call(roleSecurity, located(f.File, f.Line)+f.Code+": "+f.Summary)
		}
	}
	for _, n := range d.steps {
		if n.step.OneWay() {
			call(roleRelease, n.step.Address+" has no way back: "+n.step.Rollback.Reason)
		}
		d.databaseRoles(n.step, call)
	}
	var calls []plans.RoleCall
	for _, role := range []string{roleDBA, roleRelease, roleSecurity} {
		if len(why[role]) > 0 {
			calls = append(calls, plans.RoleCall{Role: role, Why: bounded(why[role])})
		}
	}
	return calls
}

// databaseRoles calls the DBA for what keeps others waiting and for tables
// whose size makes everything slow.
func (d *draft) databaseRoles(step plans.Step, call func(role, reason string)) {
	if step.Migration == nil {
		return
	}
	sizes := d.in.Surveys[step.Migration.Database].Relations
	for _, s := range step.Statements {
		for _, l := range s.Locks {
			if !sqlcheck.Blocks(l.Mode) {
				continue
			}
			call(roleDBA, fmt.Sprintf("%s%s on %s (%s)", located(s.File, s.Line), l.Mode, l.Relation, s.Source))
			if i := slices.IndexFunc(sizes, func(r plans.RelationFigures) bool { return r.Relation == l.Relation }); i >= 0 {
				if r := sizes[i]; (sqlcheck.Size{Rows: r.Rows, Bytes: r.Bytes + r.IndexBytes}).Large() {
					call(roleDBA, fmt.Sprintf("%s is large: %s in %s (measured)", r.Relation, rowsOf(r.Rows), budget.Bytes(r.Bytes+r.IndexBytes)))
				}
			}
		}
	}
}

func located(file string, line int) string {
	switch {
	case file == "":
		return ""
	case line == 0:
		return file + ": "
	}
	return fmt.Sprintf("%s:%d: ", file, line)
}

// bounded keeps a list that people read.
func bounded(reasons []string) []string {
	if len(reasons) <= maxReasons {
		return reasons
	}
	return append(slices.Clone(reasons[:maxReasons]), fmt.Sprintf("and %d more", len(reasons)-maxReasons))
}
