package planner_test

import (
	"bytes"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/planner"
	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/plans"
)

// TestPlannedAgain: with what an earlier plan has kept, the next one is the
// same byte for byte, with evidence and without.
func TestPlannedAgain(t *testing.T) {
	t.Parallel()
	kept := &sqlcheck.Replays{}
	for _, sql := range []string{"CREATE INDEX CONCURRENTLY i ON orders (state);", "ALTER TABLE orders ADD COLUMN total int;", "ALTER TABLE orders DROP COLUMN state;"} {
		e := planner.Evidence{Rehearsal: restored(plans.GradeExact)}
		for range 2 {
			for _, in := range []planner.Input{pending(t, sql, ""), rehearsed(pending(t, sql, ""), e)} {
				want := encode(t, mustPlan(t, in))
				in.Replays = kept
				if got := encode(t, mustPlan(t, in)); !bytes.Equal(got, want) {
					t.Errorf("%s is planned as\n%s\nexpected\n%s", sql, got, want)
				}
			}
		}
	}
}
