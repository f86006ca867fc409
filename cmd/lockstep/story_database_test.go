package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	_ "github.com/lib/pq" // the stories' own connection
	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite" // the stories' own connection
)

type storyTest struct{}

// postgres NAME [SCHEME]: set a variable to the URL of an empty PostgreSQL
// database, for another driver's scheme when one is given.
func postgres(ts *testscript.TestScript, _ bool, args []string) {
	address := cluster.Database(ts.Value(storyTest{}).(testing.TB))
	if len(args) == 2 {
		address = args[1] + strings.TrimPrefix(address, "postgres")
	}
	ts.Setenv(args[0], address)
}

// pooler NAME MODE URL: set a variable to the URL of a database behind a
// PgBouncer of that pool_mode. Without PgBouncer the story is skipped.
func pooler(ts *testscript.TestScript, _ bool, args []string) {
	u, err := url.Parse(args[2])
	ts.Check(err)
	ts.Setenv(args[0], cluster.Pooler(ts.Value(storyTest{}).(testing.TB), args[1]).URL(strings.TrimPrefix(u.Path, "/")))
}

// sql URL STATEMENT [REGEXP]: run a statement; the first column of its first
// row must match.
func query(ts *testscript.TestScript, _ bool, args []string) {
	db := connect(ts, args[0])
	defer db.Close()
	if len(args) == 2 {
		_, err := db.ExecContext(context.Background(), args[1])
		ts.Check(err)
		return
	}
	var found any
	ts.Check(db.QueryRowContext(context.Background(), args[1]).Scan(&found))
	if raw, ok := found.([]byte); ok {
		found = string(raw)
	}
	if text := fmt.Sprint(found); !regexp.MustCompile(args[2]).MatchString(text) {
		ts.Fatalf("found %s, expected %s", text, args[2])
	}
}

// occupy URL TABLE: hold a lock on a table, as a forgotten session would,
// until the script calls "occupy URL".
func occupy(ts *testscript.TestScript, _ bool, args []string) {
	held := ts.Value(storyJobs{}).(jobs)
	if len(args) == 1 {
		held["occupy"].release()
		return
	}
	db := connect(ts, args[0])
	tx, err := db.BeginTx(context.Background(), nil)
	ts.Check(err)
	_, err = tx.ExecContext(context.Background(), "LOCK TABLE "+args[1]+" IN ACCESS SHARE MODE")
	ts.Check(err)
	held["occupy"] = &job{release: func() { _, _ = tx.Rollback(), db.Close() }}
	ts.Defer(held["occupy"].release)
}

func connect(ts *testscript.TestScript, address string) *sql.DB {
	driver := "postgres"
	if file, ok := strings.CutPrefix(address, "sqlite://"); ok {
		driver, address = "sqlite", "file:"+(&url.URL{Path: ts.MkAbs(file)}).EscapedPath()
	}
	if dsn, ok := strings.CutPrefix(address, "mysql://"); ok {
		driver, address = "mysql", dsn
	}
	if rest, ok := strings.CutPrefix(address, "redshift://"); ok {
		address = "postgres://" + rest
	}
	db, err := sql.Open(driver, address)
	ts.Check(err)
	return db
}
