package queries_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/rehearse/queries"
)

func describe(t *testing.T, schema string, texts ...string) []queries.Described {
	t.Helper()
	db := database(t)
	run(t, db, schema)
	var asked []queries.Statement
	for _, text := range texts {
		asked = append(asked, queries.Statement{SQL: text})
	}
	conn := connection(t, db)
	answers, err := queries.Describe(t.Context(), conn, asked)
	if err != nil {
		t.Fatal(err)
	}
	var left int
	err = conn.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM pg_prepared_statements WHERE from_sql)
		+ (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation' AND relation > 16384)
		+ (current_setting('enable_seqscan') = 'off')::int`).Scan(&left)
	if err != nil || left != 0 {
		t.Errorf("%d prepared statements, locks and settings are left: %v", left, err)
	}
	return answers
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	answers := describe(t, `CREATE SCHEMA shop; CREATE TYPE shop.mood AS ENUM ('fine', 'so so');
		CREATE TABLE t (id serial PRIMARY KEY, name varchar(10), moods shop.mood[], price numeric(8,2), made date GENERATED ALWAYS AS (NULL) STORED);
		CREATE INDEX by_name ON t (lower(name)) WHERE price > 0`,
		"SELECT id, name, moods, price AS cost, id AS id FROM t WHERE lower(name) = $1 AND price > 0",
		"INSERT INTO t (name) VALUES ($1) RETURNING *",
		"DELETE FROM t WHERE id = $1",
		"SELECT nothing FROM t",
		"SELECT absent($1)",
		"SELECT count(*) FROM t",
		"UPDATE t SET name = $1 FROM missing",
		"SELECT 1; SELECT 2")
	var got []string
	for _, d := range answers {
		got = append(got, spelled(d))
	}
	want := []string{
		"(text) -> id integer, name character varying(10), moods shop.mood[] [fine so so], cost numeric(8,2), id integer by public.by_name ON public.t USING btree (lower((name)::text)) WHERE (price > (0)::numeric)",
		"(character varying) -> id integer, name character varying(10), moods shop.mood[] [fine so so], price numeric(8,2), made date",
		"(integer) by public.t_pkey ON public.t USING btree (id)",
		"42703 nothing",
		"42883 absent(unknown)",
		"() -> count bigint",
		"42P01 missing",
		"42601 ",
	}
	for i, d := range answers {
		if d.Failure == nil && !d.Planned {
			t.Errorf("%s has no plan", d.Statement.SQL)
		}
		if got[i] != want[i] {
			t.Errorf("%s:\n got %s\nwant %s", d.Statement.SQL, got[i], want[i])
		}
	}
}

func spelled(d queries.Described) string {
	if d.Failure != nil {
		return d.Failure.SQLState + " " + d.Failure.Object
	}
	var parameters, columns []string
	for _, p := range d.Parameters {
		parameters = append(parameters, p.Name)
	}
	for _, c := range d.Columns {
		labels := ""
		if c.Type.Labels != nil {
			labels = " " + fmt.Sprint(c.Type.Labels)
		}
		columns = append(columns, c.Name+" "+c.Type.Name+labels)
	}
	text := "(" + strings.Join(parameters, ", ") + ")"
	if columns != nil {
		text += " -> " + strings.Join(columns, ", ")
	}
	for _, i := range d.Indexes {
		text += " by " + i.Name + " " + i.Definition
	}
	return text
}

func TestNothingIsExecuted(t *testing.T) {
	t.Parallel()
	db := database(t)
	run(t, db, `CREATE TABLE t (id serial PRIMARY KEY); CREATE TABLE called (a int);
		CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN INSERT INTO called VALUES (1); RETURN 1; END'`)
	conn := connection(t, db)
	answers, err := queries.Describe(t.Context(), conn, []queries.Statement{
		{SQL: "INSERT INTO t DEFAULT VALUES RETURNING id"},
		{SQL: "SELECT nextval('t_id_seq')"},
		{SQL: "SELECT f()"},
		{SQL: "WITH x AS (INSERT INTO called VALUES (f()) RETURNING a) SELECT * FROM x"},
		{SQL: "TRUNCATE t"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if failed := queries.Unjudged(answers); len(failed) != 0 {
		t.Errorf("%+v", failed)
	}
	var rows int
	var called bool
	err = db.QueryRowContext(t.Context(), "SELECT (SELECT count(*) FROM t) + (SELECT count(*) FROM called), (SELECT is_called FROM t_id_seq)").Scan(&rows, &called)
	if err != nil || rows != 0 || called {
		t.Errorf("%d rows, the sequence was used: %v, %v", rows, called, err)
	}
}

func TestInsertsThatLeaveAColumnEmpty(t *testing.T) {
	t.Parallel()
	const schema = `CREATE TABLE "T" (id bigint GENERATED ALWAYS AS IDENTITY, gone int, "A" int NOT NULL, b int NOT NULL, c int NOT NULL DEFAULT 7, g int GENERATED ALWAYS AS (1) STORED NOT NULL);
		ALTER TABLE "T" DROP COLUMN gone;
		CREATE TABLE filled (a int NOT NULL); CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.a := 1; RETURN NEW; END';
		CREATE TRIGGER fill BEFORE INSERT ON filled FOR EACH ROW EXECUTE FUNCTION fill()`
	answers := describe(t, schema,
		`INSERT INTO "T" ("A", b) VALUES ($1, $2)`,
		`INSERT INTO "T" (b) VALUES ($1), ($2)`,
		`INSERT INTO "T" ("A") SELECT "A" FROM "T" WHERE b = $1`,
		`WITH x AS (INSERT INTO "T" ("A") VALUES ($1) RETURNING b) SELECT * FROM x`,
		`INSERT INTO "T" DEFAULT VALUES`,
		`INSERT INTO filled DEFAULT VALUES`,
		`UPDATE "T" SET b = $1`)
	want := []string{"[]", `["T"."A"]`, `["T".b]`, `["T".b]`, `["T"."A" "T".b]`, "[]", "[]"}
	for i, d := range answers {
		if got := fmt.Sprint(d.Unfilled); got != want[i] || d.Failure != nil {
			t.Errorf("%s: got %s, want %s, %+v", d.Statement.SQL, got, want[i], d.Failure)
		}
	}
}

func TestAnEndedConnectionIsAnErrorAndNoFailure(t *testing.T) {
	t.Parallel()
	db := database(t)
	conn := connection(t, db)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := queries.Describe(ctx, conn, []queries.Statement{{SQL: "SELECT 1"}}); err == nil {
		t.Error("no error though the context has ended")
	}
	other := connection(t, db)
	var pid int
	if err := other.QueryRowContext(t.Context(), "SELECT pg_backend_pid()").Scan(&pid); err != nil {
		t.Fatal(err)
	}
	run(t, db, fmt.Sprintf("SELECT pg_terminate_backend(%d)", pid))
	if _, err := queries.Describe(t.Context(), other, []queries.Statement{{SQL: "SELECT 1"}}); err == nil {
		t.Error("no error though the connection has ended")
	}
}

func TestAnotherIndexIsNoLoss(t *testing.T) {
	t.Parallel()
	db := database(t)
	run(t, db, "CREATE TABLE t (a int, b int); CREATE INDEX narrow ON t (a)")
	conn := connection(t, db)
	asked := []queries.Statement{{SQL: "SELECT b FROM t WHERE a = $1"}}
	before, err := queries.Describe(t.Context(), conn, asked)
	if err != nil {
		t.Fatal(err)
	}
	run(t, conn, "CREATE INDEX wide ON t (a, b); DROP INDEX narrow")
	after, err := queries.DescribeAgain(t.Context(), conn, before)
	if err != nil {
		t.Fatal(err)
	}
	breaks := queries.Compare(before, after)
	if !slices.ContainsFunc(breaks, func(b queries.Break) bool {
		return b.Kind == queries.OtherIndex && !b.Contract && b.Object == "public.narrow" && strings.Contains(b.After, "public.wide")
	}) || len(breaks) != 1 {
		t.Errorf("%+v", breaks)
	}
}
