package budget

import (
	"context"
	"database/sql"
	"os"
	"testing"
	"time"

	_ "github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
	"github.com/lockstep-dev/lockstep/plans"
)

var cluster = pgtest.NewCluster(pgtest.Options{})

func TestMain(m *testing.M) { os.Exit(cluster.Main(m)) }

// TestEstimatesOfAServer: from what a server says of its tables every statement
// gets a range. How long it really takes is logged beside it and asserts
// nothing: a machine may be busy.
func TestEstimatesOfAServer(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("postgres", cluster.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	exec := func(statement string) time.Duration {
		begun := time.Now()
		if _, err := db.ExecContext(context.Background(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		return time.Since(begun)
	}
	exec(`CREATE TABLE t (id int, n numeric, label text)`)
	exec(`INSERT INTO t SELECT i, i / 7.0, md5(i::text) FROM generate_series(1, 200000) i`)
	exec(`CREATE INDEX t_id ON t (id)`)
	exec(`VACUUM ANALYZE t`)
	all := []string{"t"}
	for _, st := range []plans.Statement{
		{SQL: `ALTER TABLE t ADD COLUMN x int DEFAULT 7`, Locks: lock("AccessExclusiveLock", "t")},
		{SQL: `ALTER TABLE t ADD CONSTRAINT c CHECK (n > 0)`, Locks: lock("AccessExclusiveLock", "t"), Scans: all},
		{SQL: `CREATE INDEX t_label ON t (label)`, Locks: lock("ShareLock", "t"), Scans: all},
		{SQL: `CREATE INDEX t_hash ON t USING hash (label)`, Locks: lock("ShareLock", "t"), Scans: all},
		{SQL: `CREATE INDEX CONCURRENTLY t_n ON t (n)`, Locks: lock("ShareUpdateExclusiveLock", "t"), Scans: all},
		{SQL: `ALTER TABLE t ALTER id TYPE bigint`, Locks: lock("AccessExclusiveLock", "t"), Scans: all, Rewrites: []string{"t", "t_id"}},
		{SQL: `REINDEX TABLE t`, Locks: lock("ShareLock", "t"), Scans: all},
		{SQL: `UPDATE t SET n = n + 1`, Locks: lock("RowExclusiveLock", "t"), Scans: all},
		{SQL: `DELETE FROM t WHERE id % 2 = 0`, Locks: lock("RowExclusiveLock", "t"), Scans: all},
	} {
		f := plans.RelationFigures{Relation: "t"}
		if err := db.QueryRowContext(t.Context(), `SELECT reltuples, pg_table_size('t'), pg_indexes_size('t') FROM pg_class WHERE relname = 't'`).
			Scan(&f.Rows, &f.Bytes, &f.IndexBytes); err != nil {
			t.Fatal(err)
		}
		e := Estimate(st, plans.Survey{Relations: []plans.RelationFigures{f}})
		if e == nil {
			t.Fatalf("%s: no estimate", st.SQL)
		}
		if e.Low <= 0 || e.High < e.Low || e.Basis == "" {
			t.Errorf("%s: got %+v", st.SQL, e)
		}
		t.Logf("%-50s %8s of %s to %s", st.SQL, exec(st.SQL).Round(time.Millisecond), time.Duration(e.Low), time.Duration(e.High))
	}
}
