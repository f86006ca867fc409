package planner_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/diag"
	"github.com/lockstep-dev/lockstep/internal/planner"
	"github.com/lockstep-dev/lockstep/plans"
)

// lateProject has the url of its database from a module of the plan.
func lateProject(hosts, expected string) string {
	text := strings.Replace(project, `"postgres://owner@127.0.0.1/orders"`, "terraform.cache.outputs.url\n"+hosts, 1)
	migration := strings.Replace(migrationBlock, "version  = 4", "version  = 4\n"+expected, 1)
	return text + "change_set \"c\" {\n" + cacheBlock + migration + "\n}\n"
}

// boundLater are a plan's input, and that of its rest once the database is there.
func boundLater(t *testing.T, hosts, expected string) (before, after planner.Input) {
	t.Helper()
	text := lateProject(hosts, expected)
	before = input(t, cacheBlock+migrationBlock)
	before.ChangeSet = evaluatedText(t, text)
	unobserve(&before, "database.orders")
	before.Environment.Protected = false
	after = before
	known := evaluatedText(t, strings.Replace(text, "terraform.cache.outputs.url", `"postgres://owner@10.0.0.7/orders"`, 1))
	known.Blocks = slices.DeleteFunc(known.Blocks, func(b config.Block) bool { return b.Kind == "terraform" })
	after.ChangeSet, after.Observations, after.Siblings = known, nil, nil
	return before, after
}

func rest(t *testing.T, hosts, expected string, found plans.Observation) planner.Remainder {
	t.Helper()
	before, after := boundLater(t, hosts, expected)
	approved := mustPlan(t, before)
	after.Observations = []plans.Observation{found}
	return planner.Rest(after, approved)
}

func TestTheRestOfAnEmptyDatabaseIsInside(t *testing.T) {
	t.Parallel()
	r := rest(t, "", "", database())
	if len(r.Outside) != 0 || len(r.Steps) != 4 {
		t.Errorf("%d steps, outside %q", len(r.Steps), r.Outside)
	}
}

func TestWhatIsNotAsApprovedIsOutside(t *testing.T) {
	t.Parallel()
	folder := ordersFolder()
	used := database()
	used.Database.Fresh = false
	dirty := database(appliedFile(folder[0], "earlier"))
	dirty.Database.Dirty = true
	for name, c := range map[string]struct {
		expected string
		found    plans.Observation
		says     []string
	}{
		"tables that nobody recorded": {"", used, []string{"not empty", "approved was an empty database"}},
		"a version":                   {"", database(appliedFile(folder[0], "earlier")), []string{"at version 1; approved was an empty database"}},
		"dirty":                       {"expected_version = 1", dirty, []string{"dirty"}},
		"empty":                       {"expected_version = 1", database(), []string{"is an empty database; approved was a database at version 1"}},
		"another version":             {"expected_version = 1", database(appliedFile(folder[0], "earlier"), appliedFile(folder[1], "earlier")), []string{"at version 2; approved was a database at version 1"}},
		"an edited file": {"expected_version = 1", database(func() plans.AppliedMigration {
			a := appliedFile(folder[0], "earlier")
			a.Up = plans.DigestOf([]byte("other"))
			return a
		}()), []string{"edited"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rest(t, "", c.expected, c.found)
			all := strings.Join(r.Outside, "\n")
			for _, words := range c.says {
				if !strings.Contains(all, words) {
					t.Errorf("outside does not say %q:\n%s", words, all)
				}
			}
		})
	}
}

func TestADatabaseAtAVersionRunsTheRest(t *testing.T) {
	t.Parallel()
	before, _ := boundLater(t, `hosts = ["*.internal"]`, "expected_version = 1")
	p := mustPlan(t, before)
	var migrations []string
	for _, s := range p.Steps {
		if s.Migration == nil {
			continue
		}
		migrations = append(migrations, string(s.Phase)+" "+s.Migration.Version)
		if e := s.Envelope; e == nil || e.Database.Words() != "a database at version 1" || !slices.Equal(e.Hosts, []string{"*.internal"}) {
			t.Errorf("%s: envelope %+v", s.Address, e)
		}
	}
	if !slices.Equal(migrations, []string{"expand 2", "expand 3", "contract 4"}) {
		t.Errorf("got %q", migrations)
	}
	if !slices.ContainsFunc(p.Inputs, func(in plans.Input) bool { return in.Path == "migrations/orders/0001_create_orders.up.sql" }) {
		t.Error("the file that the database is taken to have is not in the bundle")
	}
	r := rest(t, "", "expected_version = 1", database(appliedFile(ordersFolder()[0], "earlier")))
	if len(r.Outside) != 0 || len(r.Steps) != 3 {
		t.Errorf("%d steps, outside %q", len(r.Steps), r.Outside)
	}
}

func TestALateDatabaseWithoutBoundsIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		hosts, expected string
		protected       bool
		code            string
	}{
		"any host in a protected environment": {"", "", true, "late-without-bounds"},
		"a version that is no file":           {"", "expected_version = 9", false, "unknown-version"},
	} {
		in, _ := boundLater(t, c.hosts, c.expected)
		in.Environment.Protected = c.protected
		_, ds := planner.Plan(in)
		if !slices.ContainsFunc(ds, func(d diag.Diagnostic) bool { return d.Code == c.code }) {
			t.Errorf("%s: %v", name, ds.Err())
		}
	}
}

func TestALateModuleMayTakeNothingAway(t *testing.T) {
	t.Parallel()
	body := `
terraform "db" { source = "infra/db" }
terraform "cache" {
  source          = "infra/cache"
  inputs          = { size = terraform.db.outputs.size }
  allowed_actions = ["create", "update"]
}`
	in := input(t, body)
	in.Observations = []plans.Observation{func() plans.Observation {
		o := module(change("terraform_data.a", "create"))
		o.Address = "terraform.db"
		return o
	}()}
	approved := mustPlan(t, in)
	weak := change("aws_db_instance.a", "update")
	weak.Weakens = []plans.Weakening{{Attribute: "deletion_protection", Reason: "deletion protection is switched off"}}
	stateful := change("aws_db_instance.a", "delete", "create")
	stateful.Stateful = "the database and what is in it"
	for name, c := range map[string]struct {
		change  plans.ResourceChange
		protect []string
		says    string
	}{
		"inside":     {change("terraform_data.b", "create"), nil, ""},
		"destroys":   {change("terraform_data.b", "delete"), nil, "allowed_actions"},
		"weakens":    {weak, nil, "belongs to phase contract"},
		"a stateful": {stateful, nil, "allowed_actions"},
		"protected":  {weak, []string{"aws_db_instance.*"}, "protects"},
		"an unknown": {change("terraform_data.b", "evaporate"), nil, "does not know"},
	} {
		after := in
		after.ChangeSet = evaluated(t, strings.ReplaceAll(body, "terraform.db.outputs.size", `"large"`))
		after.ChangeSet.Blocks = slices.DeleteFunc(after.ChangeSet.Blocks, func(b config.Block) bool { return b.Address == "terraform.db" })
		after.Observations = []plans.Observation{module(c.change)}
		after.Environment.Protect = c.protect
		r := planner.Rest(after, approved)
		all := strings.Join(r.Outside, "\n")
		if (c.says == "") != (len(r.Outside) == 0) || !strings.Contains(all, c.says) {
			t.Errorf("%s: outside %q", name, r.Outside)
		}
	}
}
