package view

import (
	"encoding/json"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
)

// orderStatus is a plan with a step of every kind, as the planner makes them.
func orderStatus() *plans.Plan {
	return &plans.Plan{
		FormatVersion: plans.FormatVersion,
		Tool:          "lockstep 0.1.0-dev",
		ChangeSet:     "order_status",
		Description:   "Replace orders.state (text) by orders.status_id, served from a cache.",
		Owner:         "team:orders",
		Environment:   "production",
		Protected:     true,
		Content:       plans.DigestOf([]byte("content")),
		Upstream:      []plans.Upstream{{Environment: "staging", SoakTime: plans.Duration(30 * time.Minute)}},
		Policy:        plans.Policy{OnFailure: "auto", KeepSchema: true},
		Steps:         append(expandSteps(), laterSteps()...),
		Observations: []plans.Observation{{
			Address: "terraform.cache", Provider: "terraform",
			Terraform: &plans.TerraformState{
				Engine: "terraform", Version: "1.11.4", Workspace: "production",
				Changes: []plans.ResourceChange{{Address: "terraform_data.cache", Type: "terraform_data", Actions: []string{"create"}}},
			},
		}},
		Findings: []plans.Finding{{
			Code: "fk-with-column", Severity: plans.SeverityWarning,
			Summary: "foreign key and column in one transaction",
			Detail:  "Holding AccessExclusiveLock from line 1 while the second table is locked doubles the wait chain.",
			Fix:     "move the constraint to its own file",
			File:    "migrations/orders/0007_add_status.up.sql", Line: 3,
		}},
	}
}

func expandSteps() []plans.Step {
	up := plans.DigestOf([]byte("up"))
	return []plans.Step{{
		Address: "terraform.cache", Phase: plans.Expand, Action: plans.ActionTerraform, Provider: "terraform",
		Summary: "1 to add", Why: "Terraform creates belong to expand: what is new disturbs nothing.",
		Target: "terraform.cache", Settings: json.RawMessage(`{"source":"./infra/cache","inputs":{"size":"large"},"workspace":""}`),
		Risk:     plans.Risk{Level: "low"},
		Rollback: plans.Rollback{Grade: plans.GradeExact, Summary: "destroy 1", Reason: "what this step creates is destroyed again"},
	}, {
		Address: `migration.orders["0007_add_status"]`, Phase: plans.Expand, Action: plans.ActionMigrate, Provider: "database/postgres",
		Summary: "orders 0006 -> 0007, 2 statements", Why: "Old code survives it, so it runs before the new version is deployed.",
		Block: "migration.orders", Target: "database.orders",
		Inputs: []plans.Input{{Role: "up", Path: "migrations/orders/0007_add_status.up.sql", Digest: up, Size: 2}},
		Migration: &plans.Migration{
			Database: "database.orders", Version: "7", Name: "add_status", Class: plans.ClassExpand,
			Reason: "ADD COLUMN keeps old code working (rule)", Up: up, Mode: "transaction",
		},
		Statements: []plans.Statement{{
			File: "migrations/orders/0007_add_status.up.sql", Line: 1, Phase: plans.Expand, Source: "rule",
			SQL:   "ALTER TABLE orders\n  ADD COLUMN status_id smallint",
			Locks: []plans.Lock{{Mode: "AccessExclusiveLock", Relation: "orders"}},
		}, {
			File: "migrations/orders/0007_add_status.up.sql", Line: 3, Phase: plans.Expand, Source: "assumed",
			SQL: "SELECT 1",
		}},
		Risk:     plans.Risk{Level: "medium", Reasons: []string{"takes AccessExclusiveLock on orders (rule)"}},
		Rollback: plans.Rollback{Grade: plans.GradeStructural, Summary: "kept (safe to keep)", Reason: "old code works with the new schema", Kept: true, Locks: []plans.Lock{{Mode: "AccessExclusiveLock", Relation: "orders", Only: true}}},
	}}
}

func laterSteps() []plans.Step {
	return []plans.Step{{
		Address: "artifact.file.api", Phase: plans.Deploy, Action: plans.ActionFetch, Provider: "artifact/file",
		Summary: "orders-api @4f0c1e6d2a5b", Why: "An artifact is fetched and checked before it is deployed.",
		Risk:     plans.Risk{Level: "low"},
		Rollback: plans.Rollback{Grade: plans.GradeExact, Summary: "kept (not in use)", Reason: "a stored artifact changes nothing", Kept: true},
	}, {
		Address: "deployment.directory.api", Phase: plans.Deploy, Action: plans.ActionDeploy, Provider: "deployment/directory",
		Summary: "91d0c4aa7e02 -> 4f0c1e6d2a5b", Why: "Both schema versions are there: the new version can start.",
		Target: "/srv/orders", Needs: []string{"artifact.file.api", "terraform.cache"},
		Risk:     plans.Risk{Level: "low"},
		Rollback: plans.Rollback{Grade: plans.GradeExact, Summary: "back to 91d0c4aa7e02", Reason: "the previous release is kept"},
		Late:     true, Envelope: &plans.Envelope{Reason: "terraform.cache.outputs.url is known after terraform.cache", NonDestructive: true},
		Timeout: plans.Duration(10 * time.Minute),
	}, {
		Address: "check.http.api_ready", Phase: plans.Verify, Action: plans.ActionCheck, Provider: "check/http",
		Summary: "3 in a row", Why: "A postcondition of the verify phase.", Risk: plans.Risk{Level: "low"},
	}, {
		Address: "phase.verify.bake", Phase: plans.Verify, Action: plans.ActionBake, Provider: "bake",
		Summary: "10m of check.http.api_ready", Why: "The verify phase bakes for 10m.", Risk: plans.Risk{Level: "low"},
		Bake: plans.Duration(10 * time.Minute), Checks: []string{"check.http.api_ready"}, Needs: []string{"check.http.api_ready"},
	}, {
		Address: `migration.orders["0008_drop_state"]`, Phase: plans.Contract, Action: plans.ActionMigrate, Provider: "database/postgres",
		Summary: "orders 0007 -> 0008, drops orders.state", Why: "Old code does not survive it, so it runs when nothing old is left.",
		Block: "migration.orders", Target: "database.orders",
		Migration: &plans.Migration{
			Database: "database.orders", Version: "8", Name: "drop_state", Class: plans.ClassContract,
			Reason: "DROP COLUMN loses data (rule)", Mode: "transaction", Irreversible: "the texts are not kept anywhere",
		},
		Risk:     plans.Risk{Level: "high", Reasons: []string{"cannot be undone", "takes AccessExclusiveLock on orders (rule)"}},
		Rollback: plans.Rollback{Grade: plans.GradeNone, Summary: "NONE - one-way door", Reason: "the column's texts are gone"},
	}}
}

func review() Review {
	plan := orderStatus()
	digest, err := plans.DigestOfPlan(plan)
	if err != nil {
		panic(err) // the fixture cannot be encoded
	}
	return Review{Plan: plan, Digest: digest, Saved: "order_status.plan"}
}

func blocks() []plans.Block {
	return []plans.Block{{
		Code: "upstream", Summary: "staging does not have order_status yet",
		Who: "whoever may apply to staging", Next: "lockstep promote order_status --to staging",
	}, {
		Code: "soak", Summary: "healthy in staging since 09:41 UTC, 30m are wanted",
		Who: "nobody needs to act", Until: "2026-11-21T10:11:00Z",
	}}
}

func settledPlan(why plans.Settled) *plans.Plan {
	plan := orderStatus()
	plan.Steps, plan.Findings, plan.Observations, plan.Settled = nil, nil, nil, why
	return plan
}
