package postgres_test

import (
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/pgrights"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database/postgres"
)

const othersObjects = `
	CREATE TABLE orders (id bigint PRIMARY KEY, note text);
	CREATE TABLE parts (id bigint, day date) PARTITION BY RANGE (day);
	CREATE VIEW seen AS SELECT * FROM orders;
	CREATE MATERIALIZED VIEW kept AS SELECT * FROM orders;
	CREATE SEQUENCE numbers;
	CREATE INDEX notes ON orders (note);
	CREATE TYPE mood AS ENUM ('glad');
	CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';
	CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
	CREATE SCHEMA "Odd"; CREATE TABLE "Odd"."T" (id int);
	CREATE TABLE closed (id int); REVOKE ALL ON closed FROM PUBLIC;`

// TestLacksAreWhatTheServerRefuses: each statement is run by the role. Where
// the survey finds nothing, it works; where it finds something, the server
// refuses, and no longer so when the superuser has typed what the survey says.
func TestLacksAreWhatTheServerRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]string{ // empty: the role may
		"ALTER TABLE orders ADD a int":                                                          "may not change TABLE public.orders, which belongs to",
		"ALTER TABLE mine ADD a int":                                                            "",
		"ALTER TABLE mine ADD FOREIGN KEY (id) REFERENCES orders":                               "has no right REFERENCES ON public.orders",
		"CREATE TABLE child (id bigint REFERENCES orders)":                                      "has no right REFERENCES ON public.orders",
		"CREATE TABLE fresh (id int); ALTER TABLE fresh ADD a int":                              "",
		"CREATE TABLE day1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2026-01-02')": "may not change TABLE public.parts",
		`CREATE TABLE "Odd".x (id int)`:                                                         `has no right CREATE ON SCHEMA "Odd"`,
		`ALTER TABLE "Odd"."T" ADD a int`:                                                       `has no right USAGE ON SCHEMA "Odd"`,
		"CREATE INDEX ON orders (id)":                                                           "may not change TABLE public.orders",
		"DROP INDEX notes":                                                                      "may not change INDEX public.notes",
		"DROP TABLE closed":                                                                     "may not change TABLE public.closed",
		"CREATE OR REPLACE VIEW seen AS SELECT * FROM orders":                                   "may not change VIEW public.seen",
		"REFRESH MATERIALIZED VIEW kept":                                                        "may not change MATERIALIZED VIEW public.kept",
		"ALTER SEQUENCE numbers RESTART":                                                        "may not change SEQUENCE public.numbers",
		"ALTER TYPE mood ADD VALUE 'sad'":                                                       "may not change TYPE public.mood",
		"CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 2'":               "may not change FUNCTION public.one",
		"CREATE OR REPLACE FUNCTION one(a int) RETURNS int LANGUAGE sql AS 'SELECT 2'":          "",
		"CREATE TRIGGER t BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch()":        "has no right TRIGGER ON public.orders",
		"INSERT INTO closed VALUES (1)":                                                         "has no right INSERT ON public.closed",
		"TRUNCATE closed":                                                                       "has no right TRUNCATE ON public.closed",
		"ALTER TABLE orders RENAME note TO text":                                                "may not change TABLE public.orders",
		"COMMENT ON COLUMN orders.note IS 'x'":                                                  "may not change TABLE public.orders",
		"GRANT SELECT ON closed TO PUBLIC":                                                      "may not give rights on TABLE public.closed",
		"CREATE SCHEMA more":                                                                    "has no right CREATE ON DATABASE",
		"CREATE ROLE somebody_else":                                                             "may not create roles",
		"CREATE PUBLICATION p FOR ALL TABLES":                                                   "has no right CREATE ON DATABASE",
		"CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION one()":                      "is no superuser",
		"DROP TABLE IF EXISTS nowhere":                                                          "",
		"CREATE TEMP TABLE t (id int); INSERT INTO t VALUES (1)":                                "",
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			role := "weak_" + b.get(`SELECT current_database()`)
			b.exec(othersObjects + `CREATE ROLE ` + role + ` LOGIN; GRANT CREATE ON SCHEMA public TO ` + role + `; GRANT SELECT ON orders TO ` + role + `; CREATE TABLE mine (id bigint); ALTER TABLE mine OWNER TO ` + role)
			t.Cleanup(func() { b.exec(`DROP OWNED BY ` + role + ` CASCADE; DROP ROLE ` + role) })
			weak := with(t, b.url, role)
			lacks := lacksOf(t, weak, text)
			refused := runAs(t, weak, text)
			switch {
			case want == "" && (len(lacks) > 0 || refused != ""):
				t.Fatalf("%+v, server: %q", lacks, refused)
			case want == "":
				return
			case len(lacks) == 0 || !strings.Contains(lacks[0].Summary, want) || lacks[0].Line != 1 || lacks[0].File != "m/1.up.sql" || lacks[0].Who == "":
				t.Fatalf("got %+v, want %q", lacks, want)
			case refused == "":
				t.Fatalf("the server lets it pass: %+v", lacks)
			}
			for range 3 { // a schema that may not be used hides what else is missing
				for _, l := range lacks {
					if !strings.HasPrefix(l.Type, "run it outside") {
						b.exec(l.Type)
					}
				}
				if lacks = lacksOf(t, weak, text); len(lacks) == 0 {
					break
				}
			}
			if refused := runAs(t, weak, text); refused != "" && !strings.Contains(want, "superuser") && !strings.Contains(text, "ALL TABLES") {
				t.Errorf("what the survey says to type does not help: %s", refused)
			}
		})
	}
}

func lacksOf(t *testing.T, url, text string) []plans.Lack {
	t.Helper()
	got, err := postgres.New().Survey(t.Context(), providers.SurveyRequest{
		Address: "database.orders", Settings: block(url, ""),
		Needs: pgrights.Of([]plans.MigrationFile{{Up: plans.SQLFile{Path: "m/1.up.sql", Bytes: []byte(text)}}}),
	})
	if err != nil {
		t.Fatal(err)
	}
	return got.Lacks
}

// runAs runs a text, takes it back, and returns the server's refusal for want
// of a right; any other refusal fails the test.
func runAs(t *testing.T, url, text string) string {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }() // it is over by then, or taken back
	_, err = tx.ExecContext(t.Context(), text)
	var refused *pq.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &refused) && refused.Code == "42501":
		return refused.Message
	}
	t.Fatal(err)
	return ""
}

func TestLacksOfExtensionsAndHistory(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	role := "weak_" + b.get(`SELECT current_database()`)
	b.exec(`CREATE ROLE ` + role + ` LOGIN`)
	t.Cleanup(func() { b.exec(`DROP OWNED BY ` + role + `; DROP ROLE ` + role) })
	weak := with(t, b.url, role)
	for text, want := range map[string]string{
		"CREATE EXTENSION no_such_thing":                  "extension no_such_thing is not on the server's machine",
		"CREATE EXTENSION IF NOT EXISTS plpgsql":          "",
		"SET ROLE somebody; ALTER TABLE orders ADD a int": "",
	} {
		lacks := lacksOf(t, weak, text)
		if want == "" && len(lacks) > 0 || want != "" && (len(lacks) != 1 || !strings.Contains(lacks[0].Summary, want)) {
			t.Errorf("%s: %+v", text, lacks)
		}
	}
	history := func() []plans.Lack {
		got, err := postgres.New().Survey(t.Context(), providers.SurveyRequest{Address: "database.orders", Settings: block(weak, ""), Needs: []plans.Need{{Kind: plans.KindHistory}}})
		if err != nil {
			t.Fatal(err)
		}
		return got.Lacks
	}
	lacks := history()
	if len(lacks) != 1 || !strings.Contains(lacks[0].Summary, "Lockstep's history needs a schema of its own") {
		t.Fatalf("%+v", lacks)
	}
	b.exec(lacks[0].Type)
	if lacks := history(); len(lacks) != 0 {
		t.Errorf("%+v", lacks)
	}
	b.exec(`CREATE SCHEMA lockstep; CREATE TABLE lockstep.history (id int)`)
	if lacks = history(); len(lacks) != 1 || !strings.Contains(lacks[0].Summary, "may not write to Lockstep's history") {
		t.Fatalf("%+v", lacks)
	}
	b.exec(lacks[0].Type)
	if lacks := history(); len(lacks) != 0 {
		t.Errorf("%+v", lacks)
	}
}
