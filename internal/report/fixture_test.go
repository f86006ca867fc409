package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (go test -update accepts it); got:\n%s", path, got)
	}
}

// fixture has every kind of finding: with and without a statement, rule, file
// and line, silenced, and text that formats must escape.
func fixture() Report {
	const orders, status = "db/orders/0007_add index.up.sql", "db/orders/0008_status.up.sql"
	return Report{
		Version: "0.4.0",
		Rules: []Rule{{
			Code: "create-index", Severity: plans.SeverityError, Aliases: []string{"PG-L60"},
			Title: "CREATE INDEX keeps every write out of the table while it builds.",
			Why:   "It holds SHARE on the table and reads all of it. Writes wait until it is done.",
			Fix:   "CREATE INDEX CONCURRENTLY {name} ON {table} ({column});",
			URL:   "https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY",
		}},
		Statements: []plans.Statement{
			{
				File: orders, Line: 3, SQL: "CREATE INDEX orders_state\n  ON orders (state)", Phase: plans.Expand,
				Locks: []plans.Lock{{Mode: "ShareLock", Relation: "orders"}}, Scans: []string{"orders"}, Source: "rule",
			},
			{
				File: status, Line: 1, SQL: "ALTER TABLE orders ALTER COLUMN state TYPE bigint", Phase: plans.Contract,
				Locks: []plans.Lock{{Mode: "AccessExclusiveLock", Relation: "orders"}}, Rewrites: []string{"orders"}, Source: "measured",
			},
			{File: "db/orders/0009_clean.up.sql", Line: 1, SQL: "ANALYZE orders", Phase: plans.Expand, Source: "assumed"},
		},
		Findings: []plans.Finding{
			{
				Code: "unused", Severity: plans.SeverityInfo, Address: `migration.orders["0007"]`,
				Summary: "nothing needs it",
			},
			{
				Code: "alter-type-rewrite", Severity: plans.SeverityWarning, File: status, Line: 1,
				Summary: "writes every row of orders | and its `indexes` anew; see line 3",
				Detail:  "100% of it, with <b>nobody</b> reading: @dba, ]]> and \x1b[31mred\x1b[0m, \xff",
				Fix:     "add a column, fill it, and swap",
			},
			{
				Code: "create-index", Severity: plans.SeverityError, File: orders, Line: 4,
				Summary: "CREATE INDEX orders_state blocks INSERT, UPDATE and DELETE on orders while it builds",
				Detail:  "SHARE on orders conflicts with every write, and a table of this size takes minutes to read.",
				Fix:     "CREATE INDEX CONCURRENTLY orders_state\n  ON orders (state) WHERE state <> 'a|b';",
			},
		},
		Silenced: []Silenced{{
			Finding: plans.Finding{
				Code: "no-way-back", Severity: plans.SeverityWarning, File: status,
				Summary: "there is no down file: this migration cannot be rolled back", Fix: "write 0008_status.down.sql",
			},
			Reason: "the old type holds nothing | of use", By: 1,
		}},
	}
}
