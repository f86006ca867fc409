package pgeffect_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/pgeffect"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/internal/pgtest"
	"github.com/lockstep-dev/lockstep/internal/rehearse/trace"
)

// TestRulesAgreeWithServer asks servers what the statements of
// testdata/more.sql do: the one that is found, and those whose folders
// LOCKSTEP_TEST_POSTGRES_BINDIRS lists as PATH does.
func TestRulesAgreeWithServer(t *testing.T) {
	t.Parallel()
	if os.Getenv(pgtest.SkipVariable) != "" {
		t.Skip(pgtest.SkipVariable + " is set")
	}
	for _, folder := range append([]string{""}, filepath.SplitList(os.Getenv("LOCKSTEP_TEST_POSTGRES_BINDIRS"))...) {
		server, err := pgtest.Start(pgtest.Options{Binaries: folder})
		if err != nil {
			t.Fatal(err)
		}
		askServer(t, server)
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	}
}

func askServer(t *testing.T, server *pgtest.Server) {
	t.Helper()
	db, err := sql.Open("postgres", server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var major int
	if err := db.QueryRow("SELECT current_setting('server_version_num')::int / 10000").Scan(&major); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(emptyBase(t)); err != nil {
		t.Fatal(err)
	}
	tracer, err := trace.New(t.Context(), db, trace.Options{Ignore: []string{"public.evlog"}})
	if err != nil {
		t.Fatal(err)
	}
	defer tracer.Close(t.Context())
	if _, err := tracer.Worker().ExecContext(t.Context(), "SET timezone = 'UTC'"); err != nil {
		t.Fatal(err)
	}
	agreed, excused, refused := 0, 0, 0
	excuses := serverExceptions()
	statements := moreStatements(t)
	for text := range excuses {
		if !slices.Contains(statements, text) {
			t.Errorf("%s is excused, and is no statement of more.sql", text)
		}
	}
	for _, text := range statements {
		excuse, excepted := excuses[text]
		excepted = excepted && excuse.from <= major && major <= excuse.to
		differences, err := askOne(t, tracer, text, major)
		switch {
		case err != nil:
			refused++
			t.Logf("PostgreSQL %d refuses %s: %v", major, text, err)
		case len(differences) == 0 && !excepted:
			agreed++
		case len(differences) == 0:
			t.Errorf("PostgreSQL %d: %s agrees: its exception (%s) is none any more", major, text, excuse.reason)
		case excepted:
			excused++
		default:
			t.Errorf("PostgreSQL %d: %s\n\t%s", major, text, strings.Join(differences, "\n\t"))
		}
	}
	t.Logf("PostgreSQL %d: %d statements agree, %d exceptions, %d refused by the server", major, agreed, excused, refused)
}

func askOne(t *testing.T, tracer *trace.Tracer, text string, major int) ([]string, error) {
	t.Helper()
	schema := baseSchema(t)
	statements, err := pgsyntax.Read([]byte(text))
	if err != nil || len(statements) != 1 {
		t.Fatalf("%s: %d statements, %v", text, len(statements), err)
	}
	if err := tracer.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	measured, failed := tracer.Statement(t.Context(), text)
	if err := tracer.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if failed != nil {
		return nil, failed
	}
	rule := predicted(pgeffect.Of(statements[0], schema, pgeffect.Server{Major: major, UTC: true}))
	rule.rewrites = slices.DeleteFunc(rule.rewrites, func(n string) bool {
		return schema.Sequences[nameOf(n)] != nil // the tracer takes it for no rewrite
	})
	return compareLive(schema, asWork(measured), rule), nil
}

func asWork(m trace.Measured) work {
	w := work{locks: map[string]string{}}
	plain := func(n string) string { return strings.TrimPrefix(n, "public.") }
	for _, l := range m.Locks {
		w.locks[plain(l.Relation)] = string(l.Mode)
	}
	for _, r := range m.Rewrites {
		w.rewrites = append(w.rewrites, plain(r.Relation))
	}
	for _, s := range m.Scans {
		w.scans = append(w.scans, plain(s.Relation))
	}
	return w
}

// compareLive is compare with a server that counts scans of empty tables.
func compareLive(s *pgschema.Schema, measured, rule work) []string {
	differences := compare(s, measured, rule)
	for _, n := range rule.scans {
		if slices.Contains(emptyTables(), n) && !slices.Contains(measured.scans, n) {
			differences = append(differences, fmt.Sprintf("scan of %s by rule, none was measured", n))
		}
	}
	return differences
}

// emptyBase is the base schema without its rows.
func emptyBase(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("testdata/pg-locks-base.sql")
	if err != nil {
		t.Fatal(err)
	}
	statements, err := pgsyntax.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for _, st := range statements {
		if st.Tree.GetInsertStmt() == nil && st.Tree.GetCreateEventTrigStmt() == nil {
			kept = append(kept, st.Text)
		}
	}
	return strings.Join(kept, ";\n")
}

func moreStatements(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/more.sql")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "--") {
			all = append(all, line)
		}
	}
	return all
}
