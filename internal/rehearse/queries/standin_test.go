package queries

import (
	"strings"
	"testing"
)

func TestUtilityStatementsHaveStandIns(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"COPY orders (id, status) FROM STDIN":                  "SELECT id, status FROM orders",
		`copy shop."Orders" FROM STDIN WITH (FORMAT csv)`:      `SELECT * FROM shop."Orders"`,
		"COPY (SELECT id FROM orders WHERE (n) > 0) TO STDOUT": "SELECT id FROM orders WHERE (n) > 0",
		"TRUNCATE TABLE ONLY shop.carts, b CASCADE":            "SELECT FROM shop.carts",
		"LOCK TABLE orders IN SHARE MODE":                      "SELECT FROM orders",
		"REFRESH MATERIALIZED VIEW CONCURRENTLY totals":        "SELECT FROM totals",
		"COPY": "", "COPY (": "", "LOCK TABLE": "", "TRUNCATE 'a'": "", "VACUUM orders": "", "REFRESH (x)": "",
	} {
		if got, ok := query(text); ok != (want != "") || got != want && ok {
			t.Errorf("%s: got %q %v, want %q", text, got, ok, want)
		}
	}
}

// FuzzQuery finds a part of every text, or none.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"COPY a (b) FROM STDIN", "COPY (SELECT 1) TO STDOUT", "PREPARE p AS SELECT ?", "LOCK a.b", "DECLARE c CURSOR FOR VALUES (?)"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if inner, ok := query(text); ok && strings.TrimSpace(inner) == "" {
			t.Errorf("%q: %q", text, inner)
		}
		w := wording{text: text}
		w.repair()
	})
}
