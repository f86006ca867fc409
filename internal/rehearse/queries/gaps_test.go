package queries_test

import (
	"testing"

	"github.com/lockstep-dev/lockstep/internal/rehearse/queries"
)

// TestQuestionMarksAndCopies are judged as drivers and clients mean them.
func TestQuestionMarksAndCopies(t *testing.T) {
	t.Parallel()
	db := database(t)
	run(t, db, "CREATE TABLE carts (id int PRIMARY KEY, status text, more jsonb)")
	conn := connection(t, db)
	statements := []queries.Statement{
		{SQL: "SELECT id FROM carts WHERE id = ? AND status <> ? LIMIT ?"},
		{SQL: "SELECT id FROM carts WHERE more ? 'k'"},
		{SQL: "SELECT id, status FROM carts"}, // of COPY carts (id, status) TO STDOUT
	}
	before, err := queries.Describe(t.Context(), conn, statements)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range before {
		if d.Failure != nil {
			t.Errorf("%s: %+v", d.Statement.SQL, d.Failure)
		}
	}
	if p := before[0].Parameters; len(p) != 3 || p[0].Name != "integer" || p[1].Name != "text" {
		t.Errorf("%+v", p)
	}
	run(t, db, "ALTER TABLE carts DROP COLUMN status")
	after, err := queries.DescribeAgain(t.Context(), conn, before)
	if err != nil {
		t.Fatal(err)
	}
	if breaks := queries.Compare(before, after); len(breaks) != 2 || !breaks[0].Contract || breaks[0].Object != "status" {
		t.Errorf("%+v", breaks)
	}
}

// TestRightsAreNotAsked judges a statement that the role of the rehearsal may
// not run.
func TestRightsAreNotAsked(t *testing.T) {
	t.Parallel()
	db := database(t)
	run(t, db, "CREATE TABLE closed (id int); CREATE ROLE of_no_rights; GRANT USAGE ON SCHEMA public TO of_no_rights")
	conn := connection(t, db)
	t.Cleanup(func() {
		if _, err := db.Exec("DROP OWNED BY of_no_rights; DROP ROLE of_no_rights"); err != nil {
			t.Error(err)
		}
	})
	run(t, conn, "SET ROLE of_no_rights")
	d, err := queries.Describe(t.Context(), conn, []queries.Statement{{SQL: "UPDATE closed SET id = $1"}})
	if err != nil || d[0].Failure != nil || d[0].Planned || d[0].Parameters[0].Name != "integer" {
		t.Errorf("%+v, %v", d, err)
	}
	run(t, conn, "RESET ROLE")
}
