package other

import (
	"slices"

	"github.com/golang-migrate/migrate/v4/database"

	// Drivers that need little more than lib/pq. Others are built in by
	// make build DRIVERS=..., which leaves go.mod alone.
	_ "github.com/golang-migrate/migrate/v4/database/cockroachdb"
	_ "github.com/golang-migrate/migrate/v4/database/redshift"
)

// own are schemes for which Lockstep has drivers that promise more, and
// golang-migrate's other names for them.
func own(scheme string) bool {
	return slices.Contains([]string{"postgres", "postgresql", "sqlite", "mysql", "stub"}, scheme)
}

// Linked lists the drivers in this build by URL scheme, in order.
func Linked() []string {
	list := slices.DeleteFunc(database.List(), own)
	slices.Sort(list)
	return list
}

// Package is the folder of golang-migrate's driver for a URL scheme, for a
// build that has it; "" when golang-migrate has none.
func Package(scheme string) string {
	return map[string]string{
		"cassandra": "cassandra", "clickhouse": "clickhouse", "cockroach": "cockroachdb", "cockroachdb": "cockroachdb",
		"crdb-postgres": "cockroachdb", "firebird": "firebird", "firebirdsql": "firebird", "mongodb": "mongodb",
		"mongodb+srv": "mongodb", "neo4j": "neo4j", "pgx": "pgx", "pgx4": "pgx", "pgx5": "pgx/v5", "ql": "ql",
		"redshift": "redshift", "rqlite": "rqlite", "snowflake": "snowflake", "spanner": "spanner", "sqlcipher": "sqlcipher",
		"sqlite3": "sqlite3", "sqlserver": "sqlserver", "yugabyte": "yugabytedb", "yugabytedb": "yugabytedb", "ysql": "yugabytedb",
	}[scheme]
}
