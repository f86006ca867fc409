package view

import (
	"encoding/json"
	"time"

	"github.com/lockstep-dev/lockstep/internal/budget"
	"github.com/lockstep-dev/lockstep/plans"
)

// shopPlan is a plan with two databases, evidence and a database that is busy,
// as a DBA gets it.
func shopPlan() *plans.Plan {
	plan := orderStatus()
	plan.Surveys = []plans.Survey{ordersSurvey()}
	add, drop := &plan.Steps[1], &plan.Steps[6]
	add.Settings = json.RawMessage(`{"database":{"name":"orders","driver":"postgres","lock_timeout":"2s","statement_timeout":"15m0s","lock":"session","migrations":"migrations/orders","rehearse":"auto"}}`)
	add.Statements = addStatements()
	add.Migration.Down = plans.DigestOf([]byte("down"))
	add.Rehearsal = &plans.Rehearsal{
		Server: "15.6", Basis: "target", Up: plans.OutcomeOK, Down: plans.OutcomeOK, Grade: plans.GradeStructural,
		Differences: []string{"index orders_state_idx is not there after down, and was before"},
		Unseen:      []string{"locks of line 7 (CONCURRENTLY)"},
	}
	add.Queries = &plans.QueryEvidence{
		From: []string{"pg_stat_statements of the target", "queries/"}, Tried: 214, Unjudged: 3, Reason: "two statements break",
		Breaks: []plans.QueryBreak{{
			Kind: "result_type", Where: "pg_stat_statements 7284912", Summary: "SELECT * of orders changes its result type", Fix: "list the columns",
			CallsPerDay: 1_240_000, TimePerDay: plans.Duration(3 * time.Hour), Source: "measured",
		}, {Kind: "error", Where: "queries/report.sql:12 (ByState)", Summary: "column \"state\" is written twice"}},
	}
	drop.Settings = add.Settings
	drop.Statements = []plans.Statement{{
		File: "migrations/orders/0008_drop_state.up.sql", Line: 1, Phase: plans.Contract, Source: "rule",
		SQL: "ALTER TABLE orders DROP COLUMN state", Locks: []plans.Lock{{Mode: "AccessExclusiveLock", Relation: "orders"}, {Mode: "AccessExclusiveLock", Relation: "orders_state_idx"}},
	}}
	plan.Steps = append(plan.Steps, customerSteps()...)
	for i := range plan.Steps {
		for at := range plan.Steps[i].Statements {
			st := &plan.Steps[i].Statements[at]
			st.Estimate = budget.Estimate(*st, plan.Surveys[0])
		}
	}
	plan.Observations = append(plan.Observations, plans.Observation{
		Address: "database.orders", Provider: "database/postgres", Database: &plans.DatabaseState{Driver: "postgres", Version: "6"},
	}, plans.Observation{
		Address: "database.customers", Provider: "database/mysql", Database: &plans.DatabaseState{Driver: "mysql"},
		Informative: json.RawMessage(`{"server_version":"8.4.2"}`),
	})
	plan.Roles = []plans.RoleCall{
		{Role: "dba", Why: []string{"migrations/orders/0007_add_status.up.sql:1 AccessExclusiveLock on orders (measured)", "orders is large: 41 M rows in 22 GB (measured)"}},
		{Role: "release", Why: []string{`migration.orders["0008_drop_state"] has no way back: the column's texts are gone`}},
	}
	plan.Findings = append(plan.Findings, plans.Finding{
		Code: "create-index", Severity: plans.SeverityWarning, Summary: "orders: CREATE INDEX lets nobody write to the table while it builds",
		Fix:  "-- in a file of its own:\nCREATE INDEX CONCURRENTLY orders_status_idx ON orders (status_id);",
		File: "migrations/orders/0007_add_status.up.sql", Line: 4, Roles: []string{"dba"},
	}, plans.Finding{
		Code: "drop-column", Severity: plans.SeverityWarning, Summary: "orders.state: its values are lost", Accepted: "copied to the archive, SHOP-4127",
		File: "migrations/orders/0008_drop_state.up.sql", Line: 1,
	})
	return plan
}

func addStatements() []plans.Statement {
	const file = "migrations/orders/0007_add_status.up.sql"
	orders := func(mode string) []plans.Lock {
		return []plans.Lock{{Mode: mode, Relation: "orders"}, {Mode: mode, Relation: "orders_state_idx"}}
	}
	return []plans.Statement{
		{File: file, Line: 1, Source: "measured", SQL: "ALTER TABLE orders\n  ADD COLUMN status_id smallint", Locks: orders("AccessExclusiveLock")[:1]},
		{
			File: file, Line: 3, Source: "measured", SQL: "ALTER TABLE orders ADD CONSTRAINT orders_status_fk\n  FOREIGN KEY (status_id) REFERENCES order_statuses (id) NOT VALID",
			Locks: []plans.Lock{{Mode: "ShareRowExclusiveLock", Relation: "orders"}, {Mode: "ShareRowExclusiveLock", Relation: "order_statuses"}, {Mode: "AccessShareLock", Relation: "order_statuses_pkey"}},
		},
		{File: file, Line: 4, Source: "measured", SQL: "CREATE INDEX orders_status_idx ON orders (status_id)", Locks: orders("ShareLock")[:1], Scans: []string{"orders"}},
		{File: file, Line: 5, Source: "rule", SQL: "ALTER TABLE orders ALTER COLUMN id TYPE bigint", Locks: orders("AccessExclusiveLock"), Rewrites: []string{"orders", "orders_state_idx"}, Scans: []string{"orders"}},
		{File: file, Line: 6, Source: "rule", SQL: "UPDATE orders SET status_id = 1", Locks: orders("RowExclusiveLock"), Scans: []string{"orders"}},
		{File: file, Line: 7, Source: "rule", SQL: `CREATE UNIQUE INDEX ON "shop's events\n" (id)`, Locks: []plans.Lock{{Mode: "ShareLock", Relation: `"shop's events` + "\x1b[31m" + `"`}}, Scans: []string{`"shop's events"`}},
		{File: file, Line: 8, Source: "assumed", SQL: "DO $$ BEGIN PERFORM refill(); END $$"},
		{File: file, Line: 9, Source: "rule", SQL: "CREATE TABLE order_labels (id int)"},
	}
}

func ordersSurvey() plans.Survey {
	return plans.Survey{
		Address: "database.orders", Server: "PostgreSQL 15.6", Host: "10.2.0.11:5432", Primary: true,
		Relations: []plans.RelationFigures{
			{Relation: "order_statuses", Rows: 7, Bytes: 8192, IndexBytes: 16384, WritesPerSecond: 0, WritesOver: plans.Duration(7 * 24 * time.Hour)},
			{Relation: "order_statuses_pkey", Rows: 7, IndexBytes: 16384, WritesPerSecond: -1},
			{Relation: "orders", Rows: 41_000_000, Bytes: 18 << 30, IndexBytes: 4 << 30, WritesPerSecond: 300, WritesOver: plans.Duration(7 * 24 * time.Hour)},
			{Relation: "orders_state_idx", Rows: 41_000_000, IndexBytes: 1 << 30, WritesPerSecond: -1},
		},
		Transactions: []plans.OpenTransaction{
			{PID: 48113, User: "reports", Application: "metabase", Age: plans.Duration(372 * time.Second), State: "idle in transaction", Relations: []string{"orders"}},
			{PID: 501, Application: "autovacuum", Age: plans.Duration(40 * time.Second), State: "active"},
		},
		Replicas: []plans.ReplicaFigures{
			{Name: "east", Sync: "sync", Lag: 0}, {Name: "west", Sync: "async", Lag: plans.Duration(45 * time.Second)},
		},
		Unknown: []string{"not there now, so without a size: \"shop's events\" (the plan makes it, or it is outside of the search_path)"},
	}
}

// customerSteps are of a database that nobody can survey or rehearse.
func customerSteps() []plans.Step {
	return []plans.Step{{
		Address: `migration.customers["0001_create"]`, Phase: plans.Contract, Action: plans.ActionMigrate, Provider: "database/mysql",
		Summary: "customers empty -> 1", Target: "database.customers", Block: "migration.customers",
		Migration:  &plans.Migration{Database: "customers", Version: "1", Name: "create", Class: plans.ClassExpand, Mode: "statement", Down: plans.DigestOf(nil)},
		Statements: []plans.Statement{{File: "migrations/customers/0001_create.up.sql", Line: 1, Source: "rule", SQL: "CREATE TABLE customers (id bigint PRIMARY KEY)"}},
		Risk:       plans.Risk{Level: "low"}, Rollback: plans.Rollback{Grade: plans.GradeStructural, Summary: "kept (safe to keep)", Kept: true},
	}, {
		Address: "backfill.names", Phase: plans.Contract, Action: plans.ActionBackfill, Provider: "database/mysql",
		Summary: "fills customers.name", Target: "database.customers", Block: "backfill.names",
		Backfill: &plans.Backfill{Database: "customers", Table: "customers", Key: "id", Update: "UPDATE customers SET name = '' WHERE id BETWEEN :from AND :to", Batch: 1000},
		Risk:     plans.Risk{Level: "low"}, Rollback: plans.Rollback{Grade: plans.GradeStructural, Summary: "values stay"},
	}}
}
