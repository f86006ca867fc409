package trace_test

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/rehearse/trace"
)

// BenchmarkStatement is the price of measuring: reading the catalog grows with
// the number of relations.
func BenchmarkStatement(b *testing.B) {
	for _, tables := range []int{10, 1000} {
		b.Run(fmt.Sprintf("%d tables", tables), func(b *testing.B) {
			db, err := sql.Open("postgres", cluster.Database(b))
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			const script = "DO $$ BEGIN FOR i IN 1..%d LOOP EXECUTE format('CREATE TABLE t%%s (id int PRIMARY KEY, v text UNIQUE)', i); END LOOP; END $$"
			if _, err := db.Exec(fmt.Sprintf(script, tables)); err != nil {
				b.Fatal(err)
			}
			tracer, err := trace.New(b.Context(), db, trace.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = tracer.Close(b.Context()) }()
			if err := tracer.Begin(b.Context()); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := tracer.Statement(b.Context(), "ALTER TABLE t1 ALTER COLUMN v SET DEFAULT 'a'"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
