package updown_test

import (
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/rehearse/updown"
	"github.com/lockstep-dev/lockstep/plans"
)

// TestWhatFailsOnRows rehearses one pair of files behind a table.
func TestWhatFailsOnRows(t *testing.T) {
	t.Parallel()
	const table = "CREATE TABLE customers (id int PRIMARY KEY); CREATE TABLE orders (id int PRIMARY KEY, n int, s text NOT NULL, customer int);"
	for name, c := range map[string]struct {
		up, down string
		said     string // by OnRows, "" for nothing
		restores bool
		grade    plans.Grade
		unseen   string
	}{
		"set not null": {
			"ALTER TABLE orders ALTER n SET NOT NULL;", "ALTER TABLE orders ALTER n DROP NOT NULL;",
			"the up file works on empty tables and fails on a row: 0002_m.up.sql:1: column \"n\" of relation \"orders\" contains null values; it fails when a row of public.orders has NULL in n",
			true, plans.GradeExact, "",
		},
		"add not null": {
			"SELECT 1;\nALTER TABLE orders ADD m int NOT NULL;", "ALTER TABLE orders DROP m;",
			"the up file works on empty tables and fails on a row: 0002_m.up.sql:2: column \"m\" of relation \"orders\" contains null values; it fails as soon as public.orders has a row",
			true, plans.GradeStructural, "",
		},
		"check": {
			"ALTER TABLE orders ADD CONSTRAINT short CHECK (length(s) > 100);", "ALTER TABLE orders DROP CONSTRAINT short;",
			"it fails when a row of public.orders breaks short", true, plans.GradeExact, "",
		},
		"cast": {
			"ALTER TABLE orders ALTER s TYPE int USING s::int;", "ALTER TABLE orders ALTER s TYPE text;",
			"invalid input syntax for type integer", true, plans.GradeStructural, "",
		},
		"foreign key": {
			"ALTER TABLE orders ADD buyer int NOT NULL DEFAULT 7 CONSTRAINT f REFERENCES customers;", "ALTER TABLE orders DROP buyer;",
			"it fails when a row of public.orders refers by f to a row that is not there", true, plans.GradeStructural, "",
		},
		"down adds not null": {
			"ALTER TABLE orders DROP s;", "ALTER TABLE orders ADD s text NOT NULL;",
			"the down file works on empty tables and fails on a row: 0002_m.down.sql:1: column \"s\" of relation \"orders\" contains null values; it fails as soon as public.orders has a row",
			false, plans.GradeNone, "",
		},
		"down sets not null": {
			"ALTER TABLE orders ALTER s DROP NOT NULL;", "ALTER TABLE orders ALTER s SET NOT NULL;",
			"the down file works on empty tables and fails on a row: 0002_m.down.sql:1: column \"s\" of relation \"orders\" contains null values; it fails when a row of public.orders has NULL in s",
			true, plans.GradeStructural, "",
		},
		"in a function's body": {
			"DO $$ BEGIN IF EXISTS (SELECT FROM orders) THEN RAISE 'not empty'; END IF; END $$;", "SELECT 1;",
			"0002_m.up.sql:1: not empty", true, plans.GradeStructural, "0002_m.up.sql:1: what its code does where there are rows",
		},
		"in statements": {
			"CREATE INDEX CONCURRENTLY i ON orders (n);", "DROP INDEX CONCURRENTLY i;",
			"", true, plans.GradeExact, "0002_m.up.sql: whether it fails on rows: it does not run in one transaction",
		},
		"down narrows": {
			"ALTER TABLE orders ALTER n TYPE bigint;", "ALTER TABLE orders ALTER n TYPE int;",
			"the down file works on rows of before and fails on one that new code may write: 0002_m.down.sql:1: integer out of range",
			true, plans.GradeStructural, "",
		},
		"down shortens": {
			"ALTER TABLE orders ADD code varchar(5); ALTER TABLE orders ALTER s TYPE varchar(90);", "ALTER TABLE orders ALTER s TYPE varchar(10); ALTER TABLE orders ALTER s TYPE text; ALTER TABLE orders DROP code;",
			"value too long for type character varying(10)", true, plans.GradeStructural, "",
		},
		"down cuts": {
			"ALTER TABLE orders ALTER n TYPE bigint;", "ALTER TABLE orders ALTER n TYPE int USING least(n, 2147483647)::int;",
			"", true, plans.GradeStructural, "",
		},
		"nothing": {"ALTER TABLE orders ADD m int;", "ALTER TABLE orders DROP m;", "", true, plans.GradeStructural, ""},
		"settled by a backfill": {
			"UPDATE orders SET n = 0 WHERE n IS NULL; ALTER TABLE orders ALTER n SET NOT NULL;", "ALTER TABLE orders ALTER n DROP NOT NULL;",
			"", true, plans.GradeStructural, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list, err := updown.Rehearse(t.Context(), bench(t), files(table, "DROP TABLE orders; DROP TABLE customers;", c.up, c.down))
			if err != nil {
				t.Fatal(err)
			}
			m := list[1]
			if m.Up != plans.OutcomeOK || m.Down != plans.OutcomeOK || m.Restores != c.restores || m.Grade != c.grade || len(m.Differences) > 0 {
				t.Errorf("%+v", m)
			}
			if got := strings.Join(m.OnRows, "\n"); (got == "") != (c.said == "") || !strings.Contains(got, c.said) {
				t.Errorf("on rows: got %q, want %q", got, c.said)
			}
			if got := strings.Join(m.Unseen, "\n"); !strings.Contains(got, c.unseen) || c.unseen == "" && got != "" {
				t.Errorf("unseen: got %q, want %q", got, c.unseen)
			}
		})
	}
}
