package planner_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/planner"
	"github.com/lockstep-dev/lockstep/plans"
)

var update = flag.Bool("update", false, "write the golden files")

// project is the part of the configuration that all tests share.
const project = `
variable "late" {
  type    = string
  default = "x"
}
database "orders" {
  driver     = "postgres"
  url        = "postgres://owner@127.0.0.1/orders"
  migrations = "migrations/orders"
}
environment "dev" {}
environment "production" {}
`

// evaluated reads change set "c" with the given body as the language reads it.
func evaluated(t testing.TB, body string) *config.Evaluated {
	t.Helper()
	return evaluatedText(t, project+"change_set \"c\" {\n"+body+"\n}\n")
}

func evaluatedText(t testing.TB, text string) *config.Evaluated {
	t.Helper()
	files := fstest.MapFS{
		"project.lockstep.hcl":          {Data: []byte(text)},
		"migrations/orders/.keep":       {},
		"infra/cache/main.tf":           {},
		"infra/db/main.tf":              {},
		"build/api.tar":                 {},
		"migrations/orders/placeholder": {},
	}
	p, ds := config.Load(files)
	if ds.HasErrors() {
		t.Fatal(ds.Err())
	}
	values, ds := p.Values("production", config.ValueInputs{})
	if ds.HasErrors() {
		t.Fatal(ds.Err())
	}
	set, ds := p.Evaluate(config.EvaluateRequest{ChangeSet: "c", Environment: "production", Values: values})
	if ds.HasErrors() {
		t.Fatal(ds.Err())
	}
	return set
}

// file makes a migration of the orders folder.
func file(version uint64, name, up, down string) plans.MigrationFile {
	base := fmt.Sprintf("migrations/orders/%04d_%s", version, name)
	f := plans.MigrationFile{Version: version, Name: name, Up: sqlFile(base+".up.sql", up)}
	if down != "" {
		f.Down = sqlFile(base+".down.sql", down)
	}
	return f
}

func sqlFile(path, text string) plans.SQLFile {
	return plans.SQLFile{Path: path, Bytes: []byte(text), Digest: plans.DigestOf([]byte(text))}
}

func ordersFolder() []plans.MigrationFile {
	return []plans.MigrationFile{
		file(1, "create_orders", "CREATE TABLE orders (id bigint PRIMARY KEY, state text);", "DROP TABLE orders;"),
		file(2, "add_status", "ALTER TABLE orders ADD COLUMN status_id smallint;", "ALTER TABLE orders DROP COLUMN status_id;"),
		file(3, "fill_status", "UPDATE orders SET status_id = 1 WHERE state = 'new';", "UPDATE orders SET status_id = NULL;"),
		file(4, "drop_state", "ALTER TABLE orders DROP COLUMN state;", "ALTER TABLE orders ADD COLUMN state text;"),
	}
}

func appliedFile(f plans.MigrationFile, changeSet string) plans.AppliedMigration {
	return plans.AppliedMigration{
		Version: fmt.Sprint(f.Version), Name: f.Name, Up: f.Up.Digest, Down: f.Down.Digest,
		Phase: plans.Expand, ChangeSet: changeSet, Run: "r-1", At: "2026-11-01T10:00:00Z",
	}
}

func database(applied ...plans.AppliedMigration) plans.Observation {
	state := &plans.DatabaseState{Driver: "postgres", Applied: applied, Fresh: len(applied) == 0}
	if n := len(applied); n > 0 {
		state.Version = applied[n-1].Version
	}
	return plans.Observation{Address: "database.orders", Provider: "database/postgres", Identity: "system 1, database orders", Database: state}
}

func digest(text string) plans.Digest { return plans.DigestOf([]byte(text)) }

func artifact(text string) plans.Observation {
	return plans.Observation{Address: "artifact.file.api", Provider: "artifact/file", Artifact: &plans.ArtifactState{Digest: digest(text), Size: 10}}
}

func deployment(current plans.Digest) plans.Observation {
	return plans.Observation{Address: "deployment.directory.api", Provider: "deployment/directory", Deployment: &plans.DeploymentState{Current: current}}
}

func module(changes ...plans.ResourceChange) plans.Observation {
	state := &plans.TerraformState{Engine: "terraform", Version: "1.11.4", Workspace: "default", Lineage: "l", Serial: "3", Changes: changes}
	if len(changes) > 0 {
		state.Plan = digest("saved plan")
	}
	return plans.Observation{Address: "terraform.cache", Provider: "terraform", Terraform: state}
}

func change(address string, actions ...string) plans.ResourceChange {
	return plans.ResourceChange{Address: address, Type: "terraform_data", Actions: actions}
}

const (
	cacheBlock = `
terraform "cache" {
  source = "infra/cache"
}`
	migrationBlock = `
migration "orders" {
  database = database.orders
  version  = 4
}`
	apiBlocks = `
artifact "file" "api" { path = "build/api.tar" }
deployment "directory" "api" {
  artifact = artifact.file.api
  path     = "/srv/api"
}`
	readyCheck = `
check "http" "ready" {
  url               = "http://127.0.0.1:1/readyz"
  success_threshold = 3
}`
)

// input is a change set in an environment where version 1 is applied and an
// older artifact runs.
func input(t testing.TB, body string) planner.Input {
	folder := ordersFolder()
	return planner.Input{
		Tool:        "lockstep 0.1.0",
		ChangeSet:   evaluated(t, body),
		Environment: planner.Environment{Name: "production", Protected: true, Upstream: []plans.Upstream{{Environment: "dev"}}},
		Folders:     map[string][]plans.MigrationFile{"orders": folder},
		Observations: []plans.Observation{
			database(appliedFile(folder[0], "earlier")), artifact("new"), deployment(digest("old")),
			module(change("terraform_data.a", "create")),
		},
		Siblings: []planner.Sibling{{Name: "earlier", Versions: map[string]uint64{"orders": 1}}},
		Inputs:   []plans.Input{{Role: "config", Path: "project.lockstep.hcl", Digest: digest("hcl"), Size: 3}},
	}
}

func mustPlan(t testing.TB, in planner.Input) *plans.Plan {
	t.Helper()
	p, ds := planner.Plan(in)
	if p == nil {
		t.Fatalf("no plan: %v", ds.Err())
	}
	return p
}

func encode(t testing.TB, p *plans.Plan) []byte {
	t.Helper()
	b, err := plans.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden.json")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s differs; run go test -update and look at the difference\ngot:\n%s", path, got)
	}
}

// sketch is the order of a plan in one line a step.
func sketch(p *plans.Plan) string {
	var b strings.Builder
	for _, s := range p.Steps {
		fmt.Fprintf(&b, "%s %s <- %s\n", s.Phase, s.Address, strings.Join(s.Needs, ", "))
	}
	return b.String()
}
