package pgschema_test

import (
	"testing"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// TestStatementsFollowColumns: what makes the things of a table says the
// present names of its columns.
func TestStatementsFollowColumns(t *testing.T) {
	t.Parallel()
	s := replayed(t, `CREATE TABLE t (a int, b int CHECK (a > 0), g int GENERATED ALWAYS AS (a * 2) STORED);
		CREATE INDEX i ON t (a, (a + 1)) WHERE a > 5;
		CREATE POLICY p ON t USING (a = 1);
		CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
		CREATE TRIGGER w BEFORE UPDATE OF a ON t FOR EACH ROW WHEN (NEW.a > 1) EXECUTE FUNCTION f();
		CREATE STATISTICS st ON a, b FROM t;
		ALTER TABLE t RENAME COLUMN a TO z; ALTER POLICY p ON t USING (z = 2)`)
	table := s.Tables[pgschema.Name{Schema: "public", Local: "t"}]
	for _, c := range []struct {
		what string
		tree *pg.Node
		want string
	}{
		{"index", &pg.Node{Node: &pg.Node_IndexStmt{IndexStmt: s.IndexesOf(table.Name)[0].Made}}, "CREATE INDEX i ON t USING btree (z, (z + 1)) WHERE z > 5"},
		{"policy", &pg.Node{Node: &pg.Node_CreatePolicyStmt{CreatePolicyStmt: table.Guards[0]}}, "CREATE POLICY p ON t TO public USING (z = 2)"},
		{"trigger", &pg.Node{Node: &pg.Node_CreateTrigStmt{CreateTrigStmt: table.Triggers[0].Made}}, "CREATE TRIGGER w BEFORE UPDATE OF z ON t FOR EACH ROW WHEN (new.z > 1) EXECUTE FUNCTION f()"},
		{"statistics", &pg.Node{Node: &pg.Node_CreateStatsStmt{CreateStatsStmt: table.Statistics[0]}}, "CREATE STATISTICS st ON z, b FROM t"},
	} {
		if got, err := pgsyntax.Deparse(c.tree); got != c.want || err != nil {
			t.Errorf("the %s is %s (%v), expected %s", c.what, got, err, c.want)
		}
	}
	for what, e := range map[string]*pg.Node{"z > 0": table.Constraints[0].Expression, "z * 2": table.Column("g").Default} {
		if got, err := pgsyntax.DeparseExpression(e); got != what || err != nil {
			t.Errorf("the expression is %s (%v), expected %s", got, err, what)
		}
	}
}

// TestOverloads: functions of one name are told apart by their arguments, when
// one is renamed, moved or dropped.
func TestOverloads(t *testing.T) {
	t.Parallel()
	const two = `CREATE FUNCTION f(a text) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION f(a int, OUT b int) LANGUAGE sql AS 'SELECT 2';`
	for _, c := range []struct {
		sql        string
		left, made int // overloads of f, and of g
	}{
		{"", 2, 0},
		{"CREATE OR REPLACE FUNCTION f(b text) RETURNS int LANGUAGE sql AS 'SELECT 3'", 2, 0},
		{"ALTER FUNCTION f(int) RENAME TO g", 1, 1},
		{"ALTER FUNCTION f(text) RENAME TO g", 1, 1},
		{"DROP FUNCTION f(int4)", 1, 0},
		{"CREATE SCHEMA s; ALTER FUNCTION f(text) SET SCHEMA s", 1, 0},
	} {
		s := replayed(t, two+c.sql)
		count := func(name string) int {
			f := s.Functions[pgschema.Name{Schema: "public", Local: name}]
			if f == nil {
				return 0
			}
			if (f.Made != nil) != (len(f.Overloads) == 1) {
				t.Errorf("%s: %d functions %s, and one is the only one: %v", c.sql, len(f.Overloads), name, f.Made != nil)
			}
			return len(f.Overloads)
		}
		if count("f") != c.left || count("g") != c.made || len(s.Unsure) > 0 {
			t.Errorf("%s leaves %d functions f and %d g, expected %d and %d; %+v", c.sql, count("f"), count("g"), c.left, c.made, s.Unsure)
		}
	}
}
