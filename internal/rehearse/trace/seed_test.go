package trace_test

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/rehearse/trace"
)

const awkward = `
CREATE TYPE mood AS ENUM ('happy', 'sad');
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN positive AS int CHECK (VALUE > 100);
CREATE DOMAIN given AS text NOT NULL;
CREATE SCHEMA "odd schema";
CREATE TABLE z_parent (id uuid PRIMARY KEY, code varchar(3) UNIQUE NOT NULL, kind text NOT NULL CHECK (kind IN ('ok', 'no')));
CREATE TABLE a_child (id bigserial PRIMARY KEY, parent uuid NOT NULL REFERENCES z_parent, maybe uuid REFERENCES z_parent, note text);
CREATE TABLE tree (id int PRIMARY KEY, up int NOT NULL REFERENCES tree, at timestamptz NOT NULL, day date NOT NULL, hour time NOT NULL);
CREATE TABLE every_type (m mood NOT NULL, p positive NOT NULL, g given, pr pair NOT NULL, j jsonb NOT NULL, b bytea NOT NULL,
	n numeric(2,2) NOT NULL, i inet NOT NULL, c cidr NOT NULL, a int[] NOT NULL, r int4range NOT NULL, bo boolean NOT NULL,
	bi bit(5) NOT NULL, iv interval NOT NULL, pt point NOT NULL, bx box NOT NULL, ch "char" NOT NULL, nm name NOT NULL,
	x xml NOT NULL, t tsvector NOT NULL, mac macaddr NOT NULL, s smallint NOT NULL, mo money NOT NULL, o oid NOT NULL,
	gen int GENERATED ALWAYS AS (5) STORED, ident int GENERATED ALWAYS AS IDENTITY, has int NOT NULL DEFAULT 5);
CREATE TABLE "odd schema"."Odd Table" ("the Key" int NOT NULL, "maybe" text CHECK ("maybe" IS NOT NULL), d date NOT NULL DEFAULT now());
CREATE TABLE nothing ();
CREATE TABLE schema_migrations (version bigint NOT NULL);
CREATE TABLE ranged (k int NOT NULL, v text) PARTITION BY RANGE (k);
CREATE TABLE ranged_low PARTITION OF ranged FOR VALUES FROM (MINVALUE) TO (-50);
CREATE TABLE ranged_high PARTITION OF ranged FOR VALUES FROM (1000) TO (2000);
CREATE TABLE listed (k text) PARTITION BY LIST (k);
CREATE TABLE listed_eu PARTITION OF listed FOR VALUES IN ('de', 'fr');
CREATE TABLE hashed (k int PRIMARY KEY) PARTITION BY HASH (k);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE of_hashed (k int NOT NULL REFERENCES hashed);
CREATE TABLE has_rows (id int); INSERT INTO has_rows VALUES (1), (2);
CREATE TABLE cycle_a (id int PRIMARY KEY, b int NOT NULL);
CREATE TABLE cycle_b (id int PRIMARY KEY, a int NOT NULL REFERENCES cycle_a);
ALTER TABLE cycle_a ADD FOREIGN KEY (b) REFERENCES cycle_b;
CREATE TABLE impossible (id int NOT NULL CHECK (id > 5 AND id < 5));
CREATE TABLE of_impossible (id int NOT NULL);
ALTER TABLE impossible ADD PRIMARY KEY (id);
ALTER TABLE of_impossible ADD FOREIGN KEY (id) REFERENCES impossible;`

func TestSeed(t *testing.T) {
	t.Parallel()
	db := database(t, awkward)
	seeded := seed(t, db)
	want := []string{
		`"odd schema"."Odd Table"`, "public.a_child", "public.every_type", "public.hashed_0", "public.hashed_1", "public.listed_eu",
		"public.nothing", "public.of_hashed", "public.ranged_high", "public.ranged_low", "public.tree", "public.z_parent",
	}
	got := slices.Sorted(slices.Values(seeded.Tables))
	if !slices.Equal(got, want) {
		t.Errorf("seeded %q\nwant %q", got, want)
	}
	if slices.Index(seeded.Tables, "public.a_child") < slices.Index(seeded.Tables, "public.z_parent") {
		t.Errorf("the child has its row before the parent: %q", seeded.Tables)
	}
	for _, name := range seeded.Tables {
		var rows int
		if err := db.QueryRow("SELECT count(*) FROM ONLY " + name).Scan(&rows); err != nil || rows != 1 {
			t.Errorf("%s has %d rows: %v", name, rows, err)
		}
	}
	var refused []string
	for _, r := range seeded.Refused {
		refused = append(refused, r.Table+": "+r.Reason)
	}
	wantRefused := []string{
		`public.impossible: new row for relation "impossible" violates check constraint`,
		"public.cycle_a: its foreign keys need a row of public.cycle_b",
		"public.cycle_b: its foreign keys need a row of public.cycle_a",
		"public.of_impossible: its foreign keys need a row of public.impossible",
	}
	if !slices.EqualFunc(refused, wantRefused, strings.HasPrefix) {
		t.Errorf("refused %q\nwant %q", refused, wantRefused)
	}
	if again := seed(t, db); len(again.Tables) != 0 {
		t.Errorf("seeding again gave rows to %q", again.Tables)
	}
}

// TestSeededRowsFail shows what an empty table hides.
func TestSeededRowsFail(t *testing.T) {
	t.Parallel()
	const tables = `CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY, p_id int NOT NULL, a int, v text NOT NULL)`
	empty, full := database(t, tables), database(t, tables)
	seed(t, full)
	tracers := map[string]*trace.Tracer{"empty": tracerOf(t, empty), "seeded": tracerOf(t, full)}
	for _, c := range []struct{ statement, failure string }{
		{"ALTER TABLE t ADD COLUMN x int NOT NULL", `column "x" of relation "t" contains null values`},
		{"ALTER TABLE t ALTER COLUMN a SET NOT NULL", `column "a" of relation "t" contains null values`},
		{"ALTER TABLE t ADD FOREIGN KEY (p_id) REFERENCES p", `violates foreign key constraint`},
		{"ALTER TABLE t ALTER COLUMN v TYPE int USING v::int", `invalid input syntax for type integer`},
	} {
		for name, tracer := range tracers {
			_, failure := inTransaction(t, tracer, c.statement)
			switch {
			case name == "empty" && failure != nil:
				t.Errorf("%s: fails on an empty table: %v", c.statement, failure)
			case name == "seeded" && (failure == nil || !strings.Contains(failure.Error(), c.failure)):
				t.Errorf("%s: %v, want %s", c.statement, failure, c.failure)
			}
		}
	}
}

func seed(t *testing.T, db *sql.DB) trace.Seeded {
	t.Helper()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	seeded, err := trace.Seed(t.Context(), conn, trace.Options{Ignore: []string{"public.schema_migrations"}})
	if err != nil {
		t.Fatal(err)
	}
	return seeded
}
