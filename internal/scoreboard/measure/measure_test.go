package measure

import (
	"os"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
)

// TestMeasure: what is measured of a file whose tables nobody has made.
func TestMeasure(t *testing.T) {
	t.Parallel()
	if os.Getenv(pgtest.SkipVariable) != "" {
		t.Skip(pgtest.SkipVariable + " is set")
	}
	lab, err := Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lab.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, c := range measurements() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			facts, err := lab.Measure(t.Context(), Case{Before: c.before, Files: c.files})
			if err != nil {
				t.Fatal(err)
			}
			if got := spell(facts); !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
				t.Errorf("%q:\n got %s\nwant %s", c.files, got, c.want)
			}
		})
	}
}

// spell is a short form: a word a statement that is not free, then what else.
func spell(f Facts) string {
	var parts []string
	for _, s := range f.Statements {
		switch {
		case s.Own():
			parts = append(parts, "blocks")
		case s.Blocks():
			parts = append(parts, "works behind a lock")
		case s.Queues():
			parts = append(parts, "queues")
		case len(s.Took) > 0:
			parts = append(parts, "keeps")
		}
	}
	for name, text := range map[string]string{"fails": f.Fails, "unsettled": f.Unsettled} {
		if text != "" {
			parts = append(parts, name+" "+text)
		}
	}
	return strings.Join(append(append(parts, f.Breaks...), f.Loses...), "; ")
}

type measurement struct {
	name   string
	before []string
	files  []string
	want   string // how it begins
}

func measurements() []measurement {
	one := func(name, text, want string) measurement { return measurement{name, nil, []string{text}, want} }
	return []measurement{
		one("nothing", "SELECT 1", ""),
		one("an index", `CREATE INDEX i ON shelves (depth)`, "blocks"),
		one("an index beside the others", `CREATE INDEX CONCURRENTLY i ON shelves (depth)`, ""),
		one("a column", "ALTER TABLE shelves ADD depth int", "queues"),
		one("a column that must be filled", "ALTER TABLE shelves ADD depth int NOT NULL", "blocks; fails pq: column \"depth\""),
		one("a default that changes", "ALTER TABLE shelves ADD depth float DEFAULT random()", "blocks"),
		one("a default by an unknown function", "ALTER TABLE shelves ADD depth text DEFAULT app.measure(1, 'x')", "blocks"),
		one("a function that has other arguments", "ALTER TABLE shelves ADD seen timestamptz DEFAULT now(123)", "unsettled pq: function now(integer) does not exist"),
		one("an enum that is not there", "ALTER TABLE shelves ADD wood kind DEFAULT 'oak'", "queues"),
		one("a sequence in a string", "ALTER TABLE shelves ADD n bigint DEFAULT nextval('shelf_numbers')", "blocks"),
		one("another type", "ALTER TABLE shelves ALTER depth TYPE bigint", "blocks"),
		one("another type by a cast that int has not", "ALTER TABLE shelves ALTER depth TYPE jsonb USING depth::jsonb", "blocks"),
		one("texts in an expression", "ALTER TABLE shelves ADD label text GENERATED ALWAYS AS (room || wood) STORED", "blocks"),
		one("a foreign key", "ALTER TABLE shelves ADD FOREIGN KEY (room_id) REFERENCES rooms (id)", "blocks"),
		one("a foreign key that is not checked", "ALTER TABLE shelves ADD FOREIGN KEY (room_id) REFERENCES rooms NOT VALID", "keeps"),
		one("a check that was not checked", "ALTER TABLE shelves VALIDATE CONSTRAINT deep", ""),
		one("a check, and behind its lock", "ALTER TABLE shelves ADD CONSTRAINT deep CHECK (depth > 0) NOT VALID; ALTER TABLE shelves VALIDATE CONSTRAINT deep", "queues; works behind a lock"),
		one("and not behind it", "BEGIN; ALTER TABLE shelves ADD CONSTRAINT deep CHECK (depth > 0) NOT VALID; COMMIT; ALTER TABLE shelves VALIDATE CONSTRAINT deep", "queues"),
		one("NOT NULL of what is known to be so", "ALTER TABLE shelves VALIDATE CONSTRAINT deep; ALTER TABLE shelves ALTER depth SET NOT NULL", "queues"),
		one("an exclusion", "ALTER TABLE bookings ADD EXCLUDE USING gist (room WITH =, during WITH &&)", "blocks"),
		one("a primary key by an index", "ALTER TABLE shelves ADD PRIMARY KEY USING INDEX shelves_key", "blocks"),
		one("a table made here", "CREATE TABLE shelves (a int); CREATE INDEX ON shelves (a); ALTER TABLE shelves ADD b float DEFAULT random()", ""),
		one("a partition", "ALTER TABLE visits ATTACH PARTITION visits_2030 FOR VALUES FROM ('2030-01-01') TO ('2031-01-01')", "blocks"),
		one("a partition that goes", "ALTER TABLE visits DETACH PARTITION visits_2030", "queues"),
		one("a partition that goes slowly", "ALTER TABLE visits DETACH PARTITION visits_2030 CONCURRENTLY", "queues"),
		one("a domain's check", "ALTER DOMAIN depth ADD CHECK (VALUE > 0)", "blocks"),
		one("a domain's check for later", "ALTER DOMAIN depth ADD CHECK (VALUE > 0) NOT VALID", ""),
		one("a view of rows", "REFRESH MATERIALIZED VIEW shelf_sums", "blocks"),
		one("a table in order", "CLUSTER shelves USING shelves_i", "blocks"),
		one("the whole table", "VACUUM FULL shelves", "blocks"),
		one("an index anew", "REINDEX INDEX shelves_i", "blocks"),
		one("all of a schema", "REINDEX SCHEMA attic", "blocks"),
		one("a trigger", "CREATE TRIGGER t AFTER INSERT ON shelves FOR EACH ROW EXECUTE FUNCTION count_shelves()", "keeps"),

		one("a column goes", "ALTER TABLE shelves DROP depth", "queues; public.shelves.depth cannot be read; the row that was in public.shelves cannot be written"),
		one("a table goes, if it is there", "DROP TABLE IF EXISTS attic.shelves", "queues; attic.shelves cannot be read"),
		one("an index goes", "DROP INDEX IF EXISTS shelves_i", "queues"),
		one("a name changes", `ALTER TABLE "Shelves" RENAME TO racks`, `queues; public."Shelves" cannot be read`),
		one("a label changes", "ALTER TYPE wood RENAME VALUE 'oak' TO 'ash'", "SELECT 'oak'::public.wood fails"),
		one("a schema goes that is empty", "DROP SCHEMA attic", ""),
		one("rows go", "TRUNCATE shelves", "blocks; public.shelves has lost rows"),
		one("all rows change", "UPDATE shelves SET depth = 1", "every row of public.shelves was written"),
		one("few rows change", "UPDATE shelves SET depth = 'deep' WHERE id = 7", ""),
		one("a default", "ALTER TABLE shelves ALTER depth SET DEFAULT 1", "queues"),

		one("what no transaction holds", "SELECT 1; CREATE INDEX CONCURRENTLY i ON shelves (a)", "fails pq: CREATE INDEX CONCURRENTLY cannot"),
		one("nor this one", "BEGIN; VACUUM shelves; COMMIT", "fails pq: VACUUM cannot"),
		one("a column twice", "CREATE TABLE t (a int, a int)", "fails pq: column \"a\" specified more than once"),
		one("a label before its time", "ALTER TYPE wood ADD VALUE 'ash'; SELECT 'ash'::wood", "fails pq: unsafe use of new value"),
		one("no end", "BEGIN; CREATE TABLE t (a int)", "fails a transaction is still open"),
		one("a grammar that nobody has", "SELEC 1", "unsettled pq: syntax error"),
		one("no SQL", "SELECT '", "unsettled its text is not SQL"),

		{"what was there", []string{"CREATE TABLE shelves (depth varchar(10))"}, []string{"ALTER TABLE shelves ALTER depth TYPE varchar(20)"}, "queues"},
		{"and has rows", []string{"CREATE TABLE shelves (a int); INSERT INTO shelves VALUES (1)"}, []string{"ALTER TABLE shelves ADD b int NOT NULL"}, "fails pq: column \"b\""},
		{"one file after the other", nil, []string{"CREATE TABLE shelves (a int)", "CREATE INDEX i ON shelves (a)"}, "blocks"},
	}
}
