package catalog_test

import (
	"database/sql"
	_ "embed"
	"os"
	"regexp"
	"strings"
	"testing"
)

// What the measured table's schema lacks: one of every other kind of object,
// with what later majors brought.
var (
	//go:embed testdata/more.sql
	more string
	//go:embed testdata/more-14.sql
	more14 string
	//go:embed testdata/more-18.sql
	more18 string
)

// base is the schema of the measured table, with five rows a table and without
// its event triggers, and more.
func base(t testing.TB, major int) string {
	t.Helper()
	text, err := os.ReadFile("../../pgeffect/testdata/pg-locks-base.sql")
	if err != nil {
		t.Fatal(err)
	}
	few := regexp.MustCompile(`generate_series\((\d+),\d+\)`)
	var kept strings.Builder
	for line := range strings.Lines(string(text)) {
		switch {
		case strings.HasPrefix(line, "CREATE EVENT TRIGGER"), strings.HasPrefix(line, "CREATE FUNCTION ev_"), strings.HasPrefix(line, "ANALYZE"):
		case strings.HasPrefix(line, "CREATE ROLE"): // one for all databases of the server
			kept.WriteString("DO $$BEGIN " + line + " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END$$;\n")
		default:
			kept.WriteString(few.ReplaceAllString(strings.ReplaceAll(line, "g%1000+1", "g%5+1"), "generate_series($1,$1+4)"))
		}
	}
	kept.WriteString(more)
	if major >= 14 {
		kept.WriteString(more14)
	}
	if major >= 18 {
		kept.WriteString(more18)
	}
	return kept.String()
}

// withBase is a database that has one of everything, with rows.
func (m major) withBase(t testing.TB) *sql.DB {
	t.Helper()
	db := m.connect(t)
	run(t, db, base(t, m.number))
	return db
}

func withBase(t testing.TB) *sql.DB {
	t.Helper()
	return found(t).withBase(t)
}
