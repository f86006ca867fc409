package pgschema_test

import (
	"slices"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

const cloneBase = `CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE DOMAIN score AS int CHECK (VALUE > 0);
	CREATE TABLE a (id serial PRIMARY KEY, m mood, s score, n int CONSTRAINT positive CHECK (n > 0));
	CREATE TABLE b (id int REFERENCES a ON DELETE CASCADE, t text);
	CREATE TABLE p (k int) PARTITION BY LIST (k); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
	CREATE INDEX b_t ON b (t); CREATE VIEW v AS SELECT id, t FROM b; CREATE SEQUENCE q;
	CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
	CREATE TRIGGER g BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f();
	CREATE POLICY mine ON a USING (true); CREATE PUBLICATION pub FOR TABLE a;`

func TestCloneIsOnItsOwn(t *testing.T) {
	t.Parallel()
	s := replayed(t, cloneBase)
	before := describe(s)
	changed := s.Clone()
	if !slices.Equal(describe(changed), before) {
		t.Fatalf("a clone has %q, expected %q", describe(changed), before)
	}
	statements, err := pgsyntax.Read([]byte(`ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'; ALTER TYPE mood RENAME TO feeling;
		ALTER DOMAIN score ADD CHECK (VALUE < 9); ALTER TABLE a RENAME TO c; ALTER TABLE c RENAME COLUMN n TO o;
		ALTER TABLE c ALTER COLUMN o SET NOT NULL; ALTER TABLE c RENAME CONSTRAINT positive TO plus; DROP TRIGGER g ON c;
		DROP POLICY mine ON c; ALTER INDEX b_t RENAME TO b_u; ALTER VIEW v RENAME TO w; ALTER TABLE p ADD COLUMN l int;
		ALTER PUBLICATION pub SET TABLE b; DROP FUNCTION f; ALTER SEQUENCE q OWNED BY b.id; CREATE SCHEMA x;
		CREATE EXTENSION citext; ALTER TABLE b DROP COLUMN t CASCADE; DROP TABLE p`))
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range statements {
		changed.Apply(st)
	}
	if after := describe(s); !slices.Equal(after, before) {
		t.Errorf("the schema that was cloned has changed to %q, expected %q", after, before)
	}
	if a := s.Tables[pgschema.Name{Schema: "public", Local: "a"}]; len(a.Policies) != 1 || len(a.Was) != 0 || len(s.Publications["pub"].Tables) != 1 {
		t.Errorf("the schema that was cloned has table %+v", a)
	}
}

func TestRenamedKeepsItsEarlierNames(t *testing.T) {
	t.Parallel()
	s := replayed(t, cloneBase+`ALTER TABLE a RENAME TO c; ALTER TABLE c SET SCHEMA x; ALTER TABLE x.c RENAME COLUMN n TO o;
		ALTER TABLE x.c RENAME CONSTRAINT positive TO plus; ALTER INDEX b_t RENAME TO b_u; ALTER VIEW v RENAME TO w;
		ALTER SEQUENCE q RENAME TO r; ALTER TYPE mood RENAME TO feeling;`)
	public := func(local string) pgschema.Name { return pgschema.Name{Schema: "public", Local: local} }
	c := s.Tables[pgschema.Name{Schema: "x", Local: "c"}]
	if c == nil || !slices.Equal(c.Was, []pgschema.Name{public("a"), public("c")}) {
		t.Fatalf("the table is %+v, expected one that was a and c", c)
	}
	for what, was := range map[string]any{
		"column": c.Column("o").Was[0] == "n", "constraint": c.Constraint("plus").Was[0] == "positive",
		"index": s.Indexes[public("b_u")].Was[0] == public("b_t"), "view": s.Views[public("w")].Was[0] == public("v"),
		"sequence": s.Sequences[public("r")].Was[0] == public("q"), "type": s.Types[public("feeling")].Was[0] == public("mood"),
	} {
		if was != true {
			t.Errorf("a renamed %s has lost its earlier name", what)
		}
	}
	if f := s.Functions[public("f")]; f.Language != "plpgsql" || f.Body != "BEGIN RETURN NEW; END" {
		t.Errorf("the function is %+v", f)
	}
}
