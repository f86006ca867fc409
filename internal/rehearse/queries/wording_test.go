package queries_test

import (
	"testing"

	"github.com/lockstep-dev/lockstep/internal/rehearse/queries"
)

// TestTextsThatStatisticsSpoilAreUnderstood runs statements whose constants
// the statistics replace where the grammar or the analysis wants them.
func TestTextsThatStatisticsSpoilAreUnderstood(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text      string
		assumed   int
		constants bool
		columns   []string // name type
	}{
		{"SELECT /*w*/ at + interval '1 day' AS at FROM seen", 0, false, []string{"at timestamp with time zone"}},
		{"SELECT /*w*/ date '2026-01-01' AS d, timestamp with time zone '2026-01-01 00:00Z' AS z", 0, false, []string{"d date", "z timestamp with time zone"}},
		{"SELECT /*w*/ count(*) FROM seen WHERE extract(year FROM at) = 2026", 0, false, []string{"count bigint"}},
		{"SELECT /*w*/ 'a' || 'b' AS joined", 0, false, []string{"joined text"}},
		{"SELECT /*w*/ 'a' AS x, jsonb_build_object('k', 1) AS y", 2, false, []string{"x text", "y jsonb"}},
		{"SELECT /*w*/ id % 10 AS x FROM seen WHERE id IN (1, 2, 3) ORDER BY 1 LIMIT 5", 0, false, []string{"x integer"}},
		{"SELECT /*w*/ upper(what || 'x') FROM seen GROUP BY upper(what || 'x')", 0, true, []string{"upper text"}},
		{"SELECT /*w*/ DISTINCT what || 'x' AS k FROM seen ORDER BY what || 'x'", 0, true, []string{"k text"}},
		{"SELECT /*w*/ what FROM seen WHERE what LIKE 'a%' ESCAPE '!' AND id = ANY ('{1,2}'::int[]) FETCH FIRST 3 ROWS ONLY", 0, false, []string{"what text"}},
		{"VALUES /*w*/ (1, 'x'), (2, 'y')", 0, false, []string{"column1 text", "column2 text"}},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			db := statistics(t)
			run(t, db, "CREATE TABLE seen (id int, what text, at timestamptz)")
			found := withText(remembered(t, db, test.text), "/*w*/")
			if len(found) != 1 {
				t.Fatalf("%+v", found)
			}
			answers, err := queries.Describe(t.Context(), connection(t, db), found)
			if err != nil {
				t.Fatal(err)
			}
			check(t, answers[0], test.assumed, test.constants, test.columns)
		})
	}
}

func check(t *testing.T, d queries.Described, assumed int, constants bool, columns []string) {
	t.Helper()
	t.Log(d.Statement.SQL, "is tried as", d.Tried)
	if d.Failure != nil {
		t.Fatalf("%+v", d.Failure)
	}
	for _, p := range d.Parameters {
		if p.Assumed {
			assumed--
		}
	}
	if assumed != 0 || d.Constants != constants || d.Planned == constants {
		t.Errorf("%+v", d)
	}
	for i, c := range d.Columns {
		if got := c.Name + " " + c.Type.Name; i >= len(columns) || got != columns[i] {
			t.Errorf("column %d is %s, want %v", i, got, columns)
		}
	}
}
