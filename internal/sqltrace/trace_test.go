package sqltrace_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/internal/sqltrace"
)

func TestOf(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		`CREATE TABLE IF NOT EXISTS app."Users" (id int)`:                              `table "app"."Users"`,
		`CREATE TEMP TABLE x (id int)`:                                                 ``,
		`CREATE UNIQUE INDEX CONCURRENTLY i ON ONLY app.t (lower(a))`:                  `index "i" of "app"."t"`,
		`CREATE INDEX ON t (a)`:                                                        ``,
		`CREATE OR REPLACE VIEW v AS SELECT 1`:                                         `view "v" weak`,
		`CREATE MATERIALIZED VIEW v AS SELECT 1`:                                       `view "v"`,
		`CREATE TYPE mood AS ENUM ('a')`:                                               `type "mood"`,
		`CREATE DOMAIN d AS int`:                                                       `type "d"`,
		`CREATE FUNCTION s.f(a int) RETURNS int LANGUAGE sql AS 'select 1'`:            `function "s"."f"`,
		`CREATE TRIGGER tr BEFORE UPDATE OF a ON t FOR EACH ROW EXECUTE FUNCTION f()`:  `trigger "tr" of "t"`,
		`CREATE POLICY p ON t USING (true)`:                                            `policy "p" of "t"`,
		`CREATE RULE r AS ON INSERT TO t DO NOTHING`:                                   `rule "r" of "t"`,
		`CREATE SCHEMA AUTHORIZATION joe`:                                              ``,
		`CREATE EXTENSION IF NOT EXISTS citext`:                                        `extension "citext"`,
		`DROP TABLE a, b.c CASCADE`:                                                    `table "a" gone; table "b"."c" gone`,
		`DROP INDEX CONCURRENTLY IF EXISTS i`:                                          `index "i" gone`,
		`DROP TRIGGER tr ON t`:                                                         `trigger "tr" of "t" gone`,
		`DROP FUNCTION f(int, text)`:                                                   `function "f" gone weak`,
		`ALTER TABLE t ADD COLUMN a numeric(10, 2), ADD b int DEFAULT f(1, 2), DROP c`: `column "a" of "t"; column "b" of "t"; column "c" of "t" gone`,
		`ALTER TABLE ONLY t ADD CONSTRAINT k PRIMARY KEY (a, b)`:                       `constraint "k" of "t"`,
		`ALTER TABLE t ADD PRIMARY KEY (a)`:                                            ``,
		`ALTER TABLE t DROP CONSTRAINT IF EXISTS k`:                                    `constraint "k" of "t" gone`,
		`ALTER TABLE t ALTER COLUMN a SET NOT NULL`:                                    `not null "a" of "t"`,
		`ALTER TABLE t ALTER a DROP DEFAULT`:                                           `default "a" of "t" gone`,
		`ALTER TABLE t ALTER a TYPE bigint`:                                            ``,
		`ALTER TABLE t RENAME COLUMN a TO b`:                                           `column "a" of "t" gone; column "b" of "t"`,
		`ALTER TABLE t CHANGE COLUMN a b int, ADD c int`:                               `column "a" of "t" gone; column "b" of "t"; column "c" of "t"`,
		`ALTER TABLE t CHANGE a a bigint`:                                              ``,
		`ALTER TABLE s.t RENAME TO u`:                                                  `table "s"."t" gone; table "s"."u"`,
		`ALTER TABLE t VALIDATE CONSTRAINT k`:                                          `validated constraint "k" of "t"`,
		`ALTER TYPE mood ADD VALUE IF NOT EXISTS 'it''s' BEFORE 'a'`:                   `enum value "it's" of "mood"`,
		`ALTER INDEX i RENAME TO j`:                                                    `index "i" gone; index "j"`,
		`INSERT INTO t VALUES (1)`:                                                     ``,
		`UPDATE t SET a = 1`:                                                           ``,
	} {
		statements, err := sqlscan.Split([]byte(sql))
		if err != nil || len(statements) != 1 {
			t.Fatalf("%s: %d statements, %v", sql, len(statements), err)
		}
		var got []string
		for _, trace := range sqltrace.Of(statements[0]) {
			text := trace.String()
			if trace.Gone {
				text += " gone"
			}
			if trace.Weak {
				text += " weak"
			}
			got = append(got, text)
		}
		if text := strings.Join(got, "; "); text != want {
			t.Errorf("%s\ngot  %s\nwant %s", sql, text, want)
		}
	}
}

func TestColumns(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		`CREATE TABLE s.t (id numeric(10, 2) DEFAULT f(1, 2), "Key" text, CONSTRAINT k CHECK (a > 0), b int) WITH (fillfactor = 70, x = 1)`: `column "id" of "s"."t"; column "Key" of "s"."t"; column "b" of "s"."t"`,
		`CREATE TABLE t (id int, PRIMARY KEY (id), UNIQUE (a, b), FOREIGN KEY (a, b) REFERENCES u (c, d), LIKE u)`:                          `column "id" of "t"`,
		`CREATE TABLE t (kind ENUM('a', 'b'), KEY by_kind (kind))`:                                                                          `column "kind" of "t"`,
		`CREATE TABLE t (id, n) AS SELECT 1, 2`:                                                                                             `column "id" of "t"; column "n" of "t"`,
		`CREATE TABLE t AS SELECT 1 AS id`:                                                                                                  ``,
		`CREATE TABLE t PARTITION OF u FOR VALUES FROM (1) TO (2)`:                                                                          ``,
		`CREATE TABLE IF NOT EXISTS t (id int)`:                                                                                             ``,
		`CREATE TEMP TABLE t (id int)`:                                                                                                      ``,
		`CREATE INDEX i ON t (a, b)`:                                                                                                        ``,
	} {
		statements, err := sqlscan.Split([]byte(sql))
		if err != nil {
			t.Fatal(sql, err)
		}
		var got []string
		for _, trace := range sqltrace.Columns(statements[0]) {
			got = append(got, trace.String())
		}
		if text := strings.Join(got, "; "); text != want {
			t.Errorf("%s\ngot  %s\nwant %s", sql, text, want)
		}
	}
}

func TestInverse(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		`CREATE TABLE a (id int)`:                    `DROP TABLE "a"`,
		`CREATE INDEX i ON app.t (a)`:                `DROP INDEX "app"."i"`,
		`CREATE MATERIALIZED VIEW v AS SELECT 1`:     `DROP MATERIALIZED VIEW "v"`,
		`ALTER TABLE t ADD COLUMN a int`:             `ALTER TABLE "t" DROP COLUMN "a"`,
		`ALTER TABLE t ADD CONSTRAINT k CHECK (a>0)`: `ALTER TABLE "t" DROP CONSTRAINT "k"`,
		`ALTER TABLE t ALTER a SET NOT NULL`:         `ALTER TABLE "t" ALTER COLUMN "a" DROP NOT NULL`,
		`ALTER TYPE mood ADD VALUE 'x'`:              ``,
		`ALTER TABLE t ADD a int, ADD b int`:         `ALTER TABLE "t" DROP COLUMN "b"; ALTER TABLE "t" DROP COLUMN "a"`,
		`ALTER TABLE t ADD a int, ALTER b TYPE text`: ``,
		`ALTER TABLE t CHANGE a b int`:               ``,
		// The column may have been there, with rows in it.
		`ALTER TABLE t ADD COLUMN IF NOT EXISTS a int`: ``,
		`DROP TABLE a`:                         ``,
		`CREATE OR REPLACE VIEW v AS SELECT 1`: ``,
	} {
		statements, _ := sqlscan.Split([]byte(sql))
		inverses, ok := sqltrace.Inverses(statements[0])
		if got := strings.Join(inverses, "; "); got != want || ok != (want != "") {
			t.Errorf("%s\ngot  %s, %v\nwant %s", sql, got, ok, want)
		}
	}
}

func TestOverrides(t *testing.T) {
	t.Parallel()
	trace := func(sql string) sqltrace.Trace {
		statements, _ := sqlscan.Split([]byte(sql))
		return sqltrace.Of(statements[0])[0]
	}
	for _, c := range []struct {
		later, earlier string
		want           bool
	}{
		{`DROP TABLE a`, `CREATE TABLE a (id int)`, true},
		{`DROP TABLE public.a`, `CREATE TABLE a (id int)`, true},
		{`DROP TABLE a`, `ALTER TABLE a ADD b int`, true},
		{`DROP TABLE a`, `CREATE TABLE b (id int)`, false},
		{`ALTER TABLE a DROP b`, `ALTER TABLE a ADD b int`, true},
		{`ALTER TABLE a DROP b`, `ALTER TABLE a ADD c int`, false},
		{`DROP SCHEMA s`, `CREATE TABLE s.a (id int)`, true},
	} {
		if got := trace(c.later).Overrides(trace(c.earlier)); got != c.want {
			t.Errorf("%s overrides %s: got %v", c.later, c.earlier, got)
		}
	}
}

func FuzzOf(f *testing.F) {
	f.Add(`ALTER TABLE t ADD COLUMN a int, DROP b`)
	f.Add(`CREATE TABLE t (a int DEFAULT f(1), PRIMARY KEY (a))`)
	f.Add(`CREATE RULE r AS ON INSERT TO t DO NOTHING`)
	f.Fuzz(func(t *testing.T, sql string) {
		statements, err := sqlscan.Split([]byte(sql))
		if err != nil {
			return
		}
		for _, s := range statements {
			for _, trace := range append(sqltrace.Of(s), sqltrace.Columns(s)...) {
				if trace.Name.Base == "" && trace.Kind != sqltrace.EnumValue {
					t.Fatalf("%s: a trace without a name", s.Text)
				}
				_ = fmt.Sprint(trace)
				_, _ = sqltrace.Inverses(s)
			}
		}
	})
}
