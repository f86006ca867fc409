package sqlcheck

import (
	"slices"

	"github.com/lockstep-dev/lockstep/internal/pglint"
	"github.com/lockstep-dev/lockstep/plans"
)

// Rule is a project's own word on one code, from its lint block.
type Rule struct {
	// Severity is empty for the rule's own.
	Severity plans.Severity
	// Enabled is nil for the rule's own.
	Enabled *bool
}

// Rules are a project's own words by code; nil for none.
type Rules map[string]Rule

// enable turns on what the project asks for.
func (r Rules) enable(l *pglint.Linter) *pglint.Linter {
	for code, rule := range r {
		if rule.Enabled != nil && *rule.Enabled {
			l.Enable(code)
		}
	}
	return l
}

// apply changes what findings weigh. An error of a file that no server runs is
// none that a project could turn down, and what an author has answered is.
func (r Rules) apply(findings []plans.Finding) []plans.Finding {
	return slices.DeleteFunc(findings, func(f plans.Finding) bool {
		rule := r[f.Code]
		return rule.Enabled != nil && !*rule.Enabled && f.Severity != plans.SeverityError && f.Accepted == ""
	})
}

// weigh returns the findings with the project's severities.
func (r Rules) weigh(findings []plans.Finding) []plans.Finding {
	for i, f := range findings {
		if rule := r[f.Code]; rule.Severity != "" && f.Severity != plans.SeverityError && f.Accepted == "" {
			findings[i].Severity = rule.Severity
		}
	}
	return findings
}
