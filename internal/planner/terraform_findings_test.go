package planner_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/planner"
	"github.com/lockstep-dev/lockstep/plans"
)

// of sets more of a change than its actions.
func of(c plans.ResourceChange, set func(*plans.ResourceChange)) plans.ResourceChange {
	set(&c)
	return c
}

func trialDatabase(actions ...string) plans.ResourceChange {
	c := change("module.db.trial_database.orders", actions...)
	c.Type, c.Stateful = "trial_database", "the database and what is in it"
	return c
}

func weakening() plans.ResourceChange {
	return of(trialDatabase("update"), func(c *plans.ResourceChange) {
		c.Weakens = []plans.Weakening{{Attribute: "deletion_protection", Reason: "protection against deletion is switched off"}}
	})
}

const allowingBlock = `
terraform "cache" {
  source          = "infra/cache"
  allowed_actions = ["create", "update", "delete", "forget"]
}`

func TestEachChangeSaysWhatALineOfTerraformDoesNot(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change               plans.ResourceChange
		code, severity, says string
		roles                []string
		phase                plans.Phase
		absentOf             string
	}{
		"create first": {
			change: of(change("terraform_data.a", "create", "delete"), func(c *plans.ResourceChange) { c.Attributes = []string{"name"} }),
			code:   "replacement", severity: "warning", says: "the new one is made first, then the old one is destroyed (name)", phase: plans.Contract,
		},
		"destroy first": {
			change: change("terraform_data.a", "delete", "create"), code: "replacement", severity: "warning",
			says: "the old one is destroyed first, and until the new one is made there is none", phase: plans.Contract,
		},
		"tainted": {
			change: of(change("terraform_data.a", "delete", "create"), func(c *plans.ResourceChange) { c.Reason = "replace_because_tainted" }),
			code:   "tainted-leftover", severity: "warning", says: "making it failed before", absentOf: "replacement", phase: plans.Contract,
		},
		"deposed": {
			change: of(change("terraform_data.a", "delete"), func(c *plans.ResourceChange) { c.Deposed = "ab12cd34" }),
			code:   "deposed-leftover", severity: "warning", says: "terraform_data.a (deposed ab12cd34) is destroyed", phase: plans.Contract,
		},
		"destroyed by name": {
			change: trialDatabase("delete"), code: "stateful-destroyed", severity: "warning", says: "the database and what is in it",
			roles: []string{"dba"}, phase: plans.Contract,
		},
		"weakened": {
			change: weakening(), code: "takes-away", severity: "warning",
			says: "module.db.trial_database.orders, deletion_protection: protection against deletion is switched off", roles: []string{"dba"}, phase: plans.Contract,
		},
		"cut off": {
			change: of(change("trial_network_rule.in", "update"), func(c *plans.ResourceChange) {
				c.Type, c.Weakens = "trial_network_rule", []plans.Weakening{{Attribute: "allowed", Reason: "an entry is taken out"}}
			}),
			code: "takes-away", severity: "warning", says: "an entry is taken out", roles: []string{"security"}, phase: plans.Contract,
		},
		"repaired": {
			change: of(change("terraform_data.a", "create"), func(c *plans.ResourceChange) { c.Repairs = true }),
			code:   "drift-repair", severity: "warning", says: "went away outside of Terraform", phase: plans.Expand,
		},
		"forgotten": {change: change("terraform_data.a", "forget"), code: "forgotten", severity: "warning", says: "the object stays", phase: plans.Contract},
		"imported": {
			change: of(change("terraform_data.a", "no-op"), func(c *plans.ResourceChange) { c.Importing, c.ImportID = true, "i-1" }),
			code:   "import", severity: "info", says: `(id "i-1")`, phase: plans.Expand,
		},
		"moved": {
			change: of(change("terraform_data.b", "no-op"), func(c *plans.ResourceChange) { c.Previous = "terraform_data.a" }),
			code:   "move", severity: "info", says: "terraform_data.b was terraform_data.a until now", phase: plans.Expand,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := input(t, allowingBlock)
			observe(&in, module(test.change))
			p := mustPlan(t, in)
			f := finding(p, test.code)
			if f == nil {
				t.Fatalf("no %s in %v", test.code, codes(p))
			}
			if string(f.Severity) != test.severity || !strings.Contains(f.Summary, test.says) || !slices.Equal(f.Roles, test.roles) {
				t.Errorf("%+v", f)
			}
			if test.absentOf != "" && finding(p, test.absentOf) != nil {
				t.Errorf("also %s", test.absentOf)
			}
			if step := p.Step("terraform.cache"); step.Phase != test.phase {
				t.Errorf("in phase %s, want %s", step.Phase, test.phase)
			}
		})
	}
}

func TestWhatHoldsSomethingIsDestroyedByNameAlone(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, allowed string
		change        plans.ResourceChange
		refused       bool
	}{
		{"no list", ``, trialDatabase("delete"), true},
		{"replaced, no list", ``, trialDatabase("create", "delete"), true},
		{"named", `allowed_actions = ["delete"]`, trialDatabase("delete"), false},
		{"replace named", `allowed_actions = ["replace"]`, trialDatabase("delete", "create"), false},
		{"forgotten", ``, trialDatabase("forget"), false},
		{"holds nothing", ``, change("terraform_data.a", "delete"), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			in := input(t, "terraform \"cache\" {\n  source = \"infra/cache\"\n  "+test.allowed+"\n}")
			observe(&in, module(test.change))
			_, ds := planner.Plan(in)
			if ds.HasErrors() != test.refused {
				t.Fatalf("refused: %v", ds)
			}
			if test.refused && (ds[0].Code != "stateful-destroyed" || !strings.Contains(ds[0].Detail, "module.db.trial_database.orders")) {
				t.Errorf("%+v", ds)
			}
		})
	}
}

func TestTheEnvironmentProtects(t *testing.T) {
	t.Parallel()
	moved := of(trialDatabase("delete"), func(c *plans.ResourceChange) {
		c.Address, c.Previous = "trial_database.new", "module.db.trial_database.orders"
	})
	for _, test := range []struct {
		pattern string
		change  plans.ResourceChange
		refused bool
	}{
		{"module.db.*", trialDatabase("delete"), true},
		{"module.db.*", trialDatabase("forget"), true},
		{"module.db.*", trialDatabase("delete", "create"), true},
		{"module.db.*", weakening(), true},
		{"module.db.*", moved, true},
		{"trial_database.*", trialDatabase("delete"), true},
		{"trial_database", trialDatabase("delete"), true},
		{"trial_*", trialDatabase("delete"), true},
		{"*.orders", trialDatabase("delete"), true},
		{"module.db.trial_database.orders", trialDatabase("delete"), true},
		{"module.db.*", trialDatabase("update"), false},
		{"module.db.*", trialDatabase("create"), false},
		{"module.dbx.*", trialDatabase("delete"), false},
		{"trial_object.*", trialDatabase("delete"), false},
		{"trial_database.order", trialDatabase("delete"), false},
	} {
		t.Run(test.pattern+" "+strings.Join(test.change.Actions, ","), func(t *testing.T) {
			t.Parallel()
			in := input(t, allowingBlock)
			in.Environment.Protect = []string{"nothing.fits", test.pattern}
			observe(&in, module(test.change))
			_, ds := planner.Plan(in)
			if ds.HasErrors() != test.refused {
				t.Fatalf("refused: %v", ds)
			}
			if test.refused && (ds[0].Code != "protected-resource" || !strings.Contains(ds[0].Detail, test.pattern)) {
				t.Errorf("%+v", ds)
			}
		})
	}
}

func TestChecksThatDidNotPassAreFindings(t *testing.T) {
	t.Parallel()
	in := input(t, cacheBlock)
	m := module(change("terraform_data.a", "create"))
	m.Terraform.Checks = []plans.TerraformCheck{
		{Address: "check.reachable", Status: "fail", Messages: []string{"nobody answers"}},
		{Address: "check.broken", Status: "error"},
		{Address: "terraform_data.a", Status: "unknown"},
	}
	observe(&in, m)
	var lines []string
	for _, f := range mustPlan(t, in).Findings {
		if f.Code == "terraform-check-failed" {
			lines = append(lines, string(f.Severity)+" "+f.Summary)
		}
	}
	want := []string{"warning check.broken could not be checked", "warning check.reachable does not hold: nobody answers", "info terraform_data.a cannot be checked before apply"}
	if !slices.Equal(lines, want) {
		t.Errorf("%q, want %q", lines, want)
	}
}
