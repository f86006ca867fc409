package planner_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
)

func codes(p *plans.Plan) []string {
	var out []string
	for _, f := range p.Findings {
		out = append(out, f.Code)
	}
	return out
}

func TestBaseline(t *testing.T) {
	t.Parallel()
	all := ordersFolder()
	all[2] = file(3, "fill_status", "-- lockstep:phase expand nothing reads it yet\nUPDATE orders SET status_id = 1 WHERE state = 'new';", "SELECT 1;")
	tests := []struct {
		name    string
		version string
		applied []plans.AppliedMigration
		code    string
		steps   string
	}{
		{"only a number", "2", nil, "baseline", "0003 0004"},
		{"recorded as a number", "3", []plans.AppliedMigration{{Version: "2"}, appliedFile(all[2], "c")}, "baseline", "0004"},
		{"moved on by another tool", "3", []plans.AppliedMigration{appliedFile(all[0], "earlier")}, "applied-elsewhere", "0004"},
	}
	for _, tt := range tests {
		in := input(t, migrationBlock)
		in.Folders["orders"] = all
		o := database(tt.applied...)
		o.Database.Version, o.Database.Fresh = tt.version, false
		observe(&in, o)
		p := mustPlan(t, in)
		if !slices.Contains(codes(p), tt.code) {
			t.Errorf("%s: findings %v", tt.name, codes(p))
		} else if fix := finding(p, tt.code).Fix; !strings.Contains(fix, "lockstep import orders --env ") {
			t.Errorf("%s: fix %q", tt.name, fix)
		}
		var steps []string
		for _, s := range p.Steps {
			steps = append(steps, strings.TrimPrefix(s.Address, `migration.orders["`)[:4])
		}
		if strings.Join(steps, " ") != tt.steps {
			t.Errorf("%s: steps %v", tt.name, steps)
		}
	}
}

// Another tool's down leaves rows in the history, and so does a number that is set.
func TestVersionsThatAnotherToolTookBack(t *testing.T) {
	t.Parallel()
	all := ordersFolder()
	in := input(t, migrationBlock)
	o := database(appliedFile(all[0], "earlier"))
	o.Informative = []byte(`{"undone_by_another_tool":[2,3]}`)
	observe(&in, o)
	f := finding(mustPlan(t, in), "undone-elsewhere")
	if f == nil || !strings.Contains(f.Summary, "back to version 1; the history has 2, 3 above it") || !strings.Contains(f.Fix, "lockstep repair orders --env ") {
		t.Errorf("%+v", f)
	}
}

// Tables that nobody has recorded may be another tool's work.
func TestTablesOfUnknownOrigin(t *testing.T) {
	t.Parallel()
	for _, fresh := range []bool{true, false} {
		in := input(t, migrationBlock)
		in.Siblings = nil
		o := database()
		o.Database.Version, o.Database.Fresh = "", fresh
		observe(&in, o)
		f := finding(mustPlan(t, in), "unknown-origin")
		if (f == nil) != fresh {
			t.Errorf("fresh %v: %+v", fresh, f)
		}
		if f != nil && !strings.Contains(f.Fix, "lockstep import orders --env ") {
			t.Errorf("%+v", f)
		}
	}
	alone := versionAlone(t, migrationBlock, "")
	if f := finding(mustPlan(t, alone), "unknown-origin"); f != nil {
		t.Errorf("a driver that does not tell whether there are tables: %+v", f)
	}
}

// A row without digest stands for what another tool applied after the last
// known row, not for the file that was held below it.
func TestBaselineDoesNotSwallowHeldFiles(t *testing.T) {
	t.Parallel()
	all := append(ordersFolder(), file(5, "add_note", "ALTER TABLE orders ADD COLUMN note text;", ""), file(6, "add_memo", "ALTER TABLE orders ADD COLUMN memo text;", ""))
	in := input(t, migrationBlock)
	in.Folders["orders"] = all
	observe(&in, database(appliedFile(all[0], "earlier"), appliedFile(all[1], "c"), appliedFile(all[2], "c"), appliedFile(all[4], "next"), plans.AppliedMigration{Version: "6"}))
	p := mustPlan(t, in)
	if len(p.Steps) != 1 || p.Steps[0].Phase != plans.Contract {
		t.Errorf("got\n%s", sketch(p))
	}
}

func TestEmptyDatabaseHasNoOldCode(t *testing.T) {
	t.Parallel()
	in := input(t, migrationBlock)
	in.Siblings = nil
	observe(&in, database())
	p := mustPlan(t, in)
	if len(p.Steps) != 4 {
		t.Fatalf("got\n%s", sketch(p))
	}
	for _, s := range p.Steps {
		if s.Phase != plans.Expand || s.Migration.Class != plans.ClassExpand || s.Late {
			t.Errorf("%s: %s, %s", s.Address, s.Phase, s.Migration.Class)
		}
	}
	if len(p.Held) != 0 || slices.Contains(codes(p), "point-of-no-return") {
		t.Errorf("held %v, findings %v", p.Held, codes(p))
	}
}

func TestLateDatabase(t *testing.T) {
	t.Parallel()
	text := strings.Replace(project, `"postgres://owner@127.0.0.1/orders"`, "terraform.cache.outputs.url\nhosts = [\"*\"]", 1)
	in := input(t, cacheBlock+migrationBlock)
	in.ChangeSet = evaluatedText(t, text+"change_set \"c\" {\n"+cacheBlock+migrationBlock+"\n}\n")
	in.Folders["orders"][3] = file(4, "drop_legacy", "DROP TABLE legacy;", "")
	unobserve(&in, "database.orders")
	p := mustPlan(t, in)
	if len(p.Steps) != 5 || p.Steps[0].Address != "terraform.cache" {
		t.Fatalf("got\n%s", sketch(p))
	}
	if !slices.Equal(p.Steps[1].Needs, []string{"terraform.cache"}) || !slices.Equal(p.Steps[2].Needs, []string{p.Steps[1].Address}) {
		t.Errorf("got\n%s", sketch(p))
	}
	for _, s := range p.Steps[1:] {
		if !s.Late || s.Envelope == nil || !s.Envelope.NonDestructive || s.Phase != plans.Expand {
			t.Errorf("%s: %+v", s.Address, s)
		}
	}
	if p.Steps[4].Migration.Class != plans.ClassContract {
		t.Error("the envelope is checked against the class, which must stay")
	}
	if !slices.Contains(codes(p), "late-database") {
		t.Errorf("findings %v", codes(p))
	}
}

func TestFindings(t *testing.T) {
	t.Parallel()
	in := input(t, cacheBlock+migrationBlock+apiBlocks+"\nphase \"deploy\" { bake_time = \"1m\" }\nartifact \"file\" \"spare\" { path = \"build/spare.tar\" }")
	spare := artifact("spare")
	spare.Address = "artifact.file.spare"
	observe(&in, spare)
	m := module(change("terraform_data.a", "create", "delete"))
	m.Terraform.Drift = []plans.ResourceChange{change("terraform_data.z", "delete")}
	observe(&in, m)
	p := mustPlan(t, in)
	for _, code := range []string{"bake-without-checks", "unused-artifact", "replacement", "terraform-drift", "held", "point-of-no-return"} {
		if !slices.Contains(codes(p), code) {
			t.Errorf("no %s in %v", code, codes(p))
		}
	}
	if p.Step("artifact.file.spare") != nil {
		t.Error("what nothing uses is fetched")
	}
}

func TestContentDigest(t *testing.T) {
	t.Parallel()
	base := mustPlan(t, input(t, whole)).Content
	same := input(t, whole)
	same.Environment.Name, same.Observations[2] = "dev", deployment(digest("elsewhere"))
	if got := mustPlan(t, same).Content; got != base {
		t.Error("environment and targets must not count")
	}
	above := input(t, whole)
	above.Folders["orders"] = append(above.Folders["orders"], file(9, "later", "SELECT 1;", ""))
	if got := mustPlan(t, above).Content; got != base {
		t.Error("files above the version must not count")
	}
	for name, changed := range map[string]plans.Observation{"artifact": artifact("newer")} {
		in := input(t, whole)
		observe(&in, changed)
		if mustPlan(t, in).Content == base {
			t.Errorf("%s does not count", name)
		}
	}
	down := input(t, whole)
	down.Folders["orders"][3].Down = sqlFile("migrations/orders/0004_drop_state.down.sql", "SELECT 2;")
	if mustPlan(t, down).Content == base {
		t.Error("a down file does not count")
	}
	sources := input(t, whole)
	sources.Inputs = append(sources.Inputs, plans.Input{Role: "terraform-source", Path: "infra/cache/main.tf", Digest: digest("tf")})
	if mustPlan(t, sources).Content == base {
		t.Error("terraform sources do not count")
	}
}

func TestADatabaseThatAnotherEnvironmentMigrated(t *testing.T) {
	t.Parallel()
	in := input(t, migrationBlock)
	in.Elsewhere.Runs = map[string]string{"r-9": "dev"}
	if p := mustPlan(t, in); slices.Contains(codes(p), "database-of-another-environment") {
		t.Errorf("not its run: %v", p.Findings)
	}
	in.Elsewhere.Runs["r-1"] = "dev"
	p := mustPlan(t, in)
	i := slices.Index(codes(p), "database-of-another-environment")
	if i < 0 || !strings.Contains(p.Findings[i].Summary, "database.orders was migrated by run r-1 of dev") {
		t.Errorf("got %+v", p.Findings)
	}
}
