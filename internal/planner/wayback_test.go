package planner_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
)

func TestMigrationRollback(t *testing.T) {
	t.Parallel()
	const lossy, shape = "lossy: the shape comes back, rows do not", "the down file restores the shape; not rehearsed"
	tests := []struct {
		name, up, down string
		drop           bool // keep_schema = false
		grade          plans.Grade
		summary        string
		kept           bool
	}{
		{"index", "CREATE INDEX i ON orders (state);", "DROP INDEX i;", true, plans.GradeExact, "down file 0002_x", false},
		{"table", "CREATE TABLE t (id int);", "DROP TABLE t;", true, plans.GradeStructural, "down file 0002_x", false},
		{"column kept", "ALTER TABLE orders ADD COLUMN c text;", "ALTER TABLE orders DROP COLUMN c;", false, plans.GradeStructural, "kept (safe to keep)", true},
		{"no down, kept", "ALTER TABLE orders ADD COLUMN c text;", "", false, plans.GradeNone, "kept (safe to keep)", true},
		{"no down", "ALTER TABLE orders ADD COLUMN c text;", "", true, plans.GradeNone, "NONE - cannot be taken back", false},
		{"dropped column", "ALTER TABLE orders DROP COLUMN state;", "ALTER TABLE orders ADD COLUMN state text;", false, plans.GradeStructural, "lossy: the shape comes back, rows do not", false},
		{"type", "-- lockstep:phase contract nobody writes longer ones\nALTER TABLE orders ALTER COLUMN state SET DATA TYPE varchar(3);", "SELECT 1;", false, plans.GradeStructural, lossy, false},
		{"deleted rows", "-- lockstep:phase contract old code reads them\nDELETE FROM orders WHERE state = 'x';", "SELECT 1;", false, plans.GradeStructural, lossy, false},
		{"emptied", "TRUNCATE orders;", "SELECT 1;", false, plans.GradeStructural, lossy, false},
		{"constraint and column", "ALTER TABLE orders DROP CONSTRAINT c, DROP COLUMN state;", "SELECT 1;", false, plans.GradeStructural, lossy, false},
		{"renamed", "-- lockstep:phase contract new code knows both\nALTER TABLE orders RENAME COLUMN type TO kind;", "SELECT 1;", false, plans.GradeStructural, shape, false},
		{"not null", "ALTER TABLE orders ALTER COLUMN state SET NOT NULL;", "SELECT 1;", false, plans.GradeStructural, shape, false},
		{"moved", "-- lockstep:phase contract new code knows both\nALTER TABLE orders SET SCHEMA shop;", "SELECT 1;", false, plans.GradeStructural, shape, false},
		{"row level security", "ALTER TABLE orders ENABLE ROW LEVEL SECURITY;", "SELECT 1;", false, plans.GradeStructural, shape, false},
		{"constraint", "ALTER TABLE orders ADD CONSTRAINT c CHECK (id > 0);", "SELECT 1;", false, plans.GradeStructural, shape, false},
		{"column that must be filled", "-- lockstep:phase contract new code fills it\nALTER TABLE orders ADD COLUMN type int NOT NULL;", "SELECT 1;", false, plans.GradeStructural, shape, false},
		{"dropped view", "DROP VIEW v;", "CREATE VIEW v AS SELECT 1;", false, plans.GradeStructural, shape, false},
		{"dropped table, no down", "DROP TABLE orders;", "", false, plans.GradeNone, "NONE - one-way door", false},
		{"irreversible", "-- lockstep:irreversible the source is gone\nDROP TABLE orders;", "SELECT 1;", false, plans.GradeNone, "NONE - one-way door", false},
		{"rows", "-- lockstep:phase expand it is shown alone\nUPDATE orders SET state = 'x';", "SELECT 1;", true, plans.GradeStructural, "down file 0002_x", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			body := strings.Replace(migrationBlock, "4", "2", 1)
			if tt.drop {
				body += "\nrollback { keep_schema = false }"
			}
			in := input(t, body)
			in.Folders["orders"] = []plans.MigrationFile{ordersFolder()[0], file(2, "x", tt.up, tt.down)}
			p := mustPlan(t, in)
			got := p.Steps[0].Rollback
			if warned := slices.Contains(codes(p), "kept-after-all"); warned != (tt.drop && tt.grade == plans.GradeNone) {
				t.Errorf("findings %v", codes(p))
			}
			if got.Grade != tt.grade || got.Summary != tt.summary || got.Kept != tt.kept || got.Reason == "" {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestDeploymentRollback(t *testing.T) {
	t.Parallel()
	exec := func(lines string) string {
		return "artifact \"file\" \"api\" { path = \"build/api.tar\" }\ndeployment \"exec\" \"api\" {\nartifact = artifact.file.api\ncommand = [\"./deploy\"]\n" + lines + "\n}"
	}
	directory := func(lines string) string {
		return strings.Replace(apiBlocks, `path     = "/srv/api"`, "path = \"/srv/api\"\n"+lines, 1)
	}
	tests := []struct {
		name, body string
		current    plans.Digest
		grade      plans.Grade
		summary    string
	}{
		{"directory", apiBlocks, digest("old"), plans.GradeExact, "back to " + digest("old").Short()},
		{"first", apiBlocks, "", plans.GradeExact, "nothing ran before: link removed"},
		{"first, started for good", directory(`restart_command = ["./start"]`), "", plans.GradeStructural, "link removed; what restart_command started goes on"},
		{"restarted", directory(`restart_command = ["./start"]`), digest("old"), plans.GradeExact, "back to " + digest("old").Short()},
		{"first, stopped", directory("restart_command = [\"./start\"]\nstop_command = [\"./stop\"]"), "", plans.GradeExact, "nothing ran before: stopped and removed"},
		{"exec", exec(""), digest("old"), plans.GradeNone, "NONE - no rollback_command"},
		{"exec unchecked", exec(`rollback_command = ["./back"]`), "", plans.GradeStructural, "rollback_command"},
		{"exec checked", exec("rollback_command = [\"./back\"]\ncheck_command = [\"./check\"]"), digest("old"), plans.GradeExact, "back to " + digest("old").Short()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := input(t, tt.body)
			for _, address := range []string{"deployment.directory.api", "deployment.exec.api"} {
				o := deployment(tt.current)
				o.Address = address
				observe(&in, o)
			}
			p := mustPlan(t, in)
			got := p.Steps[len(p.Steps)-1].Rollback
			if got.Grade != tt.grade || got.Summary != tt.summary {
				t.Errorf("got %+v", got)
			}
			if warned := slices.Contains(codes(p), "no-stop-command"); warned != strings.Contains(tt.summary, "goes on") {
				t.Errorf("findings %v", codes(p))
			}
		})
	}
}

func TestWhatCannotBeLookedAtIsRemembered(t *testing.T) {
	t.Parallel()
	exec := "artifact \"file\" \"api\" { path = \"build/api.tar\" }\ndeployment \"exec\" \"api\" {\nartifact = artifact.file.api\ncommand = [\"./deploy\"]\n%s\n}"
	check := `check_command = ["./check"]`
	tests := []struct {
		name, lines       string
		seen, last        plans.Digest
		summary, findings string // no summary: no step
	}{
		{"never deployed", "", "", "", "unknown -> " + digest("new").Short(), ""},
		{"deployed by a run", "", "", digest("new"), "", "remembered-target"},
		{"another was deployed by a run", "", "", digest("old"), digest("old").Short() + " -> " + digest("new").Short() + " (remembered, not observed)", ""},
		{"the look does not know", check, "", digest("new"), "unknown -> " + digest("new").Short(), ""},
		{"the look is right", check, digest("old"), digest("new"), digest("old").Short() + " -> " + digest("new").Short(), ""},
		{"seen", check, digest("new"), "", "", ""},
	}
	for _, tt := range tests {
		in := input(t, fmt.Sprintf(exec, tt.lines))
		o := deployment(tt.seen)
		o.Address = "deployment.exec.api"
		observe(&in, o)
		if tt.last != "" {
			in.Standing.Targets = map[string]plans.Digest{"deployment.exec.api": tt.last}
		}
		p := mustPlan(t, in)
		summary := ""
		if s := p.Step("deployment.exec.api"); s != nil {
			summary = s.Summary
		}
		if summary != tt.summary || slices.Contains(codes(p), "remembered-target") != (tt.findings != "") {
			t.Errorf("%s: got %q, findings %v", tt.name, summary, codes(p))
		}
	}
}

func TestTerraformRollback(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		changes []plans.ResourceChange
		phase   plans.Phase
		grade   plans.Grade
		risk    string
	}{
		{"creates", []plans.ResourceChange{change("a", "create"), change("b", "create")}, plans.Expand, plans.GradeExact, "low"},
		{"updates", []plans.ResourceChange{change("a", "create"), change("b", "update")}, plans.Expand, plans.GradeStructural, "medium"},
		{"destroys", []plans.ResourceChange{change("a", "delete")}, plans.Contract, plans.GradeNone, "high"},
		{"replaces", []plans.ResourceChange{change("a", "create", "delete")}, plans.Contract, plans.GradeNone, "high"},
		{"forgets", []plans.ResourceChange{change("a", "forget")}, plans.Contract, plans.GradeNone, "high"},
		{"imports", []plans.ResourceChange{{Address: "a", Actions: []string{"no-op"}, Importing: true}, change("b", "create")}, plans.Expand, plans.GradeNone, "medium"},
		{"moves", []plans.ResourceChange{{Address: "a", Actions: []string{"no-op"}, Previous: "b"}}, plans.Expand, plans.GradeStructural, "low"},
		{"weakens", []plans.ResourceChange{{Address: "a", Actions: []string{"update"}, Weakens: []plans.Weakening{{Attribute: "x", Reason: "less"}}}}, plans.Contract, plans.GradeStructural, "high"},
	}
	for _, tt := range tests {
		in := input(t, cacheBlock)
		observe(&in, module(tt.changes...))
		s := mustPlan(t, in).Steps[0]
		if s.Phase != tt.phase || s.Rollback.Grade != tt.grade || s.Risk.Level != tt.risk {
			t.Errorf("%s: got %s %+v %+v", tt.name, s.Phase, s.Rollback, s.Risk)
		}
	}
}
