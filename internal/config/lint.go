package config

import (
	"fmt"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/diag"
	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/plans"
)

// LintRule is what a project says of one code of findings about SQL.
type LintRule struct {
	Code     string
	Severity string // "error", "warning", "info", or empty for the code's own
	Enabled  *bool  // nil for the code's own
	Range    diag.Range
}

func lintBlock() BlockDoc {
	return BlockDoc{
		Type: "lint", Supported: true,
		Doc: "What the project thinks of single rules for SQL, wherever files are judged: by lint and by plan.",
		Blocks: []BlockDoc{{
			Type: "rule", Labels: []string{"code"}, Supported: true, Repeatable: true,
			Doc: "One rule, by the code that its findings have. What a server refuses stays an error.",
			Arguments: []ArgumentDoc{
				{Name: "severity", Type: TypeString, Constant: true, OneOf: []string{"error", "warning", "info"}, Doc: "How much its findings weigh: a plan refuses files with an error. The rule's own when left out."},
				{Name: "enabled", Type: TypeBool, Constant: true, Doc: "Whether it counts. The rule's own when left out."},
			},
		}},
	}
}

// LintRules returns what the project says of single codes, in the order in
// which it says it.
func (p *Project) LintRules() []LintRule {
	var rules []LintRule
	for _, b := range p.lintBlocks() {
		r := LintRule{Code: b.name, Severity: p.constantText(b, "severity"), Range: diag.FromHCLRange(b.place)}
		if b.args["enabled"] != nil {
			enabled := p.constantBool(b, "enabled")
			r.Enabled = &enabled
		}
		rules = append(rules, r)
	}
	return rules
}

func (p *Project) lintBlocks() []*block {
	var rules []*block
	for _, lint := range p.root.children("lint") {
		rules = append(rules, lint.children("rule")...)
	}
	return rules
}

// lintRules checks that rules exist, are named once, and may be changed.
func (c *checker) lintRules() {
	blocks := c.project.lintBlocks()
	if len(blocks) == 0 {
		return
	}
	known, names := map[string]sqlcheck.Code{}, []string{}
	for _, code := range sqlcheck.Codes() {
		known[code.Code] = code
		names = append(names, code.Code)
	}
	for _, b := range blocks {
		code, found := known[b.name]
		switch {
		case !found:
			c.fail(mistake{
				"unknown-rule", fmt.Sprintf("No rule %q", cut(b.name)),
				"A rule is named by the code that its findings have: lockstep lint prints it.",
				strings.TrimSpace(didYouMean(b.name, names) + otherName(b.name)),
			}, b.place)
		case code.Severity == plans.SeverityError && c.turnsDown(b):
			c.fail(mistake{
				"fixed-rule", fmt.Sprintf("Rule %q cannot be turned down", b.name),
				strings.TrimSuffix(code.Title, ".") + ": the server or Lockstep refuses such a file, whatever a project thinks of it.",
				"Remove the rule block, and mend the files that it is about.",
			}, b.place)
		}
	}
}

func (c *checker) turnsDown(b *block) bool {
	severity := c.project.constantText(b, "severity")
	return severity != "" && severity != string(plans.SeverityError) || b.args["enabled"] != nil && !c.project.constantBool(b, "enabled")
}

// otherName helps who wrote PG-L60 for create-index.
func otherName(name string) string {
	if code, found := sqlcheck.Find(strings.ToUpper(name)); found && code.Code != name {
		return fmt.Sprintf(" %s is %q.", code.ID, code.Code)
	}
	return ""
}
