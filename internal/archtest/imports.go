package archtest

import (
	"slices"
	"strings"
)

// rule says what the packages at and below a folder may import of this module.
type rule struct {
	folder string
	may    []string
	// outside lists the modules from elsewhere that are allowed; nil: any.
	outside []string
	reason  string
}

// rules returns the table of allowed imports; the longest folder that fits
// decides. Tests may import what they need; the laws still bind them.
func rules() []rule {
	none := []string{}
	contract := []string{"plans", "providers", "internal/redact", "internal/failpoint"}
	return []rule{
		{"plans", none, none, "the plan model is the public contract: standard library alone"},
		{"internal/dag", none, none, "a generic graph knows nothing of plans"},
		{"internal/diag", []string{"internal/redact"}, []string{"github.com/hashicorp/hcl/v2"}, "diagnostics know HCL's places and nothing else"},
		{"internal/redact", none, nil, "everyone masks, so masking depends on no one"},
		{"internal/version", none, nil, "build information depends on no one"},
		{"internal/terminal", none, nil, "streams and colour know nothing of what is printed"},
		{"internal/sqlscan", none, nil, "the lexer knows text alone"},
		{"internal/memo", none, none, "what is kept knows nothing of how it was computed"},
		{"internal/lock", none, nil, "a lease knows nothing of what it guards"},
		{"internal/pgtest", []string{"internal/scratch"}, nil, "a test server knows nothing of what is tested"},
		{"internal/mysqltest", []string{"internal/scratch"}, nil, "a test server knows nothing of what is tested"},
		{"internal/trialprovider", none, nil, "a provider for tests knows nothing of what is tested"},
		{"internal/scratch", none, nil, "a folder knows nothing of what is kept in it"},
		{"internal/faultproxy", none, none, "it knows PostgreSQL's framing and nothing of who speaks"},
		{"internal/seal", none, nil, "who may read a file does not depend on what is in it"},
		{"internal/failpoint", none, none, "every package may mark a place, so it depends on no one"},

		{"providers", []string{"plans", "internal/failpoint"}, none, "the contract speaks in plans alone, so that a provider can live elsewhere"},
		{"internal/tfchange", []string{"plans"}, []string{"github.com/hashicorp/terraform-json", "github.com/zclconf/go-cty"}, "what a Terraform plan does follows from its JSON"},
		{"providers/terraform", append(slices.Clone(contract), "internal/memo", "internal/tfchange", "internal/tfpolicy", "internal/nesting", "internal/seal"), nil, "a provider knows the contract, not who calls it"},
		{"providers/", contract, nil, "a provider knows the contract, not who calls it"},
		{"internal/tfpolicy", []string{"plans", "internal/nesting"}, nil, "what sources would do is read from their text"},
		{"providers/database", append(slices.Clone(contract), "internal/sqlscan", "internal/sqltrace", "internal/adopt", "internal/mend", "internal/doctor"), nil, "a provider knows the contract; SQL also needs statements, what they leave behind, and what other tools left"},
		{"internal/adopt", []string{"plans", "internal/sqlscan"}, none, "what other tools left is understood from rows and files that are handed over"},
		{"internal/mend", []string{"plans", "internal/sqlscan", "internal/sqltrace"}, none, "what is to be done about a broken file follows from what was found"},
		{"internal/sqltrace", []string{"internal/sqlscan"}, none, "what a statement leaves in the catalog is read from its text"},
		{"internal/doctor", none, none, "what a sign means follows from facts that are handed over"},
		{"internal/gate", []string{"plans", "internal/failpoint", "internal/redact"}, nil, "a check answers with evidence; it starts nothing"},
		{"internal/journal", []string{"plans", "internal/failpoint"}, nil, "the journal records plans' words and interprets none"},
		{"internal/approval", []string{"plans"}, nil, "approvals bind people to digests"},
		{"internal/pgsyntax", []string{"internal/sqlscan"}, nil, "the grammar knows text alone"},
		{"internal/pgschema", []string{"internal/pgsyntax", "internal/sqlscan"}, nil, "a schema follows from statements, or from rows that are handed over"},
		{"internal/pgeffect", []string{"internal/pgsyntax", "internal/pgschema", "plans"}, nil, "what a statement locks and reads follows from its tree and the schema"},
		{"internal/pgrights", []string{"internal/pgsyntax", "internal/pgschema", "plans"}, nil, "which rights a statement needs follows from its tree"},
		{"internal/sqlsecret", []string{"internal/sqlscan", "internal/redact"}, none, "where a password stands follows from the text"},
		{"internal/rehearse/server", []string{"internal/redact", "internal/sqlscan"}, nil, "a scratch server knows nothing of what is rehearsed on it"},
		{"internal/migrationfile", []string{"plans"}, none, "how a new file is called follows from the files that are there"},
		{"internal/pgrule", []string{"plans", "internal/pgsyntax", "internal/pgschema", "internal/pgeffect"}, nil, "a rule is judged from a statement, the schema and what it does"},
		{"internal/pglint", []string{"internal/pgsyntax", "internal/pgschema", "internal/pgeffect", "internal/pgrule", "internal/sqlscan", "plans"}, nil, "which rules a file breaks follows from its statements and the schema before it"},
		{"internal/pgclass", []string{"internal/pgsyntax", "internal/pgschema", "internal/pgeffect", "internal/pgrule", "internal/sqlscan", "plans"}, nil, "on which side of a deployment a statement belongs follows from it, the schema before it and the released one"},
		{"internal/budget", []string{"plans", "internal/sqlscan"}, none, "how long a lock is held is estimated from figures that are handed over"},
		{"internal/scoreboard", []string{"internal/pgsyntax", "internal/pgschema", "internal/pgeffect", "internal/pgrule", "internal/pglint", "internal/sqlscan", "internal/sqlcheck", "internal/rehearse/trace", "internal/pgtest", "plans"}, nil, "compares verdicts with other linters' fixtures; nothing depends on it"},
		{"internal/rehearse/updown", []string{"plans", "internal/sqlscan", "internal/rehearse/catalog", "internal/rehearse/trace", "internal/rehearse/aside"}, nil, "up, down and up again are watched by those who measure"},
		{"internal/rehearse", []string{"plans", "internal/redact", "internal/sqlscan", "internal/sqlsecret"}, nil, "a rehearsal brings its parts together and knows nothing of plans' order"},
		{"internal/rehearse/", []string{"plans", "internal/sqlscan", "internal/pgsyntax"}, nil, "a rehearsal measures on a throw-away server what others only know by rule"},
		{"internal/report", []string{"plans", "internal/redact", "internal/terminal"}, nil, "a report spells findings for other programs, and escapes what is foreign in them"},
		{"internal/sqlcheck", []string{"plans", "internal/sqlscan", "internal/pgsyntax", "internal/pgschema", "internal/pgeffect", "internal/pgrule", "internal/pglint", "internal/pgclass", "internal/sqlsecret"}, nil, "analysers turn statements into findings"},
		{"internal/nesting", none, []string{"github.com/hashicorp/hcl/v2", "github.com/zclconf/go-cty"}, "how deep a text nests is counted before anybody parses it"},
		{"internal/config", []string{"internal/diag", "internal/nesting", "internal/redact", "internal/seal", "internal/sqlscan", "internal/sqlcheck", "plans"}, nil, "the language knows no target; SQL in it is read as text, and the lint block names sqlcheck's codes"},
		{"internal/planner", []string{"plans", "internal/config", "internal/dag", "internal/diag", "internal/sqlcheck", "internal/sqlscan", "internal/budget"}, nil, "a plan is a pure function of what was read"},
		{"internal/confined", none, none, "what a folder may show knows nothing of what is read there"},
		{"internal/untrusted", []string{"plans", "internal/config", "internal/diag", "internal/planner", "internal/pgeffect", "internal/sqlcheck", "internal/tfpolicy"}, nil, "a report about strangers' files follows from the files alone; nothing that it imports can ask or start anything"},
		{"internal/bundle", []string{"plans", "internal/failpoint", "internal/seal"}, nil, "a bundle is a plan and the bytes it names"},
		{"internal/rollout", []string{"plans", "providers", "internal/dag", "internal/gate", "internal/journal", "internal/lock", "internal/failpoint"}, nil, "apply obeys the plan and nothing else"},
		{"internal/view", []string{"plans", "internal/diag", "internal/journal", "internal/rollout", "internal/terminal", "internal/dag", "internal/redact", "internal/adopt", "internal/mend", "internal/doctor", "internal/budget", "internal/report", "internal/untrusted"}, nil, "views render what they are given: plans, runs and the events of a rollout"},
		{"cmd/lockstep", []string{"internal/command"}, none, "main hands over and nothing else"},
		{"internal/command", nil, nil, "the only place where everything meets"},
		{"internal/archtest", nil, nil, "reads sources, is imported by no one"},
		{"internal/bench", []string{"internal/command", "internal/journal", "internal/pgtest", "internal/trialprovider"}, nil, "measures the command and a past that the journal has written, on a server of its own"},
		{"internal/crashtest", nil, nil, "drives the built program"},
	}
}

// Imports checks every file outside of tests against the table.
func Imports(t *Tree) []Violation {
	var found []Violation
	unknown := map[string]bool{}
	for _, f := range t.Files {
		r, ok := ruleOf(f.Package)
		if !ok && !unknown[f.Package] {
			unknown[f.Package] = true
			found = append(found, Violation{
				f.Path, 0, "package " + f.Package + " has no rule in internal/archtest/imports.go",
				"a new package says what it may import, and why",
			})
		}
		if !ok || f.Test {
			continue
		}
		for _, imp := range f.Imports {
			if !r.allows(t, f, imp.Path) {
				found = append(found, Violation{f.Path, imp.Line, "imports " + imp.Path, r.reason})
			}
		}
	}
	return found
}

// ruleOf finds the longest folder that fits. "providers/" is the rule of what
// lies below the contract, "providers" that of the contract itself.
func ruleOf(folder string) (rule, bool) {
	var best rule
	for _, r := range rules() {
		fits := within(folder, r.folder) || strings.HasSuffix(r.folder, "/") && strings.HasPrefix(folder, r.folder)
		if fits && len(r.folder) > len(best.folder) {
			best = r
		}
	}
	return best, best.folder != ""
}

func (r rule) allows(t *Tree, f File, importPath string) bool {
	folder, own := t.Own(importPath)
	switch {
	case own:
		return r.may == nil || slices.Contains(r.may, folder) || family(f.Package, folder)
	case !strings.Contains(strings.SplitN(importPath, "/", 2)[0], "."):
		return true // the standard library is the laws' business
	}
	return r.outside == nil || slices.ContainsFunc(r.outside, func(m string) bool { return within(importPath, m) })
}

// family reports whether two packages are parts of one: a provider and its
// sub-packages, or a package and what lies below it.
func family(a, b string) bool {
	root := func(folder string) string {
		parts := strings.SplitN(folder, "/", 3)
		if len(parts) < 2 {
			return folder + "/"
		}
		return parts[0] + "/" + parts[1]
	}
	return root(a) == root(b)
}
