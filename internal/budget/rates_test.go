package budget

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"
	"time"

	_ "github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
)

// rateRows is how many rows the measured table has, of about 270 bytes each.
const rateRows = 2_000_000

// BenchmarkRates measures what the rates in rates.go follow from, on a server
// with PostgreSQL's default settings and durable commits:
//
//	.ci/with-tools --postgres go test -run '^$' -bench Rates -benchtime 1x ./internal/budget
func BenchmarkRates(b *testing.B) {
	server, err := pgtest.Start(pgtest.Options{Fsync: true, Settings: map[string]string{"shared_buffers": "128MB"}})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := server.Stop(); err != nil {
			b.Error(err)
		}
	}()
	db, err := sql.Open("postgres", server.URL("postgres"))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	r := rates{b, db}
	r.exec(`CREATE TABLE parent (id int PRIMARY KEY)`)
	r.exec(`INSERT INTO parent SELECT generate_series(0, 9999)`)
	r.exec(`CREATE TABLE t (id int NOT NULL, parent int, amount numeric, label text, filler text)`)
	r.exec(fmt.Sprintf(`INSERT INTO t SELECT i, i %% 10000, i / 7.0, md5(i::text), repeat(md5(i::text), 6) FROM generate_series(1, %d) i`, rateRows))
	r.exec(`VACUUM ANALYZE t`)
	r.exec(`CHECKPOINT`)
	r.bytes("scan, CHECK", `ALTER TABLE t ADD CONSTRAINT c CHECK (amount > 0)`)
	r.bytes("scan, SET NOT NULL", `ALTER TABLE t ALTER parent SET NOT NULL`)
	r.bytes("scan, FOREIGN KEY", `ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (parent) REFERENCES parent`)
	r.rows("index on int", `CREATE INDEX i1 ON t (id)`)
	r.rows("index on md5 text", `CREATE INDEX i2 ON t (label)`)
	r.rows("index on 200 characters", `CREATE INDEX i3 ON t (filler)`)
	r.exec(`DROP INDEX i3`)
	r.rows("index on md5 text, concurrently", `CREATE INDEX CONCURRENTLY i4 ON t (label)`)
	r.exec(`DROP INDEX i4`)
	r.bytes("rewrite without indexes to build anew", `ALTER TABLE t ADD COLUMN r double precision DEFAULT random()`)
	r.bytes("rewrite by type", `ALTER TABLE t ALTER id TYPE bigint`)
	r.rows("update of all rows, two indexes", `UPDATE t SET amount = amount + 1`)
	r.rows("delete of all rows, two indexes", `DELETE FROM t`)
	r.catalog()
}

// rates measures statements on one table.
type rates struct {
	b  *testing.B
	db *sql.DB
}

func (r rates) exec(statement string) {
	r.b.Helper()
	if _, err := r.db.ExecContext(context.Background(), statement); err != nil {
		r.b.Fatalf("%s: %v", statement, err)
	}
}

func (r rates) took(statement string) time.Duration {
	r.b.Helper()
	begun := time.Now()
	r.exec(statement)
	return time.Since(begun)
}

func (r rates) bytes(name, statement string) {
	var table, indexes int64
	err := r.db.QueryRowContext(context.Background(), `SELECT pg_table_size('t'), pg_indexes_size('t')`).Scan(&table, &indexes)
	took := r.took(statement)
	if err != nil {
		r.b.Fatal(err)
	}
	r.b.Logf("%-40s %6d MB and %4d MB of indexes in %8s: %5.0f MB/s of the table", name, table>>20, indexes>>20, took.Round(time.Millisecond), float64(table>>20)/took.Seconds())
}

func (r rates) rows(name, statement string) {
	took := r.took(statement)
	r.b.Logf("%-40s %d rows in %8s: %7.0f rows/s", name, rateRows, took.Round(time.Millisecond), rateRows/took.Seconds())
}

// catalog measures changes that touch no row, on one table and on one with
// partitions.
func (r rates) catalog() {
	const parts = 200
	r.exec(`CREATE TABLE p (id int, n int) PARTITION BY RANGE (id)`)
	for i := range parts {
		r.exec(fmt.Sprintf(`CREATE TABLE p_%d PARTITION OF p FOR VALUES FROM (%[1]d) TO (%d)`, i, i+1))
	}
	for _, statement := range []string{
		`ALTER TABLE %s ADD COLUMN added int DEFAULT 7`, `ALTER TABLE %s ALTER added SET DEFAULT 8`,
		`ALTER TABLE %s ADD CONSTRAINT nv CHECK (added > 0) NOT VALID`, `ALTER TABLE %s DROP COLUMN added`,
	} {
		one, many := r.took(fmt.Sprintf(statement, "t")), r.took(fmt.Sprintf(statement, "p"))
		r.b.Logf("%-62s %8s, with %d partitions %8s", fmt.Sprintf(statement, "t"), one.Round(time.Microsecond), parts, many.Round(time.Microsecond))
	}
	if r.db.PingContext(context.Background()) != nil {
		r.b.Fatal(errors.New("the server has gone"))
	}
}
