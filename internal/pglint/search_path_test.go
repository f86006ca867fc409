package pglint_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgeffect"
	"github.com/lockstep-dev/lockstep/internal/pglint"
	"github.com/lockstep-dev/lockstep/plans"
)

// TestNamesAreFoundByTheSearchPath: a file's own search_path, and temporary
// relations before everything else.
func TestNamesAreFoundByTheSearchPath(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		sql    string
		locked string   // by the last statement; empty for nothing
		fix    string   // stands in an alternative
		codes  []string // are not found
	}{
		{sql: `SET LOCAL search_path = app; ALTER TABLE things ADD COLUMN x int NOT NULL`, locked: "app.things", fix: "ALTER TABLE app.things ADD"},
		{sql: `SET search_path TO "$user", app, public; ALTER TABLE nokey ADD COLUMN x int NOT NULL`, locked: "nokey", fix: "ALTER TABLE nokey ADD"},
		{sql: `SET search_path TO public, app; CREATE INDEX ON things (n)`, locked: "app.things", fix: "ON app.things"},
		{sql: `SET LOCAL search_path = app; WITH nokey AS (SELECT 1) SELECT * FROM nokey`},
		{sql: `CREATE TEMP TABLE nokey (a int); DROP TABLE nokey`, codes: []string{"drop-table"}},
		{sql: `CREATE TEMP TABLE nokey (a int); DROP TABLE nokey; DROP TABLE nokey`, locked: "nokey", fix: "ALTER TABLE nokey RENAME TO unused_nokey"},
		{sql: `CREATE TEMP TABLE nokey (a int); DROP TABLE public.nokey`, locked: "public.nokey", fix: "unused_nokey"},
		{sql: `CREATE TABLE pg_temp.nokey (a int); ALTER TABLE nokey RENAME TO customers; TRUNCATE customers`, codes: []string{"truncate"}},
		{sql: `SELECT 1 AS a INTO TEMP nokey; UPDATE nokey SET a = 2`, codes: []string{"unbatched-update"}},
		{sql: `CREATE TEMP TABLE nokey (a int); CREATE INDEX order_n ON nokey (a); DROP INDEX order_n`, codes: []string{"drop-index", "create-index"}},
	} {
		l := pglint.New(pgeffect.Server{Major: 17})
		if _, _, err := l.File(plans.SQLFile{Path: "1.sql", Bytes: []byte(matrixBase)}); err != nil {
			t.Fatal(err)
		}
		statements, findings, err := l.File(plans.SQLFile{Path: "2.sql", Bytes: []byte(test.sql)})
		if err != nil {
			t.Fatal(err)
		}
		locks := statements[len(statements)-1].Locks
		if !slices.ContainsFunc(locks, func(k plans.Lock) bool { return k.Relation == test.locked }) && test.locked != "" || test.locked == "" && len(locks) > 0 {
			t.Errorf("%s locks %v, not %q", test.sql, locks, test.locked)
		}
		if test.fix != "" && !slices.ContainsFunc(findings, func(f plans.Finding) bool { return strings.Contains(f.Fix, test.fix) }) {
			t.Errorf("%s has no alternative with %q: %v", test.sql, test.fix, findings)
		}
		for _, f := range findings {
			if slices.Contains(test.codes, f.Code) {
				t.Errorf("%s: %s: %s", test.sql, f.Code, f.Summary)
			}
		}
	}
}
