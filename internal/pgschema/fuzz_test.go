package pgschema_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// FuzzApply: no statement ends the process; the same statements make the same
// schema; and every list of what belongs to a relation can be asked for.
func FuzzApply(f *testing.F) {
	known, err := os.ReadFile("../pgsyntax/testdata/statements.sql")
	if err != nil {
		f.Fatal(err)
	}
	for text := range strings.SplitSeq(string(known), "\n") {
		f.Add(text)
	}
	f.Add("CREATE TABLE a (b int) PARTITION BY RANGE (b); CREATE TABLE c PARTITION OF a DEFAULT; CREATE INDEX ON a (b); DROP TABLE a CASCADE")
	f.Add("CREATE VIEW v AS SELECT * FROM v; ALTER VIEW v RENAME TO t; ALTER TABLE t RENAME TO v; CREATE DOMAIN d AS d; DROP DOMAIN d CASCADE")
	f.Fuzz(func(t *testing.T, text string) {
		const base = "CREATE TABLE t (id int PRIMARY KEY, a int UNIQUE); CREATE TABLE u (t int REFERENCES t, PRIMARY KEY (t)); CREATE VIEW v AS SELECT * FROM t;"
		statements, err := pgsyntax.Read([]byte(base + text))
		if err != nil {
			return
		}
		one, other := pgschema.New(), pgschema.New()
		for _, st := range statements {
			one.Apply(st)
			other.Apply(st)
		}
		if !reflect.DeepEqual(one.Clone(), other.Clone()) {
			t.Fatalf("%s: two schemas of the same statements differ", text)
		}
		for name, table := range one.Tables {
			if table.Name != name {
				t.Fatalf("%s: table %s is kept as %s", text, table.Name, name)
			}
			one.Tree(name)
			one.IndexesOf(name)
			one.SequencesOf(name)
			one.ReferencesTo(name)
			one.ViewsOn(name, "a")
			one.DefaultPartition(name)
		}
		for name := range one.Types {
			one.TablesUsing(name)
		}
	})
}
