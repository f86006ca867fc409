package pgsyntax

import (
	"sort"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// nestings write a query of n levels in every way that the grammar has to nest.
var nestings = map[string]func(n int) string{
	"not":       func(n int) string { return "SELECT " + strings.Repeat("NOT ", n) + "a" },
	"minus":     func(n int) string { return "SELECT " + strings.Repeat("- ", n) + "a" },
	"plus":      func(n int) string { return "SELECT 1" + strings.Repeat(" + 1", n) },
	"concat":    func(n int) string { return "SELECT ''" + strings.Repeat(" || ''", n) },
	"cast":      func(n int) string { return "SELECT a" + strings.Repeat("::int", n) },
	"is null":   func(n int) string { return "SELECT a" + strings.Repeat(" IS NULL", n) },
	"collate":   func(n int) string { return "SELECT a" + strings.Repeat(` COLLATE "C"`, n) },
	"call":      func(n int) string { return "SELECT " + strings.Repeat("f(", n) + strings.Repeat(")", n) },
	"call list": func(n int) string { return "SELECT " + strings.Repeat("f(1, ", n) + "1" + strings.Repeat(")", n) },
	"row":       func(n int) string { return "SELECT " + strings.Repeat("(1, ", n) + "1" + strings.Repeat(")", n) },
	"array":     func(n int) string { return "SELECT ARRAY" + strings.Repeat("[", n) + strings.Repeat("]", n) },
	"minus (":   func(n int) string { return "SELECT " + strings.Repeat("-(", n) + "a" + strings.Repeat(")", n) },
	"scalar":    func(n int) string { return strings.Repeat("SELECT (", n) + "SELECT 1" + strings.Repeat(")", n) },
	"from":      func(n int) string { return strings.Repeat("SELECT FROM (", n) + "SELECT" + strings.Repeat(")", n) },
	"with":      func(n int) string { return strings.Repeat("WITH a AS (", n) + "SELECT" + strings.Repeat(") SELECT", n) },
	"exists":    func(n int) string { return strings.Repeat("SELECT EXISTS (", n) + "SELECT" + strings.Repeat(")", n) },
	"union":     func(n int) string { return "SELECT" + strings.Repeat(" UNION SELECT", n) },
	"lists":     func(n int) string { return "SELECT a, b" + strings.Repeat(" UNION ALL SELECT a, b", n) },
	"join":      func(n int) string { return "SELECT FROM a" + strings.Repeat(" CROSS JOIN a", n) },
	"join on":   func(n int) string { return "SELECT FROM a" + strings.Repeat(" JOIN a ON b AND c", n) },
	"join (": func(n int) string {
		return "SELECT FROM " + strings.Repeat("(", n) + "a" + strings.Repeat(" CROSS JOIN a)", n)
	},
	"case": func(n int) string {
		return "SELECT " + strings.Repeat("CASE WHEN a THEN ", n) + "1" + strings.Repeat(" END", n)
	},
	"case and": func(n int) string {
		return "SELECT " + strings.Repeat("CASE WHEN a AND ", n) + "1" + strings.Repeat(" THEN 1 END", n)
	},
	"case end": func(n int) string {
		return "SELECT " + strings.Repeat("CASE WHEN a.end THEN ", n) + "1" + strings.Repeat(" END", n)
	},
}

const plainText = "CREATE TABLE a (x int NOT NULL DEFAULT f(1 + 2), CHECK (x IN (1, 2)));" +
	" SELECT 1 FROM (SELECT a, b FROM c) d WHERE a AND b OR NOT c"

// The deepest that is let through must do no harm, to other statements least
// of all; what is deeper must not reach the grammar.
func TestDeepestIsRead(t *testing.T) {
	t.Parallel()
	plain := trees(t, plainText)
	for name, nesting := range nestings {
		most := sort.Search(5*deepest, func(n int) bool { return refused(nesting(n + 1)) })
		if most < 50 || most > deepest {
			t.Errorf("%s: %d levels are the most", name, most)
		}
		trees(t, nesting(most))
		same(t, name, plain, trees(t, plainText))
		statements, err := Read([]byte(nesting(100*deepest) + ";" + plainText))
		if err != nil || len(statements) != 3 || statements[0].Problem == nil || statements[2].Problem != nil {
			t.Errorf("%s: %d statements, error %v", name, len(statements), err)
		}
	}
}

func TestDeepestIsWritten(t *testing.T) {
	t.Parallel()
	plain := trees(t, plainText)
	for name, nesting := range nestings {
		most := sort.Search(deepestWritten, func(n int) bool { return depth(trees(t, nesting(n+1))[0].Tree) > deepestWritten })
		text, err := Deparse(trees(t, nesting(most))[0].Tree)
		if err != nil || most < 10 {
			t.Errorf("%s: %d levels: %v", name, most, err)
			continue
		}
		trees(t, text)
		same(t, name, plain, trees(t, plainText))
		if _, err := Deparse(trees(t, nesting(most+1))[0].Tree); err == nil {
			t.Errorf("%s: %d levels are written", name, most+1)
		}
	}
}

func TestFlatIsNotDeep(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"rows":    "INSERT INTO a VALUES (1, 'a')" + strings.Repeat(", (1 + 2, f('a'))", 5000),
		"or":      "DELETE FROM a WHERE a = 1" + strings.Repeat(" OR a = 1 AND b = 2", 5000),
		"in":      "DELETE FROM a WHERE a IN (1" + strings.Repeat(", 1", 5000) + ")",
		"columns": "CREATE TABLE a (b int" + strings.Repeat(", b varchar(40) NOT NULL DEFAULT 'a' CHECK (length(b) < 3)", 1500) + ")",
		"case":    "SELECT CASE" + strings.Repeat(" WHEN a = 1 THEN 'b'", 2000) + " END",
		"body":    "CREATE FUNCTION a() RETURNS void BEGIN ATOMIC " + strings.Repeat("SELECT a FROM b JOIN c ON d; ", 1000) + "END",
		"string":  "SELECT '" + strings.Repeat("(", 5000) + "'",
	} {
		if refused(text) {
			t.Errorf("%s: taken for deep", name)
		}
		trees(t, text)
	}
}

func refused(text string) bool {
	s, err := sqlscan.Split([]byte(text))
	return err != nil || len(s) != 1 || unfit(s[0]) != ""
}

func trees(t *testing.T, text string) []Statement {
	t.Helper()
	statements, err := Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if s.Problem != nil {
			t.Fatalf("%.40s: %+v", s.Text, *s.Problem)
		}
	}
	return statements
}

func same(t *testing.T, name string, want, got []Statement) {
	t.Helper()
	for i := range want {
		if !proto.Equal(want[i].Tree, got[i].Tree) {
			t.Fatalf("%s: %s is read as %v", name, want[i].Text, got[i].Tree)
		}
	}
}
