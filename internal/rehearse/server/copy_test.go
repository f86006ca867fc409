package server

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"
)

// odd is a schema with what copies go wrong on.
const odd = `
CREATE SCHEMA app;
CREATE TYPE app.mood AS ENUM ('good', 'bad');
CREATE DOMAIN app.positive AS int CHECK (VALUE > 0);
CREATE TABLE app."Odd ""name""" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mood app.mood DEFAULT 'good', n app.positive, t text COLLATE "C");
CREATE TABLE parted (id int, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE parted_2026 PARTITION OF parted FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE INDEX ON parted (id) WHERE id > 3;
CREATE FUNCTION app.f(x int) RETURNS int LANGUAGE plpgsql AS $f$ BEGIN RETURN x; -- one; two
END $f$;
CREATE FUNCTION app.g(x int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT x; SELECT x + 1; END;
CREATE VIEW app.v AS SELECT id, mood FROM app."Odd ""name""";
CREATE MATERIALIZED VIEW app.m AS SELECT count(*) AS n FROM parted;
ALTER TABLE app."Odd ""name""" ENABLE ROW LEVEL SECURITY;
COMMENT ON TABLE parted IS E'it''s;\n\\restrict not a command';
INSERT INTO parted VALUES (1, '2026-05-05');
`

func target(t testing.TB, statements ...string) string {
	t.Helper()
	url := targets.Database(t)
	run(t, url, statements...)
	return url
}

func copied(t *testing.T, s *Server, from string) (*Database, Copied) {
	t.Helper()
	d := database(t, s, Locale{})
	done, err := CopySchema(t.Context(), Copy{From: from, To: d, Binaries: found(t)})
	if err != nil {
		t.Fatal(err)
	}
	return d, done
}

// dumped is the schema as pg_dump shows it, without what differs by itself.
func dumped(t *testing.T, url string) string {
	t.Helper()
	a, err := parseAddress(url, "url")
	if err != nil {
		t.Fatal(err)
	}
	d, err := findDumper(t.Context(), found(t).Folder, found(t).Major)
	if err != nil {
		t.Fatal(err)
	}
	text, err := d.dump(t.Context(), a, true)
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for _, line := range strings.Split(string(text), "\n") {
		if !strings.HasPrefix(line, `\`) || strings.Contains(line, "not a command") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

func TestCopyIsTheTargetsSchemaWithoutRows(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	role := "reporting_of_" + t.Name()
	from := target(t, odd,
		`CREATE ROLE "`+role+`" LOGIN`, `GRANT SELECT ON parted TO "`+role+`"`, `GRANT USAGE, CREATE ON SCHEMA app TO "`+role+`"`,
		`CREATE POLICY p ON app."Odd ""name""" TO "`+role+`" USING (true)`,
		`ALTER VIEW app.v OWNER TO "`+role+`"`,
		`ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO "`+role+`"`)
	t.Cleanup(func() {
		db, err := sql.Open("postgres", from)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.ExecContext(context.Background(), `DROP OWNED BY "`+role+`"; DROP ROLE "`+role+`"`); err != nil {
			t.Error(err)
		}
	})
	d, done := copied(t, s, from)
	if len(done.Left)+len(done.Extensions)+len(done.Roles) != 0 || !done.Privileges {
		t.Errorf("left out: %+v", done)
	}
	if want, got := dumped(t, from), dumped(t, d.URL()); got != want {
		t.Errorf("the copy is\n%s\nexpected\n%s", got, want)
	}
	if got := ask(t, d.URL(), `SELECT count(*) FROM parted`); got != "0" {
		t.Errorf("the copy has %s rows", got)
	}
	if got := ask(t, d.URL(), `SELECT rolcanlogin FROM pg_roles WHERE rolname = $1`, role); got != "false" {
		t.Errorf("the role may log in: %s", got)
	}
	clone, err := d.Clone(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want, got := dumped(t, d.URL()), dumped(t, clone.URL()); got != want {
		t.Errorf("the clone is\n%s\nexpected\n%s", got, want)
	}
}

func TestSessionsOfACopyBeginAsThoseOfTheTarget(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	from := target(t, `CREATE SCHEMA shop`)
	name := ask(t, from, `SELECT current_database()`)
	run(t, from, `ALTER DATABASE `+name+` SET search_path = shop, "$user"`, `ALTER DATABASE `+name+` SET TimeZone = 'Asia/Tokyo'`)
	d, _ := copied(t, s, from+"&x-migrations-table=m")
	clone, err := d.Clone(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{d.URL(), clone.URL()} {
		if got := ask(t, url, `SELECT current_setting('search_path') || ' ' || current_setting('TimeZone')`); got != `shop, postgres Asia/Tokyo` && got != `shop, "postgres" Asia/Tokyo` {
			t.Errorf("a session begins with %s", got)
		}
	}
}

func TestWhatDependsOnAMissingExtensionIsLeftOutByName(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	d := database(t, s, Locale{})
	dump := `
-- Name: nowhere; Type: EXTENSION; Schema: -; Owner: -
CREATE EXTENSION IF NOT EXISTS "nowhere" WITH SCHEMA "public";
-- Name: places; Type: TABLE; Schema: public; Owner: postgres
CREATE TABLE "public"."places" ("id" integer, "at" "public"."nowhere");
-- Name: people; Type: TABLE; Schema: public; Owner: postgres
CREATE TABLE "public"."people" ("id" integer);
-- Name: places_at; Type: INDEX; Schema: public; Owner: postgres
CREATE INDEX "places_at" ON "public"."places" ("at");
`
	done := Copied{Extensions: []string{"nowhere"}}
	if err := done.apply(t.Context(), d, steps(t, dump)); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, left := range done.Left {
		names = append(names, left.Object)
	}
	if got, want := strings.Join(names, ", "), "EXTENSION nowhere, TABLE public.places, INDEX public.places_at"; got != want {
		t.Errorf("left out: %s, expected %s", got, want)
	}
	if got := ask(t, d.URL(), `SELECT relname FROM pg_class WHERE relname IN ('places', 'people')`); got != "people" {
		t.Errorf("copied: %s", got)
	}
	wrong := Copied{}
	err := wrong.apply(t.Context(), database(t, s, Locale{}), steps(t, strings.Replace(dump, `EXISTS "nowhere"`, `EXISTS "plpgsql"`, 1)))
	if err == nil || !strings.Contains(err.Error(), "TABLE public.places") {
		t.Errorf("a failure that no extension explains: %v", err)
	}
}

// TestCopyWaitsForNoLock holds what the dump would wait for.
func TestCopyWaitsForNoLock(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	from := target(t, `CREATE TABLE busy ()`)
	holder, err := open(t, from).Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Rollback() //nolint:errcheck // nothing is kept
	if _, err := holder.Exec(`LOCK TABLE busy`); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_, err = CopySchema(t.Context(), Copy{From: from, To: database(t, s, Locale{}), Binaries: found(t)})
	if err == nil || !strings.Contains(err.Error(), "lock") {
		t.Errorf("copied from under a lock: %v", err)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("gave up after %v only", took)
	}
}

// TestNoDumpThroughAPooler: pg_dump empties search_path, and in this mode the
// next client would have that.
func TestNoDumpThroughAPooler(t *testing.T) {
	t.Parallel()
	from := target(t, `CREATE TABLE t ()`)
	pooler := targets.Pooler(t, "transaction").URL(ask(t, from, `SELECT current_database()`))
	if got, want := described(t, pooler), described(t, from); got != want {
		t.Errorf("described through a pooler: %+v, expected %+v", got, want)
	}
	s := start(t, Options{})
	_, err := CopySchema(t.Context(), Copy{From: pooler, To: database(t, s, Locale{}), Binaries: found(t)})
	if !errors.Is(err, ErrNoDump) || !strings.Contains(err.Error(), "direct_url") {
		t.Errorf("copied through a pooler: %v", err)
	}
	if got := ask(t, pooler, `SELECT current_setting('search_path')`); got == "" {
		t.Error("the pooler's clients have lost their search_path")
	}
	_, err = Existing(t.Context(), Given{URL: pooler, Target: described(t, s.address.String())})
	if !errors.Is(err, ErrUnfit) || !strings.Contains(err.Error(), "pooler") {
		t.Errorf("used through a pooler: %v", err)
	}
}

func TestCopyKeepsSecretsToItself(t *testing.T) {
	t.Parallel()
	const secret = "hunter2hunter2"
	s := start(t, Options{})
	a, err := parseAddress("postgres://nobody_of_this_name:"+secret+"@/x?"+s.address.url.RawQuery, "url")
	if err != nil {
		t.Fatal(err)
	}
	d, err := findDumper(t.Context(), found(t).Folder, found(t).Major)
	if err != nil {
		t.Fatal(err)
	}
	environment, err := a.libpqEnvironment("test")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.run(t.Context(), environment, true); err == nil || strings.Contains(err.Error(), secret) || !strings.Contains(err.Error(), "nobody_of_this_name") {
		t.Errorf("pg_dump: %v", err)
	}
	text := "CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (password '" + secret + "');\nSELECT 1;"
	steps, err := read([]byte(text))
	if err != nil || len(steps) != 1 || strings.Contains(joined(steps), secret) {
		t.Errorf("%+v, %v", steps, err)
	}
}

func TestCopyWithoutTheSchemaPublic(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	d, _ := copied(t, s, target(t, `CREATE SCHEMA app CREATE TABLE t ()`, `DROP SCHEMA public`))
	if got := ask(t, d.URL(), `SELECT string_agg(nspname, ' ' ORDER BY nspname) FROM pg_namespace WHERE nspname IN ('app', 'public')`); got != "app" {
		t.Errorf("the copy has %s", got)
	}
}

func TestWhatAnOlderServerDoesNotKnowIsLeftOut(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	dump := "-- Name: f; Type: FUNCTION; Schema: app; Owner: postgres\nCREATE FUNCTION f() OF THE FUTURE;\n-- Name: t; Type: TABLE; Schema: public; Owner: o\nCREATE TABLE t ();"
	older := Copied{Older: true}
	if err := older.apply(t.Context(), database(t, s, Locale{}), steps(t, dump)); err != nil || len(older.Left) != 1 || older.Left[0].Object != "FUNCTION app.f" {
		t.Errorf("%+v, %v", older, err)
	}
	same := Copied{}
	if err := same.apply(t.Context(), database(t, s, Locale{}), steps(t, dump)); err == nil || !strings.Contains(err.Error(), "FUNCTION app.f") {
		t.Errorf("%+v, %v", same, err)
	}
}

// TestCopyIsGivenUpForWhoeverWaits has the dump hold a lock for long, by making
// it wait for another, and someone who waits for the first.
func TestCopyIsGivenUpForWhoeverWaits(t *testing.T) {
	t.Parallel()
	from := target(t, `CREATE TABLE a_first ()`, `CREATE TABLE z_last ()`)
	db := open(t, from)
	holder, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Rollback() //nolint:errcheck // nothing is kept
	if _, err := holder.Exec(`LOCK TABLE z_last`); err != nil {
		t.Fatal(err)
	}
	a, err := parseAddress(from, "from")
	if err != nil {
		t.Fatal(err)
	}
	d, err := findDumper(t.Context(), found(t).Folder, found(t).Major)
	if err != nil {
		t.Fatal(err)
	}
	dumping := make(chan error, 1)
	go func() {
		_, err := d.dump(t.Context(), a, true)
		dumping <- err
	}()
	altered := make(chan error, 1)
	go func() {
		for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
			var held bool
			err := db.QueryRow(`SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'a_first'::regclass AND granted)`).Scan(&held)
			if err != nil || held {
				break
			}
		}
		_, err := db.Exec(`ALTER TABLE a_first ADD COLUMN c int`)
		altered <- err
	}()
	if err := <-dumping; !errors.Is(err, ErrInTheWay) {
		t.Errorf("the dump ended with %v, expected to be given up", err)
	}
	if err := <-altered; err != nil {
		t.Error(err)
	}
}

func TestCopyOf500Tables(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	const tables = 500
	from := target(t, many(tables)...)
	began := time.Now()
	d, done := copied(t, s, from)
	t.Logf("%d tables, %d statements: %v", tables, done.Statements, time.Since(began))
	if got := ask(t, d.URL(), `SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`); got != "500" {
		t.Errorf("%s tables were copied", got)
	}
}

func steps(t *testing.T, dump string) []step {
	t.Helper()
	all, err := read([]byte(dump))
	if err != nil {
		t.Fatal(err)
	}
	return all
}
