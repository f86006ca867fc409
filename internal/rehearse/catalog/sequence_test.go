package catalog_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-dev/lockstep/internal/rehearse/catalog"
	"github.com/lockstep-dev/lockstep/plans"
)

// TestInverseOfSequences: whatever a file does of the table, what is derived
// from the whole difference works and restores the schema.
func TestInverseOfSequences(t *testing.T) {
	t.Parallel()
	db := withBase(t)
	before := read(t, db)
	all := ups()
	rapid.Check(t, func(r *rapid.T) {
		places := rapid.SliceOfNDistinct(rapid.IntRange(0, len(all)-1), 2, 4, rapid.ID[int]).Draw(r, "changes")
		c := trial{t: t, db: db, before: before}
		tx := c.begin()
		defer func() { _ = tx.Rollback() }()
		var names []string
		for _, at := range places {
			c.exec(tx, "SAVEPOINT change")
			if _, err := tx.ExecContext(t.Context(), all[at].sql); err != nil {
				c.exec(tx, "ROLLBACK TO change") // it stands on what another took away
				continue
			}
			names = append(names, all[at].name)
		}
		statements, grade, losses := catalog.Inverse(before, c.read(tx))
		if grade == plans.GradeNone {
			return
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
	})
}
