package pglint_test

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgeffect"
	"github.com/lockstep-dev/lockstep/internal/pglint"
	"github.com/lockstep-dev/lockstep/plans"
)

const before = `CREATE TYPE mood AS ENUM ('a', 'b');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TABLE customers (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, n int, s varchar(10), nn int NOT NULL, d int DEFAULT 1, customer bigint);
ALTER TABLE orders ADD CONSTRAINT n_there CHECK (n IS NOT NULL);
ALTER TABLE orders ADD CONSTRAINT to_customer FOREIGN KEY (customer) REFERENCES customers (id);
CREATE INDEX orders_n ON orders (n);
CREATE TABLE parts (id int, day date) PARTITION BY RANGE (day);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE VIEW shown AS SELECT id FROM orders;
CREATE MATERIALIZED VIEW summed AS SELECT count(*) AS n FROM orders;
`

// codes lints a file behind the one that makes the schema.
func codes(t *testing.T, sql string, server pgeffect.Server) []string {
	t.Helper()
	l := pglint.New(server)
	if _, _, err := l.File(plans.SQLFile{Path: "1.sql", Bytes: []byte(before)}); err != nil {
		t.Fatal(err)
	}
	_, findings, err := l.File(plans.SQLFile{Path: "2.sql", Bytes: []byte(sql)})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range findings {
		if f.Summary == "" || f.File != "2.sql" || f.Line == 0 || f.Fix == "" {
			t.Errorf("%s: incomplete: %+v", sql, f)
		}
		got = append(got, f.Code)
	}
	return got
}

func TestRules(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"ALTER TABLE orders ADD COLUMN x int":                                                  "",
		"ALTER TABLE orders ADD COLUMN x int DEFAULT 5":                                        "",
		"ALTER TABLE orders ADD COLUMN x timestamptz DEFAULT now()":                            "",
		"ALTER TABLE orders ADD COLUMN x float8 DEFAULT random()":                              "add-column-volatile-default",
		"ALTER TABLE orders ADD COLUMN x bigserial":                                            "add-column-serial",
		"ALTER TABLE orders ADD COLUMN x bigint GENERATED ALWAYS AS IDENTITY":                  "add-column-identity",
		"ALTER TABLE orders ADD COLUMN x int GENERATED ALWAYS AS (n * 2) STORED":               "add-column-generated-stored",
		"ALTER TABLE orders ADD COLUMN x int NOT NULL":                                         "add-column-not-null-no-default",
		"ALTER TABLE orders ADD COLUMN x int NOT NULL DEFAULT 0":                               "",
		"ALTER TABLE orders ADD COLUMN x positive":                                             "add-column-domain-check",
		"ALTER TABLE orders ADD COLUMN x int DEFAULT 5 CHECK (x > 0)":                          "add-column-inline-check",
		"ALTER TABLE orders ADD COLUMN x int UNIQUE":                                           "add-column-inline-unique",
		"ALTER TABLE orders ADD COLUMN IF NOT EXISTS n int":                                    "",
		"ALTER TABLE orders ALTER COLUMN s TYPE varchar(20)":                                   "alter-type-noop",
		"ALTER TABLE orders ALTER COLUMN s TYPE varchar(5)":                                    "alter-type-rewrite",
		"ALTER TABLE orders ALTER COLUMN n SET NOT NULL":                                       "", // a CHECK proves it
		"ALTER TABLE orders ALTER COLUMN d SET NOT NULL":                                       "set-not-null",
		"ALTER TABLE orders ALTER COLUMN nn DROP NOT NULL":                                     "drop-not-null",
		"ALTER TABLE orders ALTER COLUMN d SET DEFAULT 2":                                      "change-default",
		"ALTER TABLE orders ALTER COLUMN n SET DEFAULT 2":                                      "",
		"ALTER TABLE orders DROP COLUMN s":                                                     "drop-column",
		"ALTER TABLE orders ADD CONSTRAINT x CHECK (n > 0)":                                    "add-check-validated",
		"ALTER TABLE orders ADD CONSTRAINT x CHECK (n > 0) NOT VALID":                          "",
		"ALTER TABLE orders ADD FOREIGN KEY (n) REFERENCES customers (id)":                     "add-fk-validated",
		"ALTER TABLE orders ADD UNIQUE (n)":                                                    "add-unique",
		"ALTER TABLE orders ADD EXCLUDE USING gist (n WITH =)":                                 "add-exclusion",
		"ALTER TABLE orders DROP CONSTRAINT to_customer":                                       "drop-foreign-key",
		"ALTER TABLE orders DROP CONSTRAINT n_there":                                           "drop-constraint",
		"CREATE INDEX ON orders (s)":                                                           "create-index",
		"CREATE INDEX CONCURRENTLY ON orders (s)":                                              "",
		"CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON orders (s)":                              "index-if-not-exists",
		"CREATE INDEX CONCURRENTLY ON parts (id)":                                              "create-index-partitioned",
		"CREATE TABLE new (id int); CREATE INDEX ON new (id); ALTER TABLE new ADD UNIQUE (id)": "",
		"CREATE TABLE new (id bigint REFERENCES customers (id))":                               "create-table-with-fk fk-without-index",
		"DROP INDEX orders_n":                                                                  "drop-index",
		"DROP INDEX CONCURRENTLY orders_n":                                                     "",
		"REINDEX TABLE orders":                                                                 "reindex",
		"DROP TABLE orders":                                                                    "drop-table has-dependents",
		"DROP TABLE orders CASCADE":                                                            "drop-cascade drop-table",
		"DROP TABLE parts_1":                                                                   "drop-partition",
		"CREATE TABLE new (id int); DROP TABLE new":                                            "",
		"TRUNCATE orders":                         "truncate",
		"ALTER TABLE orders RENAME TO purchases":  "rename",
		"ALTER TABLE orders RENAME COLUMN n TO m": "rename",
		"ALTER INDEX orders_n RENAME TO orders_m": "rename-index",
		"ALTER TYPE mood RENAME VALUE 'a' TO 'z'": "rename-type",
		"CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')": "create-partition-of",
		"ALTER TABLE parts DETACH PARTITION parts_1":                                               "detach-partition",
		"VACUUM FULL orders":                                                  "table-rewrite",
		"CLUSTER orders USING orders_n":                                       "table-rewrite",
		"REFRESH MATERIALIZED VIEW summed":                                    "refresh-matview",
		"GRANT SELECT ON orders TO PUBLIC":                                    "change-rights",
		"ALTER TABLE orders ENABLE ROW LEVEL SECURITY":                        "row-level-security",
		"UPDATE orders SET n = 1":                                             "unbatched-update",
		"DELETE FROM orders":                                                  "unbatched-delete",
		"UPDATE orders SET n = 1 WHERE id = 1":                                "",
		"DO $$ BEGIN END $$":                                                  "unreadable-statement",
		"ALTER TABLE orders ADD COLUMN v int GENERATED ALWAYS AS (n) VIRTUAL": "unreadable-statement",
		"ALTER TABLE orders ADD CONSTRAINT x CHECK (n > 0) NOT VALID; ALTER TABLE orders VALIDATE CONSTRAINT x": "not-valid-and-validate-one-transaction validate-constraint",
		"DROP DATABASE shop":       "destroy-without-copy",
		"CREATE EXTENSION pg_trgm": "create-extension",
		"ALTER TYPE mood ADD VALUE 'c' AFTER 'a'; UPDATE orders SET s = 'c' WHERE id = 1":                               "new-enum-value",
		"ALTER TYPE mood ADD VALUE 'c' AFTER 'a'; UPDATE orders SET s = 'd' WHERE id = 1":                               "",
		"ALTER TYPE mood ADD VALUE 'c' AFTER 'a'; COMMIT; UPDATE orders SET s = 'c' WHERE id = 1":                       "",
		"ALTER TABLE orders ADD CONSTRAINT x CHECK (n > 0) NOT VALID; COMMIT; ALTER TABLE orders VALIDATE CONSTRAINT x": "validate-constraint",
		"ALTER TABLE customers ADD COLUMN x int; ALTER TABLE orders VALIDATE CONSTRAINT later":                          "statement-after-access-exclusive validate-constraint",
		"ALTER TABLE customers ADD COLUMN x int; COMMIT; ALTER TABLE orders VALIDATE CONSTRAINT later":                  "validate-constraint",
		"CREATE TABLE new (id int); ALTER TABLE orders VALIDATE CONSTRAINT later":                                       "validate-constraint",
		// Of what nobody knows the worst is believed.
		"ALTER TABLE nowhere ALTER COLUMN a SET NOT NULL":                                        "set-not-null",
		"ALTER TABLE nowhere ADD COLUMN a uuid DEFAULT gen_random_uuid()":                        "add-column-volatile-default",
		"ALTER TABLE nowhere ADD COLUMN a jsonb DEFAULT app.made_up()":                           "add-column-volatile-default",
		"ALTER TABLE nowhere ADD COLUMN a int DEFAULT 1":                                         "",
		"ALTER TABLE nowhere ADD COLUMN a int; ALTER TABLE nowhere ALTER COLUMN a SET DEFAULT 1": "",
		"ALTER TABLE nowhere ALTER COLUMN a SET DEFAULT 1":                                       "change-default",
		"ALTER TABLE nowhere ADD CONSTRAINT x CHECK (a > 0) NOT VALID":                           "",
		`ALTER TABLE "or""der" ALTER COLUMN a SET NOT NULL`:                                      "set-not-null",
		"REINDEX TABLE nowhere":                               "reindex",
		"REINDEX SCHEMA app":                                  "reindex",
		"REINDEX DATABASE shop":                               "reindex",
		"REINDEX (VERBOSE, CONCURRENTLY false) INDEX nowhere": "reindex",
		"REINDEX INDEX CONCURRENTLY nowhere":                  "",
		"REINDEX INDEX CONCURRENTLY orders_n":                 "",
		"VACUUM (FULL false) orders":                          "",
		"VACUUM (FULL 0) orders":                              "",
		"VACUUM (FULL 1) orders":                              "table-rewrite",
		"VACUUM FULL":                                         "table-rewrite",
		"ALTER DOMAIN nowhere ADD CONSTRAINT x CHECK (VALUE > 0) NOT VALID":                                          "",
		"ALTER DOMAIN nowhere ADD CONSTRAINT x CHECK (VALUE > 0)":                                                    "domain-add-check",
		"CREATE TABLE new (id bigint); ALTER TABLE new ADD FOREIGN KEY (id) REFERENCES customers (id)":               "fk-without-index",
		"CREATE TABLE new AS SELECT 1::bigint AS id; ALTER TABLE new ADD FOREIGN KEY (id) REFERENCES customers (id)": "fk-without-index works-behind-a-lock",
		"ALTER TABLE orders ADD COLUMN x int; UPDATE orders SET x = 1 WHERE id = 2":                                  "schema-and-rows-one-transaction",
	}
	for sql, want := range tests {
		got := codes(t, sql, pgeffect.Server{Major: 17, UTC: true})
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("%s\ngot  %q\nwant %q", sql, strings.Join(got, " "), want)
		}
	}
}

// blockingWork is a measured lock of SHARE or more on the same table that was
// scanned or written anew.
func blockingWork(result string) bool {
	held := map[string]bool{}
	for _, m := range regexp.MustCompile(`\b(?:AX|X|SRX|S):([^ ]+)`).FindAllStringSubmatch(result, -1) {
		for _, n := range strings.Split(m[1], ",") {
			held[n] = true
		}
	}
	for _, m := range regexp.MustCompile(`(?:RW|SCAN)\[([^\]]*)\]`).FindAllStringSubmatch(result, -1) {
		for _, n := range strings.Split(m[1], ",") {
			if held[n] && !strings.HasPrefix(n, "+") {
				return true
			}
		}
	}
	return false
}

// TestNothingThatBlocksIsCalledSafe holds the rules against what was measured
// of each statement on each version.
func TestNothingThatBlocksIsCalledSafe(t *testing.T) {
	t.Parallel()
	base, err := os.ReadFile("../pgeffect/testdata/pg-locks-base.sql")
	if err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile("../pgeffect/testdata/pg-locks.md")
	if err != nil {
		t.Fatal(err)
	}
	tried, blocks := 0, 0
	for line := range strings.Lines(string(table)) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if len(cells) != 5 || cells[0] == "| case" {
			continue
		}
		for _, part := range strings.Split(cells[2], "<br>") {
			versions, result, _ := strings.Cut(part, ": ")
			major, err := strconv.Atoi(regexp.MustCompile(`\d+$`).FindString(versions))
			if err != nil {
				continue
			}
			tried++
			if !blockingWork(result) {
				continue
			}
			blocks++
			if !warns(t, string(base), strings.Trim(cells[1], "`"), major) {
				t.Errorf("PostgreSQL %d: no warning for %s (%s)", major, cells[1], result)
			}
		}
	}
	t.Logf("%d results of statements, %d of them keep writers from a table that is read or written whole", tried, blocks)
	if blocks < 50 {
		t.Errorf("%d is too few: was the table read?", blocks)
	}
}

func warns(t *testing.T, base, sql string, major int) bool {
	t.Helper()
	l := pglint.New(pgeffect.Server{Major: major, UTC: true})
	if _, _, err := l.File(plans.SQLFile{Path: "base.sql", Bytes: []byte(base)}); err != nil {
		t.Fatal(err)
	}
	_, findings, err := l.File(plans.SQLFile{Path: "1.sql", Bytes: []byte(sql)})
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(findings, func(f plans.Finding) bool { return f.Severity != plans.SeverityInfo })
}

func FuzzFile(f *testing.F) {
	f.Add("ALTER TABLE a ADD COLUMN b int UNIQUE; DROP TABLE a CASCADE")
	f.Add("CREATE TABLE p (a int) PARTITION BY LIST (a); ALTER TABLE p ATTACH PARTITION q DEFAULT")
	f.Add("ALTER TABLE a ADD CONSTRAINT c CHECK (true) NOT VALID, VALIDATE CONSTRAINT c")
	f.Fuzz(func(_ *testing.T, sql string) {
		l := pglint.New(pgeffect.Server{Major: 16})
		_, _, _ = l.File(plans.SQLFile{Path: "1.sql", Bytes: []byte(before)})
		_, _, _ = l.File(plans.SQLFile{Path: "2.sql", Bytes: []byte(sql)})
	})
}
