package planner_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/planner"
	"github.com/lockstep-dev/lockstep/plans"
)

const fillUpdate = "UPDATE orders SET status_id = 1 WHERE id BETWEEN :from AND :to"

// fill is a backfill block with more arguments.
func fill(more string) string {
	return `
backfill "status" {
  database = database.orders
  table    = "orders"
  key      = "id"
  update   = "` + fillUpdate + `"
  ` + more + `
}`
}

func table(state plans.BackfillState, figures plans.BackfillFigures) plans.Observation {
	informative, err := json.Marshal(figures)
	if err != nil {
		panic(err)
	}
	return plans.Observation{Address: "backfill.status", Provider: "database/postgres", Backfill: &state, Informative: informative}
}

func fine() plans.BackfillFigures {
	return plans.BackfillFigures{
		KeyType: "bigint", Indexed: true,
		Rows: &plans.RowEstimate{Count: 1_200_000, Source: "assumed", From: "pg_class.reltuples"},
	}
}

// filling is the input of a change set with everything around a backfill.
func filling(t *testing.T, state plans.BackfillState, figures plans.BackfillFigures, more string) planner.Input {
	in := input(t, migrationBlock+apiBlocks+fill(more))
	in.Observations = append(in.Observations, table(state, figures))
	return in
}

func finding(p *plans.Plan, code string) *plans.Finding {
	i := slices.IndexFunc(p.Findings, func(f plans.Finding) bool { return f.Code == code })
	if i < 0 {
		return nil
	}
	return &p.Findings[i]
}

func TestBackfillIsBehindTheDeployment(t *testing.T) {
	t.Parallel()
	p := mustPlan(t, filling(t, plans.BackfillState{}, fine(), `remaining = "SELECT count(*) FROM orders WHERE status_id IS NULL"`))
	want := `deploy artifact.file.api <- 
deploy deployment.directory.api <- artifact.file.api
deploy backfill.status <- deployment.directory.api
contract migration.orders["0004_drop_state"] <- 
`
	if got := sketch(p); !strings.HasSuffix(got, want) {
		t.Errorf("got\n%s\nexpected at its end\n%s", got, want)
	}
	s := p.Step("backfill.status")
	if s.Action != plans.ActionBackfill || s.Provider != "database/postgres" || s.Target != "database.orders" {
		t.Errorf("%+v", s)
	}
	if s.Summary != "orders by id, 1,200,000 rows (assumed)" || s.OneWay() || s.NoReturn() || s.Rollback.Grade != plans.GradeNone || !s.Rollback.Kept {
		t.Errorf("%q, rollback %+v", s.Summary, s.Rollback)
	}
	if len(s.Statements) != 1 || s.Statements[0].SQL != fillUpdate || s.Statements[0].Phase != plans.Deploy ||
		!slices.Equal(s.Statements[0].Locks, []plans.Lock{{Mode: "RowExclusiveLock", Relation: "orders"}}) {
		t.Errorf("%+v", s.Statements)
	}
	b := s.Backfill
	if b.Batch != 5000 || b.Update != fillUpdate || b.File != "project.lockstep.hcl" || b.Line != s.Statements[0].Line || b.Line < 10 ||
		b.Definition != plans.BackfillDefinition("orders", "id", fillUpdate) || b.Rows.From != "pg_class.reltuples" {
		t.Errorf("%+v", b)
	}
	if finding(p, "backfill-unchecked") != nil || finding(p, "backfill-not-checked-again") == nil {
		t.Errorf("%v", codes(p))
	}
	if s.Risk.Level != "medium" || !strings.Contains(s.Risk.Reasons[0], "about 500ms") {
		t.Errorf("%+v", s.Risk)
	}
}

func TestBackfillInOtherPhases(t *testing.T) {
	t.Parallel()
	p := mustPlan(t, filling(t, plans.BackfillState{}, fine(), `phase = "expand"`))
	if got := p.Step("backfill.status").Needs; !slices.Contains(got, `migration.orders["0003_fill_status"]`) {
		t.Errorf("expand: needs %v", got)
	}
	p = mustPlan(t, filling(t, plans.BackfillState{}, fine(), `phase = "contract"`))
	s := p.Step("backfill.status")
	if got := p.Step(`migration.orders["0004_drop_state"]`).Needs; !slices.Contains(got, "backfill.status") {
		t.Errorf("contract: the drop needs %v", got)
	}
	if !s.OneWay() || s.Risk.Level != "high" || s.Rollback.Summary != "NONE - one-way door" {
		t.Errorf("contract: %+v %+v", s.Risk, s.Rollback)
	}
}

// A reference that wants it the other way round wins over the rule.
func TestBackfillBeforeADeploymentThatNeedsIt(t *testing.T) {
	t.Parallel()
	body := strings.Replace(migrationBlock+apiBlocks+fill(""), `path     = "/srv/api"`, "path     = \"/srv/api\"\n  depends_on = [backfill.status]", 1)
	in := input(t, body)
	in.Observations = append(in.Observations, table(plans.BackfillState{}, fine()))
	p := mustPlan(t, in)
	if got := p.Step("deployment.directory.api").Needs; !slices.Contains(got, "backfill.status") {
		t.Errorf("needs %v", got)
	}
}

func TestBackfillThatWasBegunOrDone(t *testing.T) {
	t.Parallel()
	same := plans.BackfillDefinition("orders", "id", fillUpdate)
	begun := plans.BackfillState{Definition: same, LastKey: "4000", Rows: 3990, Run: "r-7"}
	if p := mustPlan(t, filling(t, begun, fine(), "")); !strings.HasSuffix(p.Step("backfill.status").Summary, "goes on behind key 4000") {
		t.Errorf("begun: %q", p.Step("backfill.status").Summary)
	}
	done := begun
	done.Finished = "2026-11-09T10:00:00Z"
	p := mustPlan(t, filling(t, done, fine(), ""))
	if p.Step("backfill.status") != nil || finding(p, "backfill-done") == nil || finding(p, "backfill-done-before") == nil {
		t.Errorf("done: %s %v", sketch(p), codes(p))
	}
	counted := `remaining = "SELECT count(*) FROM orders WHERE status_id IS NULL"`
	if p := mustPlan(t, filling(t, done, fine(), counted)); !strings.HasSuffix(p.Step("backfill.status").Summary, "what is left is counted again") {
		t.Errorf("another count: %q", p.Step("backfill.status").Summary)
	}
	done.Definition = plans.BackfillDefinition("orders", "id", "another text")
	p = mustPlan(t, filling(t, done, fine(), ""))
	edited := finding(p, "backfill-edited")
	if edited == nil || !strings.Contains(edited.Detail, "ran to its end at 2026-11-09T10:00:00Z by run r-7 and changed 3,990 rows") {
		t.Errorf("edited: %+v", edited)
	}
	if s := p.Step("backfill.status"); s.Backfill.Again != "the block was edited since run r-7" {
		t.Errorf("edited: %+v", s.Backfill)
	}
}

func TestBackfillFindings(t *testing.T) {
	t.Parallel()
	shared := fine()
	shared.Shared = true
	if p := mustPlan(t, filling(t, plans.BackfillState{}, shared, "")); finding(p, "backfill-shared-key") == nil {
		t.Errorf("a key of many rows: %v", codes(p))
	}
	figures := plans.BackfillFigures{Nullable: true, Replicas: 2, LagHidden: true}
	p := mustPlan(t, filling(t, plans.BackfillState{}, figures, ""))
	for _, code := range []string{"backfill-unchecked", "backfill-key-without-index", "backfill-nullable-key", "backfill-lag-hidden"} {
		if finding(p, code) == nil {
			t.Errorf("no finding %s in %v", code, codes(p))
		}
	}
	if got := p.Step("backfill.status").Summary; got != "orders by id" {
		t.Errorf("without an estimate: %q", got)
	}
}

func TestBackfillOfAMissingTable(t *testing.T) {
	t.Parallel()
	missing := plans.BackfillFigures{Missing: "table"}
	if p := mustPlan(t, filling(t, plans.BackfillState{}, missing, "")); finding(p, "backfill-key-without-index") != nil {
		t.Error("a table that the plan makes is judged before it is there")
	}
	in := input(t, apiBlocks+fill(""))
	in.Observations = append(in.Observations, table(plans.BackfillState{}, missing))
	if p, ds := planner.Plan(in); p != nil || !strings.Contains(ds.Err().Error(), "database.orders has no table orders") {
		t.Errorf("%v", ds.Err())
	}
	in = input(t, apiBlocks+fill(""))
	if p, ds := planner.Plan(in); p != nil || !strings.Contains(ds.Err().Error(), "backfill.status was not observed") {
		t.Errorf("%v", ds.Err())
	}
}

func TestBackfillInADatabaseThatThePlanMakes(t *testing.T) {
	t.Parallel()
	in := filling(t, plans.BackfillState{}, fine(), "")
	unobserve(&in, "backfill.status")
	in.Observations = append(in.Observations, plans.Observation{Address: "backfill.status", Provider: "database/postgres", Late: true})
	if s := mustPlan(t, in).Step("backfill.status"); !s.Late || s.Envelope == nil {
		t.Errorf("%+v", s)
	}
}
