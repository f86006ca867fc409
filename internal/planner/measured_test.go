package planner_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/planner"
	"github.com/lockstep-dev/lockstep/plans"
)

// TestALockIsTheRelationsOwn: what a file does with a name later says nothing of
// the relation that had it before. The locks given are what a throw-away server
// measures: without what the file's transaction itself has made.
func TestALockIsTheRelationsOwn(t *testing.T) {
	t.Parallel()
	exclusive := func(relation string) []plans.Lock {
		return []plans.Lock{{Mode: "AccessExclusiveLock", Relation: relation}}
	}
	for _, tt := range []struct {
		name  string
		lines []string
		locks map[int][]plans.Lock // of the lines, from 0 on
		want  string
	}{
		{
			"its name is given to a view",
			[]string{"ALTER TABLE orders RENAME TO orders_old;", "CREATE VIEW orders AS SELECT * FROM orders_old;"},
			map[int][]plans.Lock{0: exclusive("public.orders")},
			"0 orders",
		},
		{
			"dropped and made again",
			[]string{"DROP TABLE orders;", "CREATE TABLE orders (id int);"},
			map[int][]plans.Lock{0: exclusive("public.orders")},
			"0 orders",
		},
		{
			"under its new name",
			[]string{"ALTER TABLE orders RENAME TO orders_old;", "CREATE TABLE orders (LIKE orders_old);", "DROP TABLE orders_old;"},
			map[int][]plans.Lock{0: exclusive("public.orders"), 2: exclusive("public.orders_old")},
			"0 orders 2 orders_old",
		},
		{
			"a new table is nobody's, outside of a transaction as well",
			[]string{"CREATE TABLE parts (id int);", "CREATE INDEX CONCURRENTLY parts_id ON parts (id);", "ALTER TABLE orders ADD COLUMN part int;"},
			map[int][]plans.Lock{1: exclusive("public.parts"), 2: exclusive("public.orders")},
			"2 orders",
		},
	} {
		header := "-- lockstep:phase contract so that it has a place\n"
		if strings.Contains(tt.name, "outside") {
			header = "-- lockstep:no-transaction\n"
		}
		sql := header + strings.Join(tt.lines, "\n")
		e := planner.Evidence{Rehearsal: restored(plans.GradeStructural)}
		for i, line := range tt.lines {
			s := measured(strings.TrimSuffix(line, ";"), tt.locks[i]...)
			s.Line = i + 2
			e.Statements = append(e.Statements, s)
		}
		step := mustPlan(t, rehearsed(pending(t, sql, "SELECT 1;"), e)).Steps[0]
		var got []string
		for i, s := range step.Statements {
			if s.Source != "measured" {
				t.Errorf("%s: %+v", tt.name, s)
			}
			for _, l := range s.Locks {
				got = append(got, fmt.Sprint(i, " ", l.Relation))
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestATableOfAnEarlierFile is nobody's as long as no released code knows its
// name.
func TestATableOfAnEarlierFile(t *testing.T) {
	t.Parallel()
	const header = "-- lockstep:phase contract so that it has a place\n"
	in := input(t, strings.Replace(second, "version  = 2", "version  = 3", 1))
	in.Folders["orders"] = []plans.MigrationFile{
		ordersFolder()[0],
		file(2, "x", header+"DROP TABLE orders; CREATE TABLE orders (id int); CREATE TABLE parts (id int);", "SELECT 1;"),
		file(3, "y", header+"ALTER TABLE orders ADD COLUMN n int, ADD COLUMN m int;", "SELECT 1;"),
	}
	s := measured("ALTER TABLE orders ADD COLUMN n int, ADD COLUMN m int",
		plans.Lock{Mode: "AccessExclusiveLock", Relation: "public.orders"}, plans.Lock{Mode: "AccessShareLock", Relation: "public.parts"})
	s.File, s.Line = "migrations/orders/0003_y.up.sql", 2
	in.Rehearsed = map[string]map[uint64]planner.Evidence{"orders": {3: {Rehearsal: restored(plans.GradeStructural), Statements: []plans.Statement{s}}}}
	got := mustPlan(t, in).Steps[1].Statements[0]
	if got.Source != "measured" || len(got.Locks) != 1 || got.Locks[0].Relation != "orders" {
		t.Errorf("got %+v", got)
	}
}

// TestWhatCodeDoesIsAssumed: on the throw-away server its tables were empty.
func TestWhatCodeDoesIsAssumed(t *testing.T) {
	t.Parallel()
	const sql = "-- lockstep:phase expand only its author knows\nDO $$ BEGIN IF (SELECT count(*) FROM orders) > 100 THEN DROP TABLE orders; END IF; END $$;"
	s := measured("DO $$ BEGIN IF (SELECT count(*) FROM orders) > 100 THEN DROP TABLE orders; END IF; END $$", plans.Lock{Mode: "AccessShareLock", Relation: "public.orders"})
	s.Line, s.Code = 2, []string{"DO"}
	e := planner.Evidence{Rehearsal: restored(plans.GradeStructural), Statements: []plans.Statement{s}}
	got := mustPlan(t, rehearsed(pending(t, sql, "SELECT 1;"), e)).Steps[0].Statements[0]
	if got.Source != "assumed" || len(got.Locks) != 1 || len(got.Code) != 1 {
		t.Errorf("got %+v", got)
	}
}
