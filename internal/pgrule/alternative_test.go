package pgrule

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"os"
	"testing"

	_ "github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/internal/pgtest"
)

// cluster is the server of all tests of this package.
var cluster = pgtest.NewCluster(pgtest.Options{})

func TestMain(m *testing.M) { os.Exit(cluster.Main(m)) }

// ground is what an alternative stands on, besides the table t with the column
// c and a row, and other_table.
type ground struct {
	names  Names
	before string         // runs first
	amid   map[int]string // runs before the statement of this number, as the comments say
	// together: the statements are one file, so that they share a transaction.
	together bool
	since    int // the first major version that has the statement; 0 if all have
}

// grounds names those that need more than the index, constraint or column n.
func grounds() map[string]ground {
	const (
		added      = "x" // a column that is not there yet
		index      = "CREATE INDEX n ON t (c)"
		constraint = "ALTER TABLE t ADD CONSTRAINT n CHECK (c > 0)"
		function   = "CREATE FUNCTION n() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'"
		enum       = "CREATE TYPE mood AS ENUM ('old_value'); ALTER TABLE t DROP c, ADD c mood"
		text       = "ALTER TABLE t ALTER c TYPE text"
		varchar    = "ALTER TABLE t ALTER c TYPE varchar(10)"
		parts      = "DROP TABLE t; CREATE TABLE t (id bigint NOT NULL, c int NOT NULL) PARTITION BY RANGE (c); " +
			"CREATE TABLE partition_table PARTITION OF t FOR VALUES FROM (0) TO (100)"
		partition = parts + "; CREATE TABLE n PARTITION OF t FOR VALUES FROM (100) TO (200)"
	)
	column := ground{names: Names{Column: added}}
	return map[string]ground{
		"add-column-volatile-default":     {names: Names{Column: added, Type: "uuid", Default: "gen_random_uuid()"}},
		"add-column-serial":               column,
		"add-column-identity":             {names: Names{Column: added}, amid: map[int]string{1: "UPDATE t SET x = id; ALTER TABLE t ALTER x SET NOT NULL"}},
		"add-column-generated-stored":     column,
		"add-column-not-null-no-default":  {names: Names{Column: added}, amid: map[int]string{1: "UPDATE t SET x = 1"}},
		"add-column-domain-check":         column,
		"add-column-inline-check":         column,
		"add-column-inline-unique":        column,
		"add-column-inline-fk":            column,
		"add-column-inline-fk-default":    column,
		"alter-type-noop":                 {names: Names{Type: "text"}, before: varchar},
		"timestamp-to-timestamptz":        {before: "ALTER TABLE t DROP c, ADD c timestamp", together: true},
		"alter-type-index-rebuild":        {names: Names{Type: `text COLLATE "POSIX"`}, before: text + "; " + index},
		"alter-type-check-rescan":         {names: Names{Type: "text"}, before: varchar + "; ALTER TABLE t ADD CONSTRAINT n CHECK (c <> '')"},
		"alter-type-view-dependency":      {names: Names{Type: "text"}, before: varchar + "; CREATE VIEW n AS SELECT c FROM t", together: true},
		"add-exclusion":                   {before: "ALTER TABLE t DROP c, ADD c int4range"},
		"add-primary-key":                 {before: "ALTER TABLE t DROP CONSTRAINT t_pkey, ALTER c SET NOT NULL"},
		"drop-foreign-key":                {before: "ALTER TABLE t ADD CONSTRAINT n FOREIGN KEY (c) REFERENCES other_table", together: true},
		"create-index-partitioned":        {before: parts},
		"drop-index":                      {before: index},
		"reindex":                         {names: Names{Type: "INDEX"}, before: index},
		"domain-add-check":                {names: Names{Type: "positive"}, before: "CREATE DOMAIN positive AS int; ALTER TABLE t ADD d positive"},
		"create-table-with-fk":            {names: Names{Table: "made", Column: added}},
		"create-partition-of":             {before: parts},
		"attach-partition":                {before: parts + "; CREATE TABLE n (id bigint NOT NULL, c int NOT NULL)"},
		"detach-partition":                {before: partition, since: 14},
		"drop-partition":                  {before: partition, since: 14},
		"transaction-control":             column,
		"uncommitted-transaction":         column,
		"new-enum-value":                  {names: Names{Type: "mood"}, before: enum},
		"unreadable-statement":            column,
		"multiple-alter-table":            column,
		"enum-add-value-order":            {names: Names{Type: "mood", Other: "'old_value'"}, before: enum},
		"rename-type":                     {names: Names{Type: "mood", Other: "'old_value'"}, before: enum},
		"drop-cascade":                    {names: Names{Type: "place"}, before: "CREATE TYPE place AS (a int)"},
		"schema-and-rows-one-transaction": column,
		"refresh-matview":                 {before: "CREATE MATERIALIZED VIEW n AS SELECT id FROM t; CREATE UNIQUE INDEX ON n (id)"},
		"replica-identity":                {before: "CREATE UNIQUE INDEX n ON t (id)"},
		"publish-without-identity":        {before: "CREATE UNIQUE INDEX n ON t (id)"},
		"search-path-maintenance":         {names: Names{Other: "public"}, before: function},
		"rename":                          {together: true},
		"truncate":                        {together: true},
		"validate-constraint":             {before: constraint + " NOT VALID"},
		"add-column-json":                 column,
		"server-access":                   {before: "ALTER TABLE t DROP id"},
		"copy-program":                    {before: "ALTER TABLE t DROP id"},
		"copy-stdin":                      {before: "ALTER TABLE t DROP id"},
		"security-definer":                {names: Names{Other: "public"}, before: function},
		"write-catalog":                   {},
		"duplicate-column":                column,
		"change-role":                     {},
		"prefer-type":                     {names: Names{Table: "made", Column: added}},
	}
}

// TestAlternativesRun: a server carries out every alternative, and none of its
// statements keeps writers out of a table while that is read or written whole.
func TestAlternativesRun(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("postgres", cluster.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var version int
	if err := db.QueryRowContext(t.Context(), "SELECT current_setting('server_version_num')::int / 10000").Scan(&version); err != nil {
		t.Fatal(err)
	}
	all := grounds()
	for _, r := range All() {
		if all[r.Code].since > version {
			delete(all, r.Code)
			continue
		}
		if err := carryOut(t.Context(), db, r, all[r.Code]); err != nil {
			t.Errorf("%s: %v", r.Code, err)
		}
		delete(all, r.Code)
	}
	for code := range all {
		t.Errorf("there is ground for %s, which is no rule", code)
	}
}

// TestWatchSees proves that the test of alternatives can fail.
func TestWatchSees(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("postgres", cluster.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for i, bad := range []string{
		"CREATE INDEX {name} ON {table} ({column});",
		"ALTER TABLE {table} ALTER COLUMN {column} TYPE bigint;",
		"ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL;",
		"ALTER TABLE {table} ADD FOREIGN KEY ({column}) REFERENCES other_table;",
	} {
		if err := carryOut(t.Context(), db, Rule{Code: fmt.Sprintf("bad-%d", i), Instead: bad}, ground{}); err == nil {
			t.Errorf("nothing is wrong with %s", bad)
		}
	}
}

func carryOut(ctx context.Context, db *sql.DB, r Rule, g ground) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer func() { _, _ = conn.ExecContext(ctx, "ROLLBACK") }() // of what failed, if anything did
	schema := fmt.Sprintf("%q", r.Code)
	before := "CREATE SCHEMA " + schema + "; SET search_path = " + schema + "; CREATE TABLE other_table (id bigint PRIMARY KEY); INSERT INTO other_table VALUES (1); " +
		"CREATE TABLE t (id bigint PRIMARY KEY, c int); INSERT INTO t VALUES (1, 1); " + g.before
	if _, err := conn.ExecContext(ctx, before); err != nil {
		return fmt.Errorf("%w in %s", err, before)
	}
	names := g.names
	names.Table, names.Column, names.Name, names.Type = cmp.Or(names.Table, "t"), cmp.Or(names.Column, "c"), cmp.Or(names.Name, "n"), cmp.Or(names.Type, "bigint")
	names.Other, names.Statement = cmp.Or(names.Other, "other_table"), cmp.Or(names.Statement, "SELECT 1")
	names.Definition, names.Default = cmp.Or(names.Definition, definitionFor(r.Code, names.Column)), cmp.Or(names.Default, defaultFor(r.Code))
	statements, err := pgsyntax.Read([]byte(r.Fill(names)))
	if err != nil {
		return err
	}
	w := watch{conn: conn}
	if w.old, err = w.tables(ctx); err != nil {
		return err
	}
	for i, s := range statements {
		if _, err := conn.ExecContext(ctx, g.amid[i]); err != nil {
			return fmt.Errorf("%w in %s", err, g.amid[i])
		}
		w.outside, w.open = s.OutsideTransaction(), g.together && i > 0
		if err := w.run(ctx, s.Text); err != nil {
			return fmt.Errorf("%w in %s", err, s.Text)
		}
		if last := i == len(statements)-1; !w.outside && (last || !g.together) {
			if _, err := conn.ExecContext(ctx, "COMMIT"); err != nil {
				return err
			}
		}
	}
	return nil
}

// watch runs statements and looks at what they did to tables.
type watch struct {
	conn    *sql.Conn
	outside bool            // the statement refuses to run in a transaction
	open    bool            // one is open
	old     map[int64]table // what others may know of
}

// table is what is known of one that was there before a statement.
type table struct {
	name        string
	file, scans int64
}

func (w watch) run(ctx context.Context, statement string) error {
	if w.outside {
		_, err := w.conn.ExecContext(ctx, statement)
		return err
	}
	if !w.open {
		statement = "BEGIN; " + statement
	}
	// The transaction's own numbers of scans begin with it, so that the first
	// look is outside of it and the second inside.
	before, err := w.tables(ctx)
	if err != nil {
		return err
	}
	if _, err := w.conn.ExecContext(ctx, statement); err != nil {
		return err
	}
	after, err := w.tables(ctx)
	if err != nil {
		return err
	}
	blocked, err := w.blocked(ctx)
	if err != nil {
		return err
	}
	for oid := range w.old {
		b, was := before[oid]
		a, is := after[oid]
		if was && is && blocked[oid] && (a.file != b.file || a.scans > b.scans) {
			return fmt.Errorf("writers of %s wait while it is read or written whole", b.name)
		}
	}
	return nil
}

func (w watch) tables(ctx context.Context) (map[int64]table, error) {
	rows, err := w.conn.QueryContext(ctx, `SELECT oid, relname, pg_relation_filenode(oid), pg_stat_get_xact_numscans(oid)
		FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'm')`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[int64]table{}
	for rows.Next() {
		var oid int64
		var one table
		if err := rows.Scan(&oid, &one.name, &one.file, &one.scans); err != nil {
			return nil, err
		}
		all[oid] = one
	}
	return all, rows.Err()
}

// blocked lists relations that nobody else can write to now. Without EXCLUSIVE:
// it is taken on materialized views, which nobody writes to.
func (w watch) blocked(ctx context.Context) (map[int64]bool, error) {
	rows, err := w.conn.QueryContext(ctx, `SELECT relation FROM pg_locks WHERE pid = pg_backend_pid() AND relation IS NOT NULL AND granted
		AND mode IN ('ShareLock', 'ShareRowExclusiveLock', 'AccessExclusiveLock')`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[int64]bool{}
	for rows.Next() {
		var oid int64
		if err := rows.Scan(&oid); err != nil {
			return nil, err
		}
		all[oid] = true
	}
	return all, rows.Err()
}
