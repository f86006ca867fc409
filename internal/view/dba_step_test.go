package view

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/internal/budget"
	"github.com/lockstep-dev/lockstep/plans"
)

// TestLocksAreHeldFromTheFirstOn: what runs before holds nothing, so both
// places of the screen that say for how long say the same.
func TestLocksAreHeldFromTheFirstOn(t *testing.T) {
	t.Parallel()
	survey := ordersSurvey()
	before := slices.Repeat([]plans.Statement{{Line: 1, Source: "rule", SQL: "CREATE TABLE labels (id int)"}}, 2000)
	statements := append(before, []plans.Statement{
		{Line: 2, Source: "rule", SQL: "CREATE INDEX i ON orders (id)", Locks: []plans.Lock{{Mode: "ShareLock", Relation: "orders"}}, Scans: []string{"orders"}},
		{Line: 3, Source: "rule", SQL: "ALTER TABLE orders ADD a int", Locks: []plans.Lock{{Mode: "AccessExclusiveLock", Relation: "orders"}}},
	}...)
	for i := range statements {
		statements[i].Estimate = budget.Estimate(statements[i], survey)
	}
	step := func(list []plans.Statement) *plans.Step {
		return &plans.Step{Provider: "database/postgres", Migration: &plans.Migration{Mode: "transaction"}, Statements: list}
	}
	all, held := transaction(step(statements)), transaction(step(statements[len(before):]))
	whole, _ := budget.Sum(statements)
	if all != held || strings.Contains(all, span(whole)) || time.Duration(whole.High) == 0 {
		t.Errorf("%q, without the first %q, together %s", all, held, span(whole))
	}
	if got := bases(step(statements)); got != "line 2 reads 18 GB, sorts 41 M rows into an index at 80 k to 4 M a second (rule)" {
		t.Errorf("%q", got)
	}
}
