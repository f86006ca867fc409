package budget

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lockstep-dev/lockstep/plans"
)

func surveyed() plans.Survey {
	return plans.Survey{
		Address: "database.orders", Server: "PostgreSQL 15.6", Primary: true,
		Relations: []plans.RelationFigures{
			{Relation: "orders", Rows: 41_000_000, Bytes: 18 << 30, IndexBytes: 4 << 30},
			{Relation: "orders_pkey", Rows: 41_000_000, IndexBytes: 1 << 30},
			{Relation: "parts", Rows: 2_000_000, Bytes: 1 << 30, Partitions: 200},
			{Relation: "fresh", Rows: -1, Bytes: 1 << 30},
			{Relation: "small", Rows: 20, Bytes: 8192},
		},
	}
}

// lock is one lock of a mode on a relation.
func lock(mode, relation string) []plans.Lock { return []plans.Lock{{Mode: mode, Relation: relation}} }

func TestEstimate(t *testing.T) {
	t.Parallel()
	ax := lock("AccessExclusiveLock", "orders")
	tests := map[string]struct {
		st    plans.Statement
		want  string // "low..high source: basis"
		never string
	}{
		"catalog":    {st: plans.Statement{SQL: "ALTER TABLE orders ADD COLUMN x int", Locks: ax}, want: "1ms..100ms rule: catalog change"},
		"partitions": {st: plans.Statement{SQL: "ALTER TABLE parts ADD x int", Locks: lock("AccessExclusiveLock", "parts")}, want: "21ms..700ms rule: catalog change on 200 partitions"},
		"scan": {
			st:   plans.Statement{SQL: "ALTER TABLE orders ALTER x SET NOT NULL", Locks: ax, Scans: []string{"orders"}},
			want: "4.5s..3m10s rule: reads 18 GB at 100 MB to 4 GB a second",
		},
		"rewrite counts indexes once": {
			st:   plans.Statement{SQL: "ALTER TABLE orders ALTER x TYPE bigint", Locks: ax, Scans: []string{"orders"}, Rewrites: []string{"orders", "orders_pkey"}},
			want: "45s..19m0s rule: writes 18 GB and 4 GB of indexes anew at 20 MB to 500 MB a second",
		},
		"index": {
			st:   plans.Statement{SQL: "CREATE INDEX i ON orders (x)", Locks: lock("ShareLock", "orders"), Scans: []string{"orders"}},
			want: "14s..12m0s rule: reads 18 GB, sorts 41 M rows into an index at 80 k to 4 M a second",
		},
		"another kind of index": {
			st:   plans.Statement{SQL: "CREATE INDEX i ON orders USING gin (x)", Locks: lock("ShareLock", "orders"), Scans: []string{"orders"}},
			want: "25s..5h50m0s rule: reads 18 GB, sorts 41 M rows into an index at 2 k to 2 M a second",
		},
		"index of rows that nobody counted": {
			st:   plans.Statement{SQL: "CREATE INDEX i ON fresh (x)", Locks: lock("ShareLock", "fresh"), Scans: []string{"fresh"}},
			want: "380ms..7m40s assumed: reads 1 GB, sorts an unknown number of rows into an index at 80 k to 4 M a second",
		},
		"using an index that is there": {
			st:   plans.Statement{SQL: "ALTER TABLE orders ADD PRIMARY KEY USING INDEX i", Locks: ax, Scans: []string{"orders"}},
			want: "4.5s..3m10s rule: reads 18 GB at 100 MB to 4 GB a second",
		},
		"concurrently": {
			st:   plans.Statement{SQL: "CREATE INDEX CONCURRENTLY i ON orders (x)", Locks: lock("ShareUpdateExclusiveLock", "orders"), Scans: []string{"orders"}},
			want: "19s..15m0s rule: reads 18 GB, sorts 41 M rows into an index at 80 k to 4 M a second, and reads the table once more; besides, it waits until transactions that were open before have ended",
		},
		"drop concurrently": {
			st:   plans.Statement{SQL: "DROP INDEX CONCURRENTLY i", Locks: lock("ShareUpdateExclusiveLock", "orders")},
			want: "1ms..100ms rule: catalog change in stages; besides, it waits until transactions that were open before have ended",
		},
		"reindex": {
			st:   plans.Statement{SQL: "REINDEX TABLE orders", Locks: lock("ShareLock", "orders"), Rewrites: []string{"orders_pkey"}, Scans: []string{"orders"}},
			want: "12s..6m30s rule: reads 18 GB and builds 4 GB of indexes at 20 MB to 500 MB a second",
		},
		"all rows": {
			st:   plans.Statement{SQL: "UPDATE orders SET x = 1", Locks: lock("RowExclusiveLock", "orders"), Scans: []string{"orders"}},
			want: "1m22s..2h20m0s assumed: changes all 41 M rows at 5 k to 500 k a second",
		},
		"some rows": {
			st:   plans.Statement{SQL: "DELETE FROM orders WHERE x", Locks: lock("RowExclusiveLock", "orders")},
			want: "1ms..2h20m0s assumed: changes at most 41 M rows at 5 k to 500 k a second; its condition tells how many",
		},
		"listed rows": {
			st:   plans.Statement{SQL: "INSERT INTO orders VALUES (1)", Locks: lock("RowExclusiveLock", "orders")},
			want: "1ms..100ms assumed: inserts the rows that it lists",
		},
		"small": {
			st:   plans.Statement{SQL: "CREATE UNIQUE INDEX i ON small (x)", Locks: lock("ShareLock", "small"), Scans: []string{"small"}},
			want: "1ms..110ms rule: reads 8 kB, sorts 20 rows into an index at 80 k to 4 M a second",
		},
		"one is not there yet": {
			st:   plans.Statement{SQL: "ALTER TABLE new ADD FOREIGN KEY (x) REFERENCES small", Locks: lock("ShareRowExclusiveLock", "small"), Scans: []string{"small", "new"}},
			want: "1ms..110ms rule: reads 8 kB at 100 MB to 4 GB a second (without new, whose size is not known)",
		},
		"identity is no query": {
			st:   plans.Statement{SQL: "CREATE TABLE new (id int GENERATED ALWAYS AS IDENTITY, x int REFERENCES small)", Locks: lock("ShareRowExclusiveLock", "small")},
			want: "1ms..100ms rule: catalog change",
		},
		"no lock of its own": {
			st:   plans.Statement{SQL: "CREATE INDEX i ON small (x)", Scans: []string{"public.small"}},
			want: "1ms..110ms rule: reads 8 kB, sorts 20 rows into an index at 80 k to 4 M a second",
		},
		"code":                   {st: plans.Statement{SQL: "DO $$ BEGIN END $$", Locks: ax}},
		"a query":                {st: plans.Statement{SQL: "CREATE TABLE c AS SELECT * FROM orders", Locks: lock("AccessShareLock", "orders")}},
		"rows of a query":        {st: plans.Statement{SQL: "INSERT INTO small SELECT * FROM orders", Locks: lock("RowExclusiveLock", "small")}},
		"no lock":                {st: plans.Statement{SQL: "CREATE TABLE c (id int)"}},
		"no figures":             {st: plans.Statement{SQL: "CREATE INDEX i ON new (x)", Locks: lock("ShareLock", "new"), Scans: []string{"new"}}},
		"lock":                   {st: plans.Statement{SQL: "LOCK TABLE orders", Locks: ax}},
		"vacuum":                 {st: plans.Statement{SQL: "VACUUM orders", Locks: lock("ShareUpdateExclusiveLock", "orders")}},
		"two":                    {st: plans.Statement{SQL: "DROP TABLE a; DROP TABLE b", Locks: ax}},
		"reindex concurrently":   {st: plans.Statement{SQL: "REINDEX TABLE CONCURRENTLY orders", Locks: lock("ShareUpdateExclusiveLock", "orders")}},
		"update without figures": {st: plans.Statement{SQL: "UPDATE new SET x = 1", Locks: lock("RowExclusiveLock", "new")}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if e := Estimate(tt.st, surveyed()); e != nil {
				got = time.Duration(e.Low).String() + ".." + time.Duration(e.High).String() + " " + e.Source + ": " + e.Basis
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestEstimateIsARange: never upside down, never less for more, never measured.
func TestEstimateIsARange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		bytes := rapid.Int64Range(0, 1<<45).Draw(t, "bytes")
		rows := rapid.Int64Range(-1, 1<<36).Draw(t, "rows")
		more := rapid.Int64Range(0, 1<<40).Draw(t, "more")
		sql := rapid.SampledFrom([]string{
			"ALTER TABLE t ADD x int", "CREATE INDEX i ON t (x)", "CREATE INDEX CONCURRENTLY i ON t (x)", "UPDATE t SET x = 1", "DELETE FROM t WHERE x",
			"REINDEX TABLE t", "CLUSTER t", "ALTER TABLE t ADD EXCLUDE (x WITH =)", "DROP TABLE t", "TRUNCATE t", rapid.String().Draw(t, "any"),
		}).Draw(t, "sql")
		st := plans.Statement{SQL: sql, Locks: append(lock("AccessExclusiveLock", "t"), lock("RowExclusiveLock", "t")...)}
		if rapid.Bool().Draw(t, "scans") {
			st.Scans = []string{"t"}
		}
		if rapid.Bool().Draw(t, "rewrites") {
			st.Rewrites = []string{"t"}
		}
		of := func(extra int64) *plans.Estimate {
			f := plans.RelationFigures{Relation: "t", Rows: rows, Bytes: bytes + extra, IndexBytes: bytes / 3}
			if rows >= 0 {
				f.Rows += extra
			}
			return Estimate(st, plans.Survey{Server: "PostgreSQL 15.6", Relations: []plans.RelationFigures{f}})
		}
		small, large := of(0), of(more)
		if (small == nil) != (large == nil) {
			t.Fatalf("known for one size alone: %v, %v", small, large)
		}
		if small == nil {
			return
		}
		if small.Low < 0 || small.Low > small.High || small.High <= 0 || small.Source == "measured" || small.Basis == "" {
			t.Fatalf("%+v", small)
		}
		if large.Low < small.Low || large.High < small.High {
			t.Fatalf("%d more bytes take less: %+v, %+v", more, small, large)
		}
	})
}

func TestSum(t *testing.T) {
	t.Parallel()
	known := plans.Statement{SQL: "ALTER TABLE orders ADD x int", Locks: lock("AccessExclusiveLock", "orders")}
	known.Estimate = Estimate(known, surveyed())
	guess := plans.Statement{SQL: "UPDATE orders SET x = 1", Locks: lock("RowExclusiveLock", "orders")}
	guess.Estimate = Estimate(guess, surveyed())
	free := plans.Statement{SQL: "CREATE TABLE c (id int)"}
	if e, _ := Sum([]plans.Statement{known, free, known, {SQL: "SET LOCAL x = 1"}}); e == nil || e.Source != rule || time.Duration(e.High) != 300*time.Millisecond {
		t.Errorf("%+v", e)
	}
	if e, _ := Sum([]plans.Statement{known, guess}); e == nil || e.Source != assumed || e.High < guess.Estimate.High {
		t.Errorf("%+v", e)
	}
	// A statement without locks keeps those of others waiting all the same.
	e, unknown := Sum([]plans.Statement{known, {SQL: "DO ''", Line: 7}, {SQL: "INSERT INTO c SELECT", Line: 9, Locks: known.Locks}})
	if e != nil || !slices.Equal(unknown, []int{7, 9}) {
		t.Errorf("%+v, %v", e, unknown)
	}
}

func TestBlocksAndSpelling(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"AccessShareLock": "nothing", "RowShareLock": "nothing", "RowExclusiveLock": "rows it writes", "ShareUpdateExclusiveLock": "schema changes",
		"ShareLock": "writes", "ShareRowExclusiveLock": "writes", "ExclusiveLock": "writes", "AccessExclusiveLock": "reads and writes",
	}
	for i, mode := range modes() {
		if got := Blocks(mode); got != want[mode] {
			t.Errorf("%s: got %q, want %q", mode, got, want[mode])
		}
		weaker := lock(modes()[0], "a")
		if got := Strongest(append(lock(mode, "b"), weaker...)); got != mode {
			t.Errorf("%d: got %q, want %q", i, got, mode)
		}
	}
	if Blocks("UnheardOfLock") != ReadsAndWrites || Strongest(nil) != "" {
		t.Error("what is not known is the strongest, no lock is none")
	}
	if got := Manual("ShareRowExclusiveLock"); got != "SHARE ROW EXCLUSIVE" {
		t.Errorf("got %q", got)
	}
}

func TestFigureWords(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0 B", 8192: "8 kB", 18 << 30: "18 GB", 1_932_735_283: "1.8 GB", 5 << 50: "5120 TB", 1020 << 20: "1 GB"} {
		if got := Bytes(n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0", 20: "20", 41_000_000: "41 M", 1500: "1.5 k", 999_999: "1 M"} {
		if got := Rows(n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}

func TestFiguresByName(t *testing.T) {
	t.Parallel()
	s := plans.Survey{Relations: []plans.RelationFigures{{Relation: "orders", Rows: 1}, {Relation: "a.parts", Rows: 2}, {Relation: "b.parts", Rows: 3}, {Relation: `"Odd".x`, Rows: 4}}}
	for name, want := range map[string]int64{"orders": 1, "public.orders": 1, "a.parts": 2, `"b".parts`: 3, "parts": 0, "c.parts": 0, "x": 4, "ODD.x": 0, `"Orders"`: 0, "not ( one": 0} {
		var got int64
		if f := Figures(s, name); f != nil {
			got = f.Rows
		}
		if got != want {
			t.Errorf("%s: got %d, want %d", name, got, want)
		}
	}
}

func TestRelations(t *testing.T) {
	t.Parallel()
	got := Relations([]plans.Statement{
		{Locks: lock("ShareLock", "b"), Scans: []string{"a", "b"}}, {Rewrites: []string{"c"}, Locks: lock("ShareLock", "a")},
	})
	if strings.Join(got, " ") != "a b c" {
		t.Errorf("%q", got)
	}
}
