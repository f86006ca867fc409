package catalog_test

import (
	"database/sql"
	"flag"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-dev/lockstep/internal/rehearse/catalog"
	"github.com/lockstep-dev/lockstep/plans"
)

// draw makes the sequences the same in every run, so that nothing fails by
// chance, and few. What the command line says is read later and wins: to hunt
// for a sequence that no run has tried, say
//
//	go test -run TestInverseOfSequences ./internal/rehearse/catalog -rapid.seed=2 -rapid.checks=5000 -timeout=2h
func draw() {
	for name, value := range map[string]string{"rapid.seed": "1", "rapid.checks": "30"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
}

// TestInverseOfSequences: whatever a file does of the table, what is derived
// from the whole difference works and restores the schema, and what is exact
// works whatever was written between.
func TestInverseOfSequences(t *testing.T) {
	t.Parallel()
	majors(t, sequences)
}

func sequences(t *testing.T, m major) {
	db := m.withBase(t)
	before := read(t, db)
	all, derived := ups(m.number), 0
	rapid.Check(t, func(r *rapid.T) {
		drawn := rapid.Permutation(all).Draw(r, "changes")[:rapid.IntRange(2, 5).Draw(r, "count")]
		written := rapid.Bool().Draw(r, "rows are written between")
		c := trial{t: t, db: db, before: before}
		tx := c.begin()
		defer func() { _ = tx.Rollback() }()
		rows := content(t, tx)
		names := c.possible(tx, drawn)
		statements, grade, losses := catalog.Inverse(before, c.read(tx))
		if grade == plans.GradeNone || written && grade != plans.GradeExact {
			return
		}
		derived++
		if written {
			c.exec(tx, writes)
		}
		script := strings.Join(names, ", ") + "\n" + strings.Join(statements, ";\n")
		for _, statement := range statements {
			if _, err := tx.ExecContext(t.Context(), statement); err != nil {
				r.Fatalf("%v\nin %s\nof %s", err, statement, script)
			}
		}
		for _, d := range catalog.Compare(before, c.read(tx)) {
			if !said(d, losses) {
				r.Fatalf("%s\nafter %s", d, script)
			}
		}
		if grade == plans.GradeExact && !written && content(t, tx) != rows {
			r.Fatalf("rows are not as before after %s", script)
		}
	})
	if derived == 0 {
		t.Error("nothing was derived")
	}
	t.Logf("%d ways back", derived)
}

// possible makes the changes that still can be made, and names them: some
// stand on what another took away.
func (c trial) possible(tx *sql.Tx, changes []up) (made []string) {
	c.t.Helper()
	for _, up := range changes {
		c.exec(tx, "SAVEPOINT change")
		if _, err := tx.ExecContext(c.t.Context(), up.sql); err != nil {
			c.exec(tx, "ROLLBACK TO change")
			continue
		}
		made = append(made, up.name)
	}
	return made
}
