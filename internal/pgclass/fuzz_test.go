package pgclass_test

import (
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgclass"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/plans"
)

// FuzzJudge judges any text as a file after the base, and as one on which no
// code runs yet. Nothing panics, every verdict has a class and a reason, what
// cannot be read is asked about, and every file of a split is SQL.
func FuzzJudge(f *testing.F) {
	for _, c := range allCases() {
		f.Add(c.before + c.sql)
	}
	for _, c := range fileCases() {
		f.Add(c.sql)
	}
	for _, text := range []string{
		`ALTER TABLE orders RENAME COLUMN weight TO "a""b$sync$"`, "ALTER TABLE orders RENAME TO \"a\nb\"", `ALTER TYPE mood RENAME VALUE 'calm' TO E'\\''\n'`,
		"ALTER TABLE a ALTER COLUMN b SET NOT NULL", "ALTER TABLE a RENAME COLUMN b TO c", "MERGE INTO a USING b ON true WHEN MATCHED THEN DO NOTHING",
		"ALTER TABLE orders ALTER COLUMN weight TYPE mood USING weight::text::mood", "CREATE TRIGGER a BEFORE INSERT ON orders EXECUTE FUNCTION stamp()",
	} {
		f.Add(text)
	}
	base := release(f)
	f.Fuzz(func(t *testing.T, text string) {
		statements, err := pgsyntax.Read([]byte(text))
		if err != nil {
			return
		}
		for _, released := range []*pgschema.Schema{base, nil} {
			before := base
			if released == nil {
				before = pgschema.New()
			}
			verdicts, file := pgclass.Judge(statements, released, before)
			for i, v := range append(verdicts, file) {
				if v.Class == "" || v.Reason == "" || strings.Contains(v.Reason, "%!") {
					t.Fatalf("%q has the verdict %+v", text, v)
				}
				if i < len(statements) && statements[i].Tree == nil && v.Class != plans.ClassAsk {
					t.Fatalf("%q cannot be read and is %s", statements[i].Text, v.Class)
				}
				for _, file := range v.Split {
					if len(text) < 2000 {
						fits(t, text, file)
					}
				}
			}
		}
	})
}

func fits(t *testing.T, text string, file pgclass.File) {
	t.Helper()
	for _, sql := range []string{file.SQL, file.Down} {
		statements, err := pgsyntax.Read([]byte(sql))
		if err != nil {
			t.Fatalf("%q is split into %s, which is no SQL: %v\n%s", text, file.Name, err, sql)
		}
		for _, st := range statements {
			if st.Tree == nil {
				t.Fatalf("%q is split into %s, which is no SQL: %s\n%s", text, file.Name, st.Problem.Message, sql)
			}
		}
	}
}
