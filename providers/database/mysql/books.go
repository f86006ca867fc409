package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/lockstep-dev/lockstep/providers/database"
)

// books returns Lockstep's tables, and which of them exist.
type books struct {
	database.Books
	versions, history bool
}

func findBooks(ctx context.Context, q rowQuerier, table string) (books, error) {
	var b books
	var columns, engine sql.NullString
	var history int
	err := q.QueryRowContext(ctx, `
		SELECT (SELECT GROUP_CONCAT(column_name, ' ', data_type ORDER BY column_name SEPARATOR ', ')
		        FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?),
		       (SELECT engine FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?),
		       (SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()
		        AND table_name IN ('lockstep_history', 'lockstep_statement_receipt'))`, table, table).
		Scan(&columns, &engine, &history)
	switch {
	case err != nil:
		return b, fmt.Errorf("read the catalog: %w", err)
	case columns.Valid && !strings.EqualFold(columns.String, "dirty tinyint, version bigint"):
		return b, &database.OtherToolError{Table: table, Columns: columns.String, Wants: "dirty tinyint, version bigint"}
	case columns.Valid && !strings.EqualFold(engine.String, "InnoDB"):
		return b, fmt.Errorf("table %s is kept by engine %s, which has no transactions: a version and its receipt could part; run ALTER TABLE %s ENGINE=InnoDB", table, engine.String, quote(table))
	}
	b.versions, b.history = columns.Valid, history == 2
	b.Books = makeBooks(table)
	if b.versions && b.history {
		b.Create = nil
	}
	return b, nil
}

// makeBooks: golang-migrate's own words make the version table; it names no
// engine, which is the one thing that must not be left to a server's default.
func makeBooks(table string) database.Books {
	const options = ` ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`
	return database.Books{
		History:     "`lockstep_history`",
		Statements:  "`lockstep_statement_receipt`",
		Versions:    quote(table),
		Now:         `UTC_TIMESTAMP(6)`,
		ReadTime:    `DATE_FORMAT(applied_at, '%Y-%m-%dT%H:%i:%s.%fZ')`,
		WriteTime:   `REPLACE(REPLACE($2, 'T', ' '), 'Z', '')`,
		Placeholder: "$",
		Create: []string{
			"CREATE TABLE IF NOT EXISTS `lockstep_statement_receipt` (" +
				"version bigint NOT NULL, direction varchar(8) NOT NULL, ordinal int NOT NULL, sql_digest varchar(80) NOT NULL, " +
				"run varchar(255) NOT NULL, step text NOT NULL, started_at datetime(6) NOT NULL, finished boolean NOT NULL, " +
				"PRIMARY KEY (version, direction, ordinal))" + options,
			"CREATE TABLE IF NOT EXISTS `lockstep_history` (" +
				"version bigint NOT NULL PRIMARY KEY, name text NOT NULL, up_digest varchar(80) NOT NULL, down_digest varchar(80) NOT NULL, " +
				"down_sql longtext NOT NULL, phase varchar(16) NOT NULL, class varchar(16) NOT NULL, mode varchar(16) NOT NULL, " +
				"change_set text NOT NULL, run varchar(255) NOT NULL, step text NOT NULL, plan_digest varchar(80) NOT NULL, " +
				"actor text NOT NULL, fresh boolean NOT NULL, applied_at datetime(6) NOT NULL, " +
				"duration_ms bigint NOT NULL, lock_wait_ms bigint NOT NULL, xid varchar(64) NOT NULL, " +
				"canonical_digest varchar(80) NOT NULL DEFAULT '', queued_ms bigint NOT NULL DEFAULT 0, tries int NOT NULL DEFAULT 1, `rows` bigint)" + options,
			"CREATE TABLE IF NOT EXISTS " + quote(table) + " (version bigint not null primary key, dirty boolean not null) ENGINE=InnoDB",
		},
	}
}

func quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// positional turns the books' numbered parameters into MySQL's, which go by
// place alone, and quotes the column whose name is a reserved word here.
type positional struct{ database.Querier }

func (p positional) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	query, args = byPlace(query, args)
	return p.Querier.ExecContext(ctx, query, args...)
}

func (p positional) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	query, args = byPlace(query, args)
	return p.Querier.QueryContext(ctx, query, args...)
}

var numbered, reserved = regexp.MustCompile(`\$([0-9]+)`), regexp.MustCompile(`([\s,(])(rows)([\s,)]|$)`)

func byPlace(query string, args []any) (string, []any) {
	var placed []any
	query = numbered.ReplaceAllStringFunc(query, func(parameter string) string {
		if n, err := strconv.Atoi(parameter[1:]); err == nil && n >= 1 && n <= len(args) {
			placed = append(placed, args[n-1])
		}
		return "?"
	})
	return reserved.ReplaceAllString(query, "$1`$2`$3"), placed
}
