package planner_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/internal/planner"
	"github.com/lockstep-dev/lockstep/plans"
)

const second = `
migration "orders" {
  database = database.orders
  version  = 2
}`

// pending is a change set with one pending file, behind the file that makes
// orders (id, state).
func pending(t testing.TB, up, down string) planner.Input {
	t.Helper()
	in := input(t, second)
	in.Folders["orders"] = []plans.MigrationFile{ordersFolder()[0], file(2, "x", up, down)}
	return in
}

func rehearsed(in planner.Input, e planner.Evidence) planner.Input {
	in.Rehearsed = map[string]map[uint64]planner.Evidence{"orders": {2: e}}
	return in
}

// restored is a rehearsal in which all went well.
func restored(grade plans.Grade) plans.Rehearsal {
	return plans.Rehearsal{Server: "15.18", Basis: "target", Up: plans.OutcomeOK, Down: plans.OutcomeOK, Restores: true, Grade: grade}
}

func measured(sql string, locks ...plans.Lock) plans.Statement {
	return plans.Statement{File: "migrations/orders/0002_x.up.sql", Line: 1, SQL: sql, Source: "measured", Locks: locks}
}

func TestMeasuredBeatsRule(t *testing.T) {
	t.Parallel()
	const sql = "CREATE INDEX i ON orders (state);"
	e := planner.Evidence{Rehearsal: restored(plans.GradeExact), Statements: []plans.Statement{
		measured("CREATE INDEX i ON orders (state)", plans.Lock{Mode: "ShareLock", Relation: "public.orders"}),
	}}
	got := mustPlan(t, rehearsed(pending(t, sql, "DROP INDEX i;"), e)).Steps[0]
	s := got.Statements[0]
	if s.Source != "measured" || !slices.Equal(s.Locks, []plans.Lock{{Mode: "ShareLock", Relation: "orders"}}) || len(s.Scans) != 0 {
		t.Errorf("got %+v", s)
	}
	if got.Rehearsal == nil || got.Rehearsal.Server != "15.18" || got.Rollback.Grade != plans.GradeExact || !strings.Contains(got.Rollback.Reason, "rehearsed") {
		t.Errorf("got %+v, %+v", got.Rehearsal, got.Rollback)
	}

	e.Rehearsal.Unseen = []string{"migrations/orders/0002_x.up.sql:1: scans"}
	s = mustPlan(t, rehearsed(pending(t, sql, "DROP INDEX i;"), e)).Steps[0].Statements[0]
	if s.Source != "rule" || !slices.Equal(s.Scans, []string{"orders"}) || len(s.Locks) != 1 {
		t.Errorf("what could not be measured: got %+v", s)
	}
}

func TestDownThatDoesNotRestore(t *testing.T) {
	t.Parallel()
	const sql, down = "CREATE INDEX i ON orders (state);", "SELECT 1;"
	for _, tt := range []struct {
		name  string
		r     plans.Rehearsal
		grade plans.Grade
		warns bool
	}{
		{"restores", restored(plans.GradeExact), plans.GradeExact, false},
		{"differs", plans.Rehearsal{Up: plans.OutcomeOK, Down: plans.OutcomeOK, Grade: plans.GradeNone, Differences: []string{"after the down file: index i is there"}}, plans.GradeStructural, true},
		{"fails", plans.Rehearsal{Up: plans.OutcomeOK, Down: plans.OutcomeFailed, Grade: plans.GradeNone, Differences: []string{"the down file fails: no index i"}}, plans.GradeNone, true},
		{"missing", plans.Rehearsal{Up: plans.OutcomeOK, Down: plans.OutcomeMissing, Grade: plans.GradeNone}, plans.GradeNone, false},
	} {
		p := mustPlan(t, rehearsed(pending(t, sql, down), planner.Evidence{Rehearsal: tt.r}))
		if got := p.Steps[0].Rollback; got.Grade != tt.grade || !strings.Contains(got.Reason, strings.Join(tt.r.Differences, "")) {
			t.Errorf("%s: got %+v", tt.name, got)
		}
		if slices.Contains(codes(p), "down-does-not-restore") != tt.warns {
			t.Errorf("%s: findings %v", tt.name, codes(p))
		} else if tt.warns && finding(p, "down-does-not-restore").Detail != tt.r.Differences[0] {
			t.Errorf("%s: got %+v", tt.name, finding(p, "down-does-not-restore"))
		}
	}
}

// Rows that are taken away are no less lost because the schema comes back.
func TestRehearsalKnowsNothingOfRows(t *testing.T) {
	t.Parallel()
	p := mustPlan(t, rehearsed(pending(t, "ALTER TABLE orders DROP COLUMN state;", "ALTER TABLE orders ADD COLUMN state text;"), planner.Evidence{Rehearsal: restored(plans.GradeExact)}))
	if got := p.Steps[0].Rollback; got.Grade != plans.GradeStructural || !strings.Contains(got.Reason, "lost") {
		t.Errorf("got %+v", got)
	}
}

func TestFailedRehearsalIsRefused(t *testing.T) {
	t.Parallel()
	e := planner.Evidence{Rehearsal: plans.Rehearsal{Server: "15.18", Basis: "folder", Up: plans.OutcomeFailed, Down: plans.OutcomeSkipped, Differences: []string{`0002_x.up.sql:1: relation "nowhere" does not exist (42P01)`}}}
	p, ds := planner.Plan(rehearsed(pending(t, "ALTER TABLE nowhere ADD COLUMN x int;", "SELECT 1;"), e))
	if p != nil || len(ds) != 1 || ds[0].Code != "rehearsal-failed" || !strings.Contains(ds[0].Summary, `relation "nowhere" does not exist`) {
		t.Errorf("got %+v", ds)
	}
	e.Rehearsal.Up = plans.OutcomeSkipped
	if p := mustPlan(t, rehearsed(pending(t, "ALTER TABLE orders ADD COLUMN x int;", "SELECT 1;"), e)); p.Steps[0].Rehearsal != nil {
		t.Errorf("a file that was not reached: got %+v", p.Steps[0].Rehearsal)
	}
}

func TestQueriesDecide(t *testing.T) {
	t.Parallel()
	breaks := []plans.QueryBreak{
		{Kind: "gone", SQL: "SELECT state FROM orders", Where: "shop.sql:12 (GetOrder)", Summary: "column state does not exist", Contract: true, CallsPerDay: 1200, TimePerDay: plans.Duration(3 * time.Second)},
		{Kind: "gone", Where: "shop.sql:20 (List)", Summary: "column state does not exist", Contract: true},
	}
	safe := &plans.QueryEvidence{From: []string{"pg_stat_statements of the target"}, Tried: 214, ExpandSafe: true}
	const add, view, unique, drop = "ALTER TABLE orders ADD COLUMN x int;", "DROP VIEW open_orders;", "CREATE UNIQUE INDEX CONCURRENTLY i ON orders (state);", "ALTER TABLE orders DROP COLUMN state;"
	for _, tt := range []struct {
		name, up string
		queries  *plans.QueryEvidence
		class    plans.Class
		reason   string
	}{
		{"a statement breaks", add, &plans.QueryEvidence{Tried: 214, Breaks: breaks}, plans.ClassContract, "by evidence: column state does not exist (shop.sql:12 (GetOrder)), and 1 more"},
		{"one that is only noted", add, &plans.QueryEvidence{Tried: 214, Breaks: []plans.QueryBreak{{Where: "x", Summary: "its plan changes"}}}, plans.ClassExpand, "nothing in it breaks"},
		{"none breaks", view, safe, plans.ClassExpand, "by evidence expand: 214 statements of pg_stat_statements of the target were prepared before and after, none breaks"},
		{"none breaks, and the rule is named", view, safe, plans.ClassExpand, "rule says contract: line 1 "},
		{"preparing does not tell what rows are rejected", unique, safe, plans.ClassContract, "line 1 "},
		{"nor who may do what", "REVOKE INSERT ON orders FROM app;", safe, plans.ClassContract, "line 1 "},
		{"nothing was tried", view, &plans.QueryEvidence{ExpandSafe: true}, plans.ClassContract, "line 1 "},
		{"data is lost", drop, safe, plans.ClassContract, "line 1 drops orders.state"},
		{"the author says contract", "-- lockstep:phase contract so it is\n" + add, safe, plans.ClassContract, "so it is"},
		{"the author says expand", "-- lockstep:phase expand so it is\n" + add, &plans.QueryEvidence{Tried: 2, Breaks: breaks}, plans.ClassExpand, "so it is"},
	} {
		r := restored(plans.GradeStructural)
		r.Dropped = []plans.Dropped{{Line: 1, Kind: "view", Identity: "public.open_orders", Why: "named"}}
		p := mustPlan(t, rehearsed(pending(t, tt.up, "SELECT 1;"), planner.Evidence{Rehearsal: r, Queries: tt.queries}))
		got := p.Steps[0]
		if got.Migration.Class != tt.class || !strings.Contains(got.Migration.Reason, tt.reason) || (got.Phase == plans.Contract) != (tt.class == plans.ClassContract) {
			t.Errorf("%s: got %s in %s: %s", tt.name, got.Migration.Class, got.Phase, got.Migration.Reason)
		}
		if got.Queries != tt.queries {
			t.Errorf("%s: the step has no evidence", tt.name)
		}
		found := 0
		for _, f := range p.Findings {
			if f.Code == "breaks-a-query" {
				found++
			}
		}
		if found != len(tt.queries.Breaks) {
			t.Errorf("%s: %d findings", tt.name, found)
		}
	}
	p := mustPlan(t, rehearsed(pending(t, add, "SELECT 1;"), planner.Evidence{Rehearsal: restored(plans.GradeStructural), Queries: &plans.QueryEvidence{Tried: 2, Breaks: breaks[:1]}}))
	if f := finding(p, "breaks-a-query"); f.Severity != plans.SeverityWarning || !strings.Contains(f.Detail, "1200 calls a day, 3s a day") {
		t.Errorf("got %+v", f)
	}
}

// TestEvidenceThatDecidesNothing: the rule stands where something else may use
// what is dropped, and the reason says what.
func TestEvidenceThatDecidesNothing(t *testing.T) {
	t.Parallel()
	view := plans.Dropped{Line: 1, Kind: "view", Identity: "public.open_orders", Why: "named"}
	for _, tt := range []struct {
		up      string
		change  func(*plans.Rehearsal, *plans.QueryEvidence)
		because string
	}{
		{"DROP VIEW open_orders;", func(_ *plans.Rehearsal, q *plans.QueryEvidence) { q.Doubts = []string{"only a folder was read"} }, "only a folder was read"},
		{"DROP VIEW open_orders;", func(r *plans.Rehearsal, _ *plans.QueryEvidence) { r.Basis = "folder" }, "not on the target's own"},
		{"DROP VIEW open_orders;", func(r *plans.Rehearsal, _ *plans.QueryEvidence) { r.Dropped = nil }, "it was not seen what it drops"},
		{"DROP VIEW open_orders;", func(r *plans.Rehearsal, _ *plans.QueryEvidence) {
			r.Naming = []string{"function public.f() names open_orders"}
		}, "function public.f() names open_orders"},
		{"DROP FUNCTION touch() CASCADE;", func(r *plans.Rehearsal, _ *plans.QueryEvidence) {
			r.Dropped = append(r.Dropped, plans.Dropped{Line: 1, Kind: "trigger", Identity: "orders_touch on public.orders", Why: "cascade"})
		}, "trigger orders_touch on public.orders goes with it"},
	} {
		r, q := restored(plans.GradeStructural), plans.QueryEvidence{From: []string{"q/"}, Tried: 1, ExpandSafe: true}
		r.Dropped = []plans.Dropped{view}
		tt.change(&r, &q)
		got := mustPlan(t, rehearsed(pending(t, tt.up, "SELECT 1;"), planner.Evidence{Rehearsal: r, Queries: &q})).Steps[0]
		if got.Phase != plans.Contract || !strings.Contains(got.Migration.Reason, "1 statement of q/ was prepared before and after, none breaks, which decides nothing: ") ||
			!strings.HasSuffix(got.Migration.Reason, tt.because) {
			t.Errorf("%s: %s: %s", tt.because, got.Phase, got.Migration.Reason)
		}
	}
	p := mustPlan(t, rehearsed(pending(t, "DROP PROCEDURE tidy();", "SELECT 1;"), planner.Evidence{
		Rehearsal: restored(plans.GradeStructural), Queries: &plans.QueryEvidence{Tried: 9, ExpandSafe: true},
	}))
	if p.Steps[0].Phase != plans.Contract {
		t.Errorf("calls of a procedure cannot be prepared: %s", p.Steps[0].Migration.Reason)
	}
}

func TestNotRehearsedIsSaidOnce(t *testing.T) {
	t.Parallel()
	in := pending(t, "ALTER TABLE orders ADD COLUMN x int;", "SELECT 1;")
	in.NotRehearsed = map[string]string{"orders": "no PostgreSQL server is on this machine"}
	p := mustPlan(t, in)
	if f := finding(p, "not-rehearsed"); f.Severity != plans.SeverityInfo || !strings.Contains(f.Summary, "no PostgreSQL server is on this machine") {
		t.Errorf("got %+v", f)
	}
	if p := mustPlan(t, rehearsed(in, planner.Evidence{Rehearsal: restored(plans.GradeExact)})); slices.Contains(codes(p), "not-rehearsed") {
		t.Errorf("findings %v", codes(p))
	}
}

// TestAFileThatARehearsalLeftOut says why, and is judged by rule.
func TestAFileThatARehearsalLeftOut(t *testing.T) {
	t.Parallel()
	left := planner.Evidence{Rehearsal: plans.Rehearsal{
		Up: plans.OutcomeSkipped, Down: plans.OutcomeSkipped, Grade: plans.GradeNone, Differences: []string{"not rehearsed: it needs a superuser"},
	}}
	p := mustPlan(t, rehearsed(pending(t, "CREATE INDEX i ON orders (state);", "DROP INDEX i;"), left))
	if f := finding(p, "not-rehearsed"); f.Severity != plans.SeverityWarning || !strings.Contains(f.Detail, "it needs a superuser") || f.File == "" {
		t.Errorf("%+v", f)
	}
	if s := p.Steps[0]; s.Rehearsal != nil || s.Statements[0].Source != "rule" {
		t.Errorf("%+v", s)
	}
}

// TestWhatFailsForLackOfRows refuses nothing: an empty copy tells nothing of
// the target's rows.
func TestWhatFailsForLackOfRows(t *testing.T) {
	t.Parallel()
	left := planner.Evidence{Rehearsal: plans.Rehearsal{
		Up: plans.OutcomeSkipped, Down: plans.OutcomeSkipped, Grade: plans.GradeNone,
		Differences: []string{"not rehearsed: no such key"}, OnRows: []string{"no such key"},
	}}
	p := mustPlan(t, rehearsed(pending(t, "INSERT INTO orders VALUES (1);", "DELETE FROM orders WHERE id = 1;"), left))
	if f := finding(p, "fails-on-rows"); f.Severity != plans.SeverityWarning || !strings.Contains(f.Detail, "no such key. Its locks") {
		t.Errorf("%+v", f)
	}
	if slices.Contains(codes(p), "not-rehearsed") || p.Steps[0].Rehearsal != nil {
		t.Errorf("%v, %+v", codes(p), p.Steps[0].Rehearsal)
	}
}

func TestSizesCount(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        string
		rows, bytes int64
		severity    plans.Severity
		large       bool
	}{
		{"small", 812, 64 << 10, plans.SeverityInfo, false},
		{"many rows", 10_000, 64 << 10, plans.SeverityWarning, false},
		{"wide rows", 812, 10 << 20, plans.SeverityWarning, false},
		{"nobody counted", -1, 64 << 10, plans.SeverityWarning, false},
		{"large", 5_000_000, 18 << 30, plans.SeverityWarning, true},
	} {
		in := pending(t, "CREATE INDEX i ON orders (state);", "DROP INDEX i;")
		in.Surveys = map[string]plans.Survey{"orders": {Address: "database.orders", Server: "PostgreSQL 15.6", Primary: true, Relations: []plans.RelationFigures{
			{Relation: "orders", Rows: tt.rows, Bytes: tt.bytes},
		}}}
		p := mustPlan(t, in)
		if f := finding(p, "create-index"); f.Severity != tt.severity {
			t.Errorf("%s: got %+v", tt.name, f)
		}
		if len(p.Surveys) != 1 || tt.rows >= 0 && p.Steps[0].Statements[0].Estimate == nil {
			t.Errorf("%s: surveys %v, estimate %v", tt.name, p.Surveys, p.Steps[0].Statements[0].Estimate)
		}
		if large := strings.Contains(strings.Join(why(p, "dba"), "\n"), "orders is large: 5,000,000 rows"); large != tt.large {
			t.Errorf("%s: roles %+v", tt.name, p.Roles)
		}
	}
}

func why(p *plans.Plan, role string) []string {
	for _, c := range p.Roles {
		if c.Role == role {
			return c.Why
		}
	}
	return nil
}

func TestRolesAreCalled(t *testing.T) {
	t.Parallel()
	p := mustPlan(t, pending(t, "REVOKE SELECT ON orders FROM reader;\nDROP TABLE orders;", ""))
	for role, want := range map[string]string{
		"security": "migrations/orders/0002_x.up.sql:1: change-rights",
		"release":  `migration.orders["0002_x"] has no way back`,
		"dba":      "migrations/orders/0002_x.up.sql:2: AccessExclusiveLock on orders (rule)",
	} {
		if got := strings.Join(why(p, role), "\n"); !strings.Contains(got, want) {
			t.Errorf("%s: got %s", role, got)
		}
	}
	if got := mustPlan(t, pending(t, "CREATE TABLE t (a int);", "DROP TABLE t;")).Roles; len(got) != 0 {
		t.Errorf("a new table: got %+v", got)
	}
	var many strings.Builder
	for range 8 {
		many.WriteString("REVOKE SELECT ON orders FROM reader;\n")
	}
	reasons := why(mustPlan(t, pending(t, many.String(), "SELECT 1;")), "security")
	if len(reasons) != 6 || reasons[5] != "and 3 more" {
		t.Errorf("got %q", reasons)
	}
}

func TestFilesWithoutAPlaceAreRefused(t *testing.T) {
	t.Parallel()
	for sql, code := range map[string]string{
		"ALTER TABLE orders RENAME COLUMN state TO status;": "must-be-split",
		"DO $$ BEGIN END $$;":                               "class-unknown",
	} {
		p, ds := planner.Plan(pending(t, sql, "SELECT 1;"))
		if p != nil || len(ds) != 1 || ds[0].Code != code || ds[0].Range.File != "migrations/orders/0002_x.up.sql" || ds[0].Fix == "" {
			t.Errorf("%s: got %+v", sql, ds)
		}
		in := pending(t, sql, "SELECT 1;")
		in.Folders["orders"] = in.Folders["orders"][1:]
		in.Siblings = nil
		observe(&in, database())
		if p := mustPlan(t, in); p.Steps[0].Migration.Class != plans.ClassExpand {
			t.Errorf("%s on an empty database: got %+v", sql, p.Steps[0].Migration)
		}
	}
}

// The server's version decides what a statement locks.
func TestServerVersionCounts(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{
		`{"server_version":"11.22"}`:                "AccessExclusiveLock",
		`{"server_version":"15.18 (Debian 15.18)"}`: "ShareUpdateExclusiveLock",
		`{"server_version":"18beta1"}`:              "ShareUpdateExclusiveLock",
		``:                                          "ShareUpdateExclusiveLock",
	} {
		in := pending(t, "-- lockstep:phase expand nothing names it\nALTER INDEX orders_pkey RENAME TO orders_key;", "SELECT 1;")
		o := database(appliedFile(in.Folders["orders"][0], "earlier"))
		o.Informative = []byte(version)
		observe(&in, o)
		if got := mustPlan(t, in).Steps[0].Statements[0].Locks; len(got) != 1 || got[0].Mode != want {
			t.Errorf("%s: got %+v", version, got)
		}
	}
}

// With nothing to judge, no applied file is read, however many there are.
func TestNothingPendingReadsNothing(t *testing.T) {
	t.Parallel()
	in := pending(t, "ALTER TABLE orders ADD COLUMN x int;", "SELECT 1;")
	open := file(1, "create_orders", "SELECT 'open", "SELECT 1;")
	in.Folders["orders"][0] = open
	observe(&in, database(appliedFile(open, "earlier")))
	if p := mustPlan(t, in); !slices.Contains(codes(p), "schema-unknown") || p.Steps[0].Statements[0].Source != "assumed" {
		t.Errorf("one is pending: findings %v", codes(p))
	}
	observe(&in, database(appliedFile(open, "earlier"), appliedFile(in.Folders["orders"][1], "c")))
	if p := mustPlan(t, in); slices.Contains(codes(p), "schema-unknown") {
		t.Errorf("none is pending: findings %v", codes(p))
	}
}

// TestWhatGoesAlong: no rule sees what CASCADE reaches, the rehearsal does.
func TestWhatGoesAlong(t *testing.T) {
	t.Parallel()
	e := planner.Evidence{Rehearsal: restored(plans.GradeStructural)}
	e.Rehearsal.Dropped = []plans.Dropped{
		{Line: 1, Kind: "type", Identity: "public.addr", Why: "named"},
		{Line: 1, Kind: "table column", Identity: "public.users.a", Why: "cascade"},
	}
	p := mustPlan(t, rehearsed(pending(t, "DROP TYPE addr CASCADE;", "CREATE TYPE addr AS (street text);"), e))
	text, err := json.Marshal(p)
	if err != nil || !strings.Contains(string(text), "line 1 drops table column public.users.a along, with what is in it") {
		t.Errorf("%s, %v", text, err)
	}
}
