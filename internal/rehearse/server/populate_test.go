package server

import (
	"slices"
	"testing"
)

// TestMaterializedViewsAreFilled as those of the target are: one that nobody can
// read there stays so.
func TestMaterializedViewsAreFilled(t *testing.T) {
	t.Parallel()
	from := target(t, `
		CREATE TABLE a (id int);
		CREATE MATERIALIZED VIEW z AS SELECT id FROM a;
		CREATE MATERIALIZED VIEW b AS SELECT id FROM z;
		CREATE UNIQUE INDEX ON b (id);
		CREATE MATERIALIZED VIEW unread AS SELECT id FROM a WITH NO DATA;
		CREATE FUNCTION divide() RETURNS int LANGUAGE sql AS 'SELECT 1 / count(*)::int FROM a';
		INSERT INTO a VALUES (1);
		CREATE MATERIALIZED VIEW "Needs rows" AS SELECT divide();`)
	to, done := copied(t, start(t, Options{}), from)
	if len(done.Left) != 0 || len(done.Unfilled) != 1 || done.Unfilled[0].Object != `public."Needs rows"` {
		t.Fatalf("%+v", done)
	}
	db, err := to.address.open()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	got, err := column(t.Context(), db, filled)
	if err != nil || !slices.Equal(got, []string{"public.b", "public.z"}) {
		t.Errorf("filled %q, %v", got, err)
	}
	if _, err := db.ExecContext(t.Context(), "REFRESH MATERIALIZED VIEW CONCURRENTLY b"); err != nil {
		t.Error(err)
	}
}
