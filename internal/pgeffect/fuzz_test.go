package pgeffect_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgeffect"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// FuzzOf replays any text, asking for each statement's effect first: nothing
// panics, no lock has a name that PostgreSQL does not have, and asking twice
// gives the same.
func FuzzOf(f *testing.F) {
	base, err := os.ReadFile("testdata/pg-locks-base.sql")
	if err != nil {
		f.Fatal(err)
	}
	for statement := range strings.SplitSeq(string(base), ";\n") {
		f.Add(statement)
	}
	matrix, err := os.ReadFile("testdata/pg-locks.md")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(matrix)) {
		if parts := strings.SplitN(line, "`", 3); len(parts) == 3 {
			f.Add(parts[1])
		}
	}
	for _, text := range []string{
		"CREATE TABLE a PARTITION OF a DEFAULT", "CREATE TABLE a (b a); ALTER TABLE a INHERIT a; DROP TABLE a CASCADE",
		"CREATE TABLE a () PARTITION BY LIST (x); CREATE TABLE b PARTITION OF a DEFAULT; ALTER TABLE b ATTACH PARTITION a DEFAULT; TRUNCATE a",
		"CREATE DOMAIN d AS d; CREATE TABLE a (x d); ALTER TABLE a ALTER x TYPE d", "CREATE OR REPLACE VIEW v AS SELECT * FROM v; SELECT * FROM v",
		"CREATE TABLE a(x int REFERENCES a); TRUNCATE a CASCADE; DROP TABLE a CASCADE", "SELECT nextval('')", "COMMENT ON COLUMN a IS 'x'",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		statements, err := pgsyntax.Read([]byte(text))
		if err != nil {
			return
		}
		s := pgschema.New()
		for _, base := range []string{"CREATE TABLE t (id int PRIMARY KEY, a int); CREATE VIEW tv AS SELECT * FROM t"} {
			known, err := pgsyntax.Read([]byte(base))
			if err != nil {
				t.Fatal(err)
			}
			statements = append(known, statements...)
		}
		for _, st := range statements {
			for _, major := range []int{11, 18} {
				server := pgeffect.Server{Major: major, UTC: true}
				first := pgeffect.Of(st, s, server)
				for _, l := range first.Locks {
					if !strings.HasSuffix(l.Mode, "Lock") {
						t.Fatalf("%q: lock %+v", st.Text, l)
					}
				}
				if again := pgeffect.Of(st, s, server); !reflect.DeepEqual(first, again) {
					t.Fatalf("%q: %+v, then %+v", st.Text, first, again)
				}
			}
			s.Apply(st)
		}
	})
}
