package view

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/plans"
)

func fillOrders() *plans.Plan {
	return &plans.Plan{
		FormatVersion: plans.FormatVersion, Tool: "lockstep 0.1.0", ChangeSet: "order_status", Environment: "production",
		Steps: []plans.Step{{
			Address: "backfill.status_id", Phase: plans.Deploy, Action: plans.ActionBackfill, Provider: "database/postgres",
			Summary: "orders by id, 3,200,000 rows (assumed)", Why: "In deploy because backfills come behind the deployments.",
			Block: "backfill.status_id", Target: "database.orders",
			Backfill: &plans.Backfill{
				Database: "orders", Table: "orders", Key: "id", Update: "UPDATE orders SET status_id = 1 WHERE id BETWEEN :from AND :to",
				Remaining: "SELECT count(*) FROM orders WHERE status_id IS NULL", Repeatable: true,
				Batch: 5000, BatchDuration: plans.Duration(500 * time.Millisecond), MaxLag: plans.Duration(10 * time.Second),
				Definition: plans.DigestOf(nil), Again: "the block was edited since run r-0007",
				Rows: &plans.RowEstimate{Count: 3_200_000, Source: "assumed", From: "pg_class.reltuples"},
			},
			Statements: []plans.Statement{{
				File: "changes/order_status.lockstep.hcl", Line: 31, SQL: "UPDATE orders SET status_id = 1 WHERE id BETWEEN :from AND :to",
				Phase: plans.Deploy, Locks: []plans.Lock{{Mode: "RowExclusiveLock", Relation: "orders"}}, Source: "rule",
			}},
			Risk:     plans.Risk{Level: "medium", Reasons: []string{"rows of orders are changed"}},
			Rollback: plans.Rollback{Grade: plans.GradeNone, Kept: true, Summary: "kept (rows stay)", Reason: "what the rows held before the update is kept nowhere"},
		}},
	}
}

func TestBackfillScreens(t *testing.T) {
	t.Parallel()
	plan := fillOrders()
	out, buf := screen(80)
	if err := (Plan{out}).Short(Review{Plan: plan, Digest: plans.DigestOf(nil)}); err != nil {
		t.Fatal(err)
	}
	fits(t, 80, buf.Bytes())
	golden(t, "backfill_plan_80.txt", buf.Bytes())
	out, buf = screen(100)
	if err := (Explain{out}).Text(plan, "backfill.status_id"); err != nil {
		t.Fatal(err)
	}
	fits(t, 100, buf.Bytes())
	golden(t, "explain_backfill.txt", buf.Bytes())
	plan.Steps[0].Backfill.Remaining, plan.Steps[0].Backfill.Rows, plan.Steps[0].Backfill.Repeatable = "", nil, false
	out, buf = screen(100)
	if err := (Explain{out}).Text(plan, "backfill.status_id"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"how many rows it has is not known", "nothing is counted", "no row is gone over twice"} {
		if !strings.Contains(buf.String(), want) {
			t.Errorf("%q is missing in\n%s", want, buf)
		}
	}
}

// Where nobody redraws a line, progress is said now and then; a script gets
// all of it, with its figures.
func TestBackfillProgress(t *testing.T) {
	t.Parallel()
	h := head()
	h.Plan = fillOrders()
	out, lines := screen(100)
	people := NewRun(out, h)
	var stream bytes.Buffer
	scripts := NewEvents(&stream, h, time.Unix(0, 0))
	at := time.Date(2026, 11, 21, 9, 12, 4, 0, time.UTC)
	for i := range 31 {
		e := rollout.Event{
			Kind: rollout.StepProgress, At: at.Add(time.Duration(i) * 2 * time.Second), Step: &h.Plan.Steps[0],
			Message: "100,000 of about 3,200,000 rows (3 %), 50,000 rows/s, about 1m2s left", Figures: map[string]any{"keys": 100_000 * (i + 1)},
		}
		people.Event(e)
		scripts.Event(e)
	}
	if n := strings.Count(lines.String(), "rows/s"); n != 3 || strings.Contains(lines.String(), "keys=") {
		t.Errorf("%d lines:\n%s", n, lines)
	}
	if n := strings.Count(stream.String(), `"figures":{"keys":`); n != 31 {
		t.Errorf("%d events with figures:\n%s", n, stream.String())
	}
}
