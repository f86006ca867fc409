package catalog_test

import (
	"strings"
	"testing"
	"time"

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
	all, derived, start, failed := ups(), 0, time.Now(), false
	rapid.Check(t, func(r *rapid.T) {
		if time.Since(start) > 20*time.Second && !failed {
			return // enough on a machine that is busy; a failure is still made smaller
		}
		fail := func(format string, args ...any) {
			failed = true
			r.Fatalf(format, args...)
		}
		drawn := rapid.Permutation(all).Draw(r, "changes")[:rapid.IntRange(2, 4).Draw(r, "count")]
		c := trial{t: t, db: db, before: before}
		tx := c.begin()
		defer func() { _ = tx.Rollback() }()
		rows := content(t, tx)
		var names []string
		for _, up := range drawn {
			c.exec(tx, "SAVEPOINT change")
			if _, err := tx.ExecContext(t.Context(), up.sql); err != nil {
				c.exec(tx, "ROLLBACK TO change") // it stands on what another took away
				continue
			}
			names = append(names, up.name)
		}
		statements, grade, losses := catalog.Inverse(before, c.read(tx))
		if grade == plans.GradeNone {
			return
		}
		derived++
		script := strings.Join(names, ", ") + "\n" + strings.Join(statements, ";\n")
		for _, statement := range statements {
			if _, err := tx.ExecContext(t.Context(), statement); err != nil {
				fail("%v\nin %s\nof %s", err, statement, script)
			}
		}
		for _, d := range catalog.Compare(before, c.read(tx)) {
			if !said(d, losses) {
				fail("%s\nafter %s", d, script)
			}
		}
		if grade == plans.GradeExact && content(t, tx) != rows {
			fail("rows are not as before after %s", script)
		}
	})
	if derived == 0 {
		t.Error("nothing was derived")
	}
	t.Logf("%d ways back", derived)
}
