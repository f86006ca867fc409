package queries_test

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/rehearse/queries"
)

// BenchmarkDescribe reports the time for one statement of a hundred.
func BenchmarkDescribe(b *testing.B) {
	db, err := sql.Open("postgres", cluster.Database(b))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(b.Context(), "CREATE TABLE t (a int PRIMARY KEY, b text)"); err != nil {
		b.Fatal(err)
	}
	conn, err := db.Conn(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	var asked []queries.Statement
	for i := range 100 {
		asked = append(asked, queries.Statement{SQL: fmt.Sprintf("SELECT a, b AS b%d FROM t WHERE a = $1", i)})
	}
	for b.Loop() {
		if _, err := queries.Describe(b.Context(), conn, asked); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(len(asked)), "µs/statement")
}
