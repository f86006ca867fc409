package server

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
)

// targets is the PostgreSQL that stands for targets.
var targets = pgtest.NewCluster(pgtest.Options{})

// childVariable makes this test program a process that starts a server in the
// folder that the variable names, says so, and waits for its end.
const childVariable = "LOCKSTEP_TEST_SCRATCH_CHILD"

func TestMain(m *testing.M) {
	if place := os.Getenv(childVariable); place != "" {
		os.Exit(child(place))
	}
	code := targets.Main(m)
	if cache, err := sharedCache(); err != nil || os.RemoveAll(cache) != nil {
		code = 1
	}
	os.Exit(code)
}

func child(place string) int {
	ctx := context.Background()
	found, err := Find(ctx, Wanted{})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	s, err := Start(ctx, Options{Binaries: found, Place: place, Cache: place + "/cache"})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("started", s.Version())
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := s.Close(); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// newPlace is a folder that the account of a server may pass through, which
// t.TempDir is not.
func newPlace(t testing.TB) string {
	t.Helper()
	place, err := os.MkdirTemp(defaultPlace(nil), "lockstep-place-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(place); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(place, 0o755); err != nil {
		t.Fatal(err)
	}
	return place
}

func found(t testing.TB) Binaries {
	t.Helper()
	if os.Getenv(pgtest.SkipVariable) != "" {
		t.Skip(pgtest.SkipVariable + " is set")
	}
	b, err := Find(t.Context(), Wanted{})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// start runs a server for one test.
func start(t testing.TB, o Options) *Server {
	t.Helper()
	if o.Place == "" {
		o.Place = newPlace(t)
	}
	if o.Cache == "" {
		cache, err := sharedCache()
		if err != nil {
			t.Fatal(err)
		}
		o.Cache = cache
	}
	if o.Binaries.Folder == "" {
		o.Binaries = found(t)
	}
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// sharedCache makes most tests start as users do the second time.
var sharedCache = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "lockstep-scratch-cache-") })

func database(t testing.TB, s *Server, l Locale) *Database {
	t.Helper()
	d, err := s.Database(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func run(t testing.TB, url string, statements ...string) {
	t.Helper()
	db := open(t, url)
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func ask(t testing.TB, url, query string, args ...any) string {
	t.Helper()
	var answers []string
	db := open(t, url)
	defer db.Close() // a database that is cloned has no other sessions
	rows, err := db.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var answer string
		if err := rows.Scan(&answer); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, answer)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(answers, "\n")
}

func open(t testing.TB, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
