package pgsyntax_test

import (
	"testing"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

func TestDeparseExpression(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"total>=0":                             "total >= 0",
		"a  IS NULL or b<>'x'::varchar(3)":     "a IS NULL OR b <> 'x'::varchar(3)",
		"coalesce(now(), Clock_Timestamp( ))":  "COALESCE(now(), clock_timestamp())",
		"current_timestamp":                    "current_timestamp",
		`"B"[1] + (c).d * - 2`:                 `"B"[1] + ((c).d * -2)`,
		"exists(select from e where f = true)": "EXISTS (SELECT FROM e WHERE f = true)",
		"E'\\n' || 'ö'":                        "'\n' || 'ö'",
	} {
		statements, err := pgsyntax.Read([]byte("ALTER TABLE a ADD CHECK (" + written + ")"))
		if err != nil {
			t.Fatal(err)
		}
		add := statements[0].Tree.GetAlterTableStmt().GetCmds()[0].GetAlterTableCmd()
		got, err := pgsyntax.DeparseExpression(add.GetDef().GetConstraint().GetRawExpr())
		if err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", written, got, err, want)
		}
	}
}

func TestDeparseRefuses(t *testing.T) {
	t.Parallel()
	for _, tree := range []*pg.Node{nil, {}} {
		if text, err := pgsyntax.Deparse(tree); err == nil {
			t.Errorf("a statement: %q", text)
		}
		if text, err := pgsyntax.DeparseExpression(tree); err == nil {
			t.Errorf("an expression: %q", text)
		}
	}
	incomplete := &pg.Node{Node: &pg.Node_ResTarget{ResTarget: &pg.ResTarget{}}}
	if text, err := pgsyntax.Deparse(incomplete); err == nil {
		t.Errorf("no statement: %q", text)
	}
}

// The builds' libraries write (ARRAY[1, 2])[1] differently, one of them wrong.
func TestDeparseWritesTheSameOrNothing(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"SELECT (ARRAY[1, 2])[1]", "SELECT (ARRAY[1, 2])[1:2]", "SELECT (a.b)[1]", "SELECT - (- 1), (a IS NULL) IS NULL"} {
		statements, err := pgsyntax.Read([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		written, err := pgsyntax.Deparse(statements[0].Tree)
		if err != nil {
			continue
		}
		back, err := pgsyntax.Read([]byte(written))
		if err != nil || len(back) != 1 || back[0].Problem != nil || !pgsyntax.Same(back[0].Tree, statements[0].Tree) {
			t.Errorf("%s: written as %s", text, written)
		}
	}
}
