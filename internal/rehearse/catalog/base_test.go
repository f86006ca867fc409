package catalog_test

import (
	"database/sql"
	_ "embed"
	"testing"
)

//go:embed testdata/base.sql
var base string

// withBase is a database that has one of everything, with rows.
func withBase(t testing.TB) *sql.DB {
	t.Helper()
	db := connect(t)
	run(t, db, base)
	return db
}
