package view

import (
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
)

// TestStopsNamesAllTables that a transaction locks, not those of its first
// statement alone.
func TestStopsNamesAllTables(t *testing.T) {
	t.Parallel()
	r := shopReview()
	lock := func(table string) []plans.Lock {
		return []plans.Lock{{Mode: "AccessExclusiveLock", Relation: table}}
	}
	step := &r.Plan.Steps[1]
	step.Statements = []plans.Statement{
		{Line: 1, Source: "rule", SQL: "ALTER TABLE orders ADD a int", Locks: lock("orders")},
		{Line: 2, Source: "rule", SQL: "ALTER TABLE customers ADD a int", Locks: lock("customers")},
		{Line: 3, Source: "rule", SQL: "ALTER TABLE orders ADD b int", Locks: lock("orders")},
	}
	for mode, want := range map[string]string{"transaction": "stops         reads and writes of orders, customers for", "statement": "stops         reads and writes of "} {
		step.Migration.Mode = mode
		out, buf := screen(140)
		if err := (Plan{out}).DBA(r); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(buf.String(), want) {
			t.Errorf("%s: %q is missing:\n%s", mode, want, buf.String()[:400])
		}
	}
}
