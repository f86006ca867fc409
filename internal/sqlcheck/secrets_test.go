package sqlcheck_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/plans"
)

// TestNothingSaysAPassword: neither the verdict nor a finding, in any dialect.
func TestNothingSaysAPassword(t *testing.T) {
	t.Parallel()
	up := "CREATE ROLE app LOGIN PASSWORD 'canary-1';\nALTER TABLE orders ADD COLUMN a int NOT NULL;\nDROP TABLE old;\nCREATE INDEX i ON orders (a) WHERE a = 1;"
	down := "ALTER ROLE app\n  PASSWORD 'canary-2';"
	for _, dialect := range []string{"postgres", "mysql", "sqlite"} {
		verdict, findings := sqlcheck.Classify(plans.MigrationFile{
			Up: plans.SQLFile{Path: "m/1.up.sql", Bytes: []byte(up)}, Down: plans.SQLFile{Path: "m/1.down.sql", Bytes: []byte(down)},
		}, dialect)
		said, err := json.Marshal([]any{verdict, findings})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(said), "canary") || len(verdict.Statements) > 0 && verdict.Statements[0].SQL != "CREATE ROLE app LOGIN PASSWORD '***'" {
			t.Errorf("%s: %s", dialect, said)
		}
		var places []string
		for _, f := range findings {
			if f.Code == "secret-in-file" {
				places = append(places, f.File, string(rune('0'+f.Line)), f.Roles[0])
			}
		}
		if got := strings.Join(places, " "); got != "m/1.up.sql 1 security m/1.down.sql 2 security" {
			t.Errorf("%s: %s", dialect, got)
		}
	}
}
