package planner_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/planner"
	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/plans"
)

// observe replaces the observation of the same address.
func observe(in *planner.Input, o plans.Observation) {
	for i := range in.Observations {
		if in.Observations[i].Address == o.Address {
			in.Observations[i] = o
			return
		}
	}
	in.Observations = append(in.Observations, o)
}

func unobserve(in *planner.Input, address string) {
	var left []plans.Observation
	for _, o := range in.Observations {
		if o.Address != address {
			left = append(left, o)
		}
	}
	in.Observations = left
}

func crlf(f plans.SQLFile) plans.SQLFile {
	f.Bytes = []byte(strings.ReplaceAll(strings.TrimSpace(string(f.Bytes)), "\n", "\r\n") + "\r\n")
	f.Digest = plans.DigestOf(f.Bytes)
	return f
}

type refusal struct {
	name, body string
	change     func(*planner.Input)
	want       []string // parts of the message
}

func refusedMigrations() []refusal {
	all := ordersFolder()
	return []refusal{
		{"edited after applied", migrationBlock, func(in *planner.Input) {
			in.Folders["orders"][0] = file(1, "create_orders", "CREATE TABLE orders (id int);", "DROP TABLE orders;")
		}, []string{"0001_create_orders.up.sql:1", "edited after it was applied", all[0].Up.Digest.Short(), digest("CREATE TABLE orders (id int);").Short(), "2026-11-01T10:00:00Z", "run r-1", "new migration file"}},
		{"only line endings edited", migrationBlock, func(in *planner.Input) {
			in.Folders["orders"][0].Up = crlf(all[0].Up)
		}, []string{"in production", "Only the line endings differ", ".gitattributes"}},
		{"only a comment edited", migrationBlock, func(in *planner.Input) {
			applied := appliedFile(all[0], "earlier")
			applied.Canonical = sqlcheck.Canonical(all[0].Up.Bytes, "postgres")
			observe(in, database(applied))
			in.Folders["orders"][0] = file(1, "create_orders", "-- orders\n"+string(all[0].Up.Bytes), "DROP TABLE orders;")
		}, []string{"Only comments or white space differ", "git log -p"}},
		{"applied file gone", migrationBlock, func(in *planner.Input) {
			in.Folders["orders"] = in.Folders["orders"][1:]
		}, []string{"Version 1 (create_orders)", "file is gone", "version control"}},
		{"accidental gap", migrationBlock, func(in *planner.Input) {
			observe(in, database(appliedFile(all[0], "earlier"), appliedFile(all[2], "c")))
		}, []string{"0002_add_status is not applied", "version 3 is", "Renumber it above 3"}},
		{"gap of an earlier change set", migrationBlock, func(in *planner.Input) {
			in.Siblings = []planner.Sibling{{Name: "earlier", Versions: map[string]uint64{"orders": 2}}}
			in.Standing.ChangeSets = map[string]planner.Taken{"earlier": {Order: 1}}
			observe(in, database(appliedFile(all[0], "earlier"), appliedFile(all[2], "c")))
		}, []string{"0002_add_status is not applied", `change set "earlier"`}},
		{"dirty", migrationBlock, func(in *planner.Input) {
			in.Observations[0].Database.Dirty = true
		}, []string{"marked dirty at version 1", "lockstep repair "}},
		{"moved back by another tool", migrationBlock, func(in *planner.Input) {
			observe(in, database(appliedFile(all[0], "earlier"), appliedFile(all[1], "c")))
			in.Observations[0].Database.Version = "1"
		}, []string{"says version 1, its history says 2"}},
		{"expand after contract", migrationBlock, func(in *planner.Input) {
			in.Folders["orders"][1] = file(2, "drop_state", "ALTER TABLE orders DROP COLUMN state;", "ALTER TABLE orders ADD COLUMN state text;")
		}, []string{"0003_fill_status", "comes after 0002_drop_state (contract)", "Renumber 0002_drop_state above 4", "lockstep:phase expand"}},
		{"version is no file", strings.Replace(migrationBlock, "4", "9", 1), nil, []string{"names version 9, which is no file", "goes up to 0004_drop_state"}},
		{"sql that is refused", migrationBlock, func(in *planner.Input) {
			in.Folders["orders"][1] = file(2, "add_status", "SELECT 'never closed", "SELECT 1;")
		}, []string{"0002_add_status.up.sql:1"}},
		{"database not observed", migrationBlock, func(in *planner.Input) { unobserve(in, "database.orders") }, []string{"database.orders was not observed"}},
	}
}

func refusedModules() []refusal {
	return []refusal{
		{"terraform not observed", cacheBlock, func(in *planner.Input) { unobserve(in, "terraform.cache") }, []string{"terraform.cache was not observed"}},
		{"mixed terraform", cacheBlock, func(in *planner.Input) {
			observe(in, module(change("terraform_data.new", "create"), change("terraform_data.old", "delete"), change("terraform_data.kept", "no-op")))
		}, []string{"adds and takes away", "terraform_data.new", "terraform_data.old", "by another version of lockstep", "Split the module"}},
		{"unsplittable terraform", cacheBlock, func(in *planner.Input) {
			m := module(change("terraform_data.new", "create"), change("terraform_data.old", "delete", "create"))
			m.Terraform.Unsplittable = "terraform_data.new is made from terraform_data.old (terraform_data.new -> local.x -> terraform_data.old)"
			observe(in, m)
		}, []string{"Terraform cannot do the one without the other", "local.x", "in two change sets"}},
		{
			"output of the second part", cacheBlock + laterReader, func(in *planner.Input) { observe(in, twoParts("addr")) },
			[]string{`terraform.db reads output "addr" of terraform.cache`, "only after the contract phase", "terraform_data.old"},
		},
		{"update and forget", cacheBlock, func(in *planner.Input) {
			observe(in, module(change("terraform_data.a", "update"), change("terraform_data.b", "forget")))
		}, []string{"adds and takes away"}},
		{"unknown terraform action", cacheBlock, func(in *planner.Input) {
			observe(in, module(change("terraform_data.a", "transmute")))
		}, []string{"an action that this version does not know", "terraform_data.a"}},
		{"action not allowed", strings.Replace(cacheBlock, "}", "  allowed_actions = [\"create\"]\n}", 1), func(in *planner.Input) {
			observe(in, module(change("terraform_data.a", "delete", "create")))
		}, []string{"more than its allowed_actions", "terraform_data.a (delete, create)"}},
		{"drift that is changed back", cacheBlock, func(in *planner.Input) {
			observe(in, drifted("terraform_data.a"))
		}, []string{"write over what somebody did", "terraform_data.a (input)", `accept_drift = ["terraform_data.a"]`}},
		{"drift that is made again", cacheBlock, func(in *planner.Input) {
			m := module(change("terraform_data.a", "create"))
			m.Terraform.Changes[0].Repairs = true
			m.Terraform.Drift = []plans.ResourceChange{change("terraform_data.a", "delete")}
			observe(in, m)
		}, []string{"terraform_data.a (the object is gone"}},
		{"late without bounds", cacheBlock + `
terraform "db" {
  source = "infra/db"
  inputs = { subnet = terraform.cache.outputs.subnet }
}`, nil, []string{"terraform.db cannot be planned yet", "inputs.subnet", "allowed_actions"}},
		{"late destroy", cacheBlock + `
terraform "db" {
  source          = "infra/db"
  inputs          = { subnet = terraform.cache.outputs.subnet }
  allowed_actions = ["create", "delete"]
}`, nil, []string{"may delete"}},
	}
}

// drifted is a module of which one object was changed by hand in an attribute
// that the plan changes back, and in another that it leaves alone.
func drifted(address string) plans.Observation {
	planned, drift := change(address, "update"), change(address, "update")
	planned.Attributes, drift.Attributes = []string{"input", "output"}, []string{"input", "seen"}
	m := module(planned)
	m.Terraform.Drift = []plans.ResourceChange{drift}
	return m
}

// TestDriftMayBeAccepted: by the block, or because nothing is written over it.
func TestDriftMayBeAccepted(t *testing.T) {
	t.Parallel()
	for name, accept := range map[string]string{"named": `["terraform_data.a"]`, "by a pattern": `["terraform_data.*"]`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := input(t, strings.Replace(cacheBlock, "}", "  accept_drift = "+accept+"\n}", 1))
			observe(&in, drifted("terraform_data.a"))
			mustPlan(t, in)
		})
	}
	in := input(t, cacheBlock)
	m := drifted("terraform_data.a")
	m.Terraform.Changes[0].Attributes = []string{"output"}
	observe(&in, m)
	mustPlan(t, in)
}

func refusedDeployments(t *testing.T) []refusal {
	t.Helper()
	return []refusal{
		{"artifact differs", apiBlocks, func(in *planner.Input) {
			in.ChangeSet = evaluated(t, strings.Replace(apiBlocks, `{ path = "build/api.tar" }`, "{\n path = \"build/api.tar\"\n digest = \""+string(digest("other"))+"\"\n}", 1))
		}, []string{"not what its digest says", string(digest("new")), string(digest("other"))}},
		{"artifact unknown", apiBlocks, func(in *planner.Input) { unobserve(in, "artifact.file.api") }, []string{"no known content"}},
		{"folder of another environment", strings.Replace(apiBlocks, "/srv/api", "/srv//api", 1), func(in *planner.Input) {
			in.Elsewhere.Folders = map[string]planner.Deployed{"/srv/api": {Environment: "dev", Run: "r-3", Artifact: digest("old")}}
		}, []string{"/srv/api is also dev's target", "Run r-3 deployed", "a folder of its own"}},
		{"deployment not observed", apiBlocks, func(in *planner.Input) { unobserve(in, "deployment.directory.api") }, []string{"deployment.directory.api was not observed"}},
		{"one folder twice", apiBlocks + `
deployment "directory" "twin" {
  artifact = artifact.file.api
  path     = "/srv/api"
}`, func(in *planner.Input) {
			observe(in, plans.Observation{Address: "deployment.directory.twin", Deployment: &plans.DeploymentState{}})
		}, []string{"deployment.directory.api and deployment.directory.twin change the same target", "/srv/api"}},
		{"needs a later phase", cacheBlock + `
artifact "file" "api" { path = "build/api.tar" }
deployment "directory" "api" {
  artifact   = artifact.file.api
  path       = "/srv/api"
  depends_on = [terraform.cache]
}`, func(in *planner.Input) {
			observe(in, module(change("terraform_data.a", "delete")))
		}, []string{"deployment.directory.api runs in deploy and needs terraform.cache, which runs in contract"}},
		{"precondition uses what its phase makes", cacheBlock + `
check "http" "ready" { url = terraform.cache.outputs.url }
phase "expand" { preconditions = [check.http.ready] }`, nil, []string{"in a circle", "check.http.ready needs terraform.cache needs check.http.ready"}},
		{"environment left out", `environments = ["dev"]` + apiBlocks, nil, []string{`does not go to environment "production"`, "dev"}},
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range slices.Concat(refusedMigrations(), refusedModules(), refusedDeployments(t)) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := input(t, tt.body)
			if tt.change != nil {
				tt.change(&in)
			}
			p, ds := planner.Plan(in)
			if p != nil || !ds.HasErrors() {
				t.Fatalf("not refused: %v", ds)
			}
			text := ds.Err().Error()
			for _, part := range tt.want {
				if !strings.Contains(text, part) {
					t.Errorf("no %q in\n%s", part, text)
				}
			}
			for _, d := range ds {
				if d.Code == "" || d.Detail == "" || d.Fix == "" || d.Range.File == "" {
					t.Errorf("incomplete: %+v", d)
				}
			}
		})
	}
}
