package trace_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
	"github.com/lockstep-dev/lockstep/internal/rehearse/trace"
)

// binariesVariable lists folders with the programs of further PostgreSQL
// majors, separated as PATH is.
const binariesVariable = "LOCKSTEP_TEST_POSTGRES_BINDIRS"

// TestMeasuredMatrix measures every statement of the table anew on empty
// tables, on the server that is found and on those that are given.
func TestMeasuredMatrix(t *testing.T) {
	t.Parallel()
	if os.Getenv(pgtest.SkipVariable) != "" {
		t.Skip(pgtest.SkipVariable + " is set")
	}
	folders := append([]string{""}, filepath.SplitList(os.Getenv(binariesVariable))...)
	for _, folder := range folders {
		server, err := pgtest.Start(pgtest.Options{Binaries: folder})
		if err != nil {
			t.Fatal(err)
		}
		m := newMatrix(t, server)
		t.Run(fmt.Sprintf("PostgreSQL %d", m.major), m.run)
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	}
}

// matrix is one run of the table on one server.
type matrix struct {
	server     *pgtest.Server
	major      int
	rows       int
	agreed     int
	excepted   int
	statements time.Duration
}

func newMatrix(t *testing.T, server *pgtest.Server) *matrix {
	t.Helper()
	m := &matrix{server: server}
	admin := open(t, server, "postgres")
	defer admin.Close()
	if err := admin.QueryRow("SELECT current_setting('server_version_num')::int / 10000").Scan(&m.major); err != nil {
		t.Fatal(err)
	}
	execute(t, admin, "CREATE DATABASE base")
	base := open(t, server, "base")
	defer base.Close()
	execute(t, base, emptyBase(t))
	return m
}

// emptyBase is the table's schema without its rows.
func emptyBase(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../pgeffect/testdata/pg-locks-base.sql")
	if err != nil {
		t.Fatal(err)
	}
	var kept strings.Builder
	statement := ""
	for line := range strings.Lines(string(text)) {
		statement += line
		if !strings.HasSuffix(strings.TrimSpace(line), ";") {
			continue
		}
		if !strings.HasPrefix(statement, "INSERT ") {
			kept.WriteString(statement)
		}
		statement = ""
	}
	return kept.String()
}

func (m *matrix) run(t *testing.T) {
	rows := readRows(t, m.major)
	if len(rows) < 150 {
		t.Fatalf("%d rows were read of the table", len(rows))
	}
	started := time.Now()
	shared := m.database(t, "shared")
	tracer := m.tracer(t, shared)
	excused := exceptions(m.major)
	for _, r := range rows {
		var found map[aspect]string
		if r.alone() {
			found = m.alone(t, r)
		} else {
			found = m.inTransaction(t, tracer, r)
		}
		m.settle(t, r, found, excused)
	}
	if err := tracer.Close(t.Context()); err != nil {
		t.Error(err)
	}
	for _, left := range slices.Sorted(maps.Keys(excused)) {
		t.Errorf("%s is excused and agrees: take it off the list", left)
	}
	took := time.Since(started)
	t.Logf("PostgreSQL %d: %d rows, %d agree, %d with a listed exception; %.1f s in all, %.1f ms a row, of which %.1f ms in the statement",
		m.major, m.rows, m.agreed, m.excepted, took.Seconds(), ms(took)/float64(m.rows), ms(m.statements)/float64(m.rows))
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func (m *matrix) settle(t *testing.T, r row, found map[aspect]string, excused map[string]string) {
	t.Helper()
	m.rows++
	excepted := false
	for _, a := range slices.Sorted(maps.Keys(found)) {
		key := r.name + " " + string(a)
		if excused[key] != "" {
			excepted = true
			delete(excused, key)
			continue
		}
		t.Errorf("%s: %s: %s\n\t%s", r.name, a, found[a], r.statement)
	}
	switch {
	case excepted:
		m.excepted++
	case len(found) == 0:
		m.agreed++
	}
}

// aspect is what a row may disagree in.
type aspect string

const (
	outcome  aspect = "outcome"
	locks    aspect = "locks"
	rewrites aspect = "rewrites"
	scans    aspect = "scans"
)

// alone reports whether no transaction can hold the statement. The rows that
// show just that are named so.
func (r row) alone() bool {
	if strings.HasSuffix(r.name, "_in_tx") || strings.HasPrefix(r.statement, "REFRESH") {
		return false
	}
	first := strings.HasPrefix(r.statement, "VACUUM") || strings.HasPrefix(r.statement, "REINDEX SCHEMA") || strings.HasPrefix(r.statement, "ALTER SYSTEM")
	return first || strings.Contains(r.statement, "CONCURRENTLY")
}

// before is what a row's statement needs in its transaction.
func (r row) before() string {
	return map[string]string{
		"domain_validate":    "ALTER DOMAIN plainint ADD CONSTRAINT x CHECK (VALUE > 0) NOT VALID",
		"enum_add_value_use": "ALTER TYPE mood ADD VALUE 'c'",
		"validate_notnull":   "ALTER TABLE t ADD CONSTRAINT a_nn NOT NULL a NOT VALID",
	}[r.name]
}

func (m *matrix) inTransaction(t *testing.T, tracer *trace.Tracer, r row) map[aspect]string {
	t.Helper()
	if err := tracer.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	if needed := r.before(); needed != "" {
		if _, err := tracer.Statement(t.Context(), needed); err != nil {
			t.Fatalf("%s: %v", r.name, err)
		}
	}
	measured, failure := tracer.Statement(t.Context(), r.statement)
	if err := tracer.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.statements += measured.Took
	return r.compare(measured, failure)
}

func (m *matrix) alone(t *testing.T, r row) map[aspect]string {
	t.Helper()
	tracer := m.tracer(t, m.database(t, r.name))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	measured, failure := tracer.Alone(ctx, r.statement)
	if err := tracer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.statements += measured.Took
	return r.compare(measured, failure)
}

func (m *matrix) tracer(t *testing.T, db *sql.DB) *trace.Tracer {
	t.Helper()
	tracer, err := trace.New(t.Context(), db, trace.Options{Ignore: []string{"public.evlog"}})
	if err != nil {
		t.Fatal(err)
	}
	return tracer
}

func (m *matrix) database(t *testing.T, name string) *sql.DB {
	t.Helper()
	admin := open(t, m.server, "postgres")
	defer admin.Close()
	execute(t, admin, "CREATE DATABASE "+pq.QuoteIdentifier(name)+" TEMPLATE base")
	db := open(t, m.server, name)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// compare says in what the row and the measurement disagree.
func (r row) compare(measured trace.Measured, failure error) map[aspect]string {
	found := map[aspect]string{}
	if problem := r.compareOutcome(failure); problem != "" {
		return map[aspect]string{outcome: problem}
	}
	if failure != nil {
		return nil
	}
	note := func(a aspect, problem string) {
		if problem != "" {
			found[a] = problem
		}
	}
	note(locks, r.compareLocks(measured.Locks))
	indexes, names := map[string]bool{}, []string{}
	for _, w := range measured.Rewrites {
		indexes[w.Relation] = w.Kind == trace.Index
		names = append(names, w.Relation)
	}
	note(rewrites, r.rewrites.against(names, indexes))
	if r.alone() {
		return found // the table has no scans of what ran alone
	}
	names = nil
	for _, s := range measured.Scans {
		names = append(names, s.Relation)
	}
	note(scans, r.scans.against(names, nil))
	return found
}

func (r row) compareOutcome(failure error) string {
	var refused *pq.Error
	switch {
	case failure == nil && r.failure == "":
		return ""
	case failure == nil:
		return "succeeds, expected: " + r.failure
	case r.failure == "":
		return "fails: " + failure.Error()
	case !errors.As(failure, &refused) || !strings.Contains(refused.Message, strings.TrimPrefix(r.failure, "PRE: ")):
		return "fails by " + failure.Error() + ", expected: " + r.failure
	}
	return ""
}

// compareLocks takes the locks of a row that ran alone as the least that must
// be seen: the table has only what a poll happened to find.
func (r row) compareLocks(measured []trace.Lock) string {
	byMode, indexes := map[trace.Mode][]string{}, map[string]bool{}
	for _, l := range measured {
		byMode[l.Mode] = append(byMode[l.Mode], l.Relation)
		indexes[l.Relation] = l.Kind == trace.Index
	}
	var problems []string
	for _, mode := range trace.Modes() {
		names := byMode[mode]
		switch {
		case r.alone():
			names = r.atLeast(mode, measured)
		case mode == trace.AccessShare:
			names = slices.DeleteFunc(names, func(n string) bool { return indexes[n] && !slices.Contains(r.locks[mode].names, n) })
		}
		if problem := r.locks[mode].against(names, indexes); problem != "" {
			problems = append(problems, string(mode)+": "+problem)
		}
	}
	return strings.Join(problems, "; ")
}

func (r row) atLeast(mode trace.Mode, measured []trace.Lock) []string {
	var found []string
	for _, l := range measured {
		strongEnough := slices.Index(trace.Modes(), l.Mode) >= slices.Index(trace.Modes(), mode)
		if strongEnough && slices.Contains(r.locks[mode].names, l.Relation) {
			found = append(found, l.Relation)
		}
	}
	return found
}

func open(t *testing.T, server *pgtest.Server, database string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", server.URL(database))
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func execute(t *testing.T, db *sql.DB, query string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query); err != nil {
		t.Fatalf("%.60s: %v", query, err)
	}
}
