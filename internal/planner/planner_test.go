package planner_test

import (
	"testing"

	"github.com/lockstep-dev/lockstep/internal/planner"
	"github.com/lockstep-dev/lockstep/plans"
)

const whole = cacheBlock + migrationBlock + apiBlocks + readyCheck + `
check "sql" "filled" {
  database = database.orders
  query    = "SELECT count(*) AS missing FROM orders WHERE status_id IS NULL"
  assert {
    condition     = self.rows[0].missing == 0
    error_message = "not filled"
  }
}
phase "verify" {
  postconditions = [check.http.ready]
  bake_time      = "10m"
}
phase "release" {
  postconditions = [check.http.ready]
  bake_time      = "1h"
}
phase "contract" { preconditions = [check.sql.filled] }`

func TestGoldenPlans(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		change     func(*planner.Input)
	}{
		{"whole", whole, nil},
		{"fresh_environment", whole, func(in *planner.Input) {
			in.Observations = []plans.Observation{database(), artifact("new"), deployment(""), module(change("terraform_data.a", "create"))}
			in.Siblings = nil
		}},
		{"destroys_only", cacheBlock + apiBlocks, func(in *planner.Input) {
			in.Observations = []plans.Observation{artifact("new"), deployment(digest("old")), module(change("terraform_data.b", "delete", "create"), change("terraform_data.a", "delete"))}
		}},
		{"late", `
terraform "cache" {
  source = "infra/cache"
}
terraform "db" {
  source          = "infra/db"
  inputs          = { subnet = terraform.cache.outputs.subnet }
  allowed_actions = ["create", "update"]
}` + apiBlocks, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := input(t, tt.body)
			if tt.change != nil {
				tt.change(&in)
			}
			golden(t, tt.name, encode(t, mustPlan(t, in)))
		})
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	got := sketch(mustPlan(t, input(t, whole)))
	want := `expand terraform.cache <- 
expand migration.orders["0002_add_status"] <- 
expand migration.orders["0003_fill_status"] <- migration.orders["0002_add_status"]
deploy artifact.file.api <- 
deploy deployment.directory.api <- artifact.file.api
verify check.http.ready["verify"] <- 
verify phase.verify.bake <- check.http.ready["verify"]
release check.http.ready["release"] <- 
release phase.release.bake <- check.http.ready["release"]
contract check.sql.filled <- 
contract migration.orders["0004_drop_state"] <- check.sql.filled
`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
