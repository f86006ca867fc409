package postgres

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/providers/database"
)

// books returns Lockstep's tables for a session, and which of them exist.
type books struct {
	database.Books
	schema   string // the current schema, where golang-migrate keeps its table
	versions bool
	history  bool
}

func findBooks(ctx context.Context, q rowQuerier, table string) (books, error) {
	var schema, backfills sql.NullString
	var b books
	var columns string
	err := q.QueryRowContext(ctx, `
		SELECT current_schema(),
		       to_regclass('lockstep.history') IS NOT NULL AND to_regclass('lockstep.statement_receipt') IS NOT NULL,
		       coalesce((SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, NULL), ', ' ORDER BY a.attname)
		                 FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		                 WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = $1), ''),
		       to_regclass('lockstep.backfill')::text`,
		table).Scan(&schema, &b.history, &columns, &backfills)
	switch {
	case err != nil:
		return b, fmt.Errorf("read the catalog: %w", err)
	case !schema.Valid:
		return b, errors.New("the search_path names no schema that exists; create it, or set search_path in the url")
	case columns != "" && columns != "dirty boolean, version bigint":
		return b, &database.OtherToolError{Table: schema.String + "." + table, Columns: columns, Wants: "dirty boolean, version bigint"}
	}
	b.schema, b.versions = schema.String, columns != ""
	b.Books = makeBooks(schema.String, table)
	b.Backfills = backfills.String
	if b.history {
		b.Create = nil
	}
	if !b.versions {
		b.Create = append(b.Create, `CREATE TABLE IF NOT EXISTS `+b.Versions+` (version bigint not null primary key, dirty boolean not null)`)
	}
	return b, nil
}

func makeBooks(schema, table string) database.Books {
	return database.Books{
		History:     `lockstep.history`,
		Statements:  `lockstep.statement_receipt`,
		Versions:    pq.QuoteIdentifier(schema) + "." + pq.QuoteIdentifier(table),
		Now:         `clock_timestamp()`,
		ReadTime:    `to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
		Placeholder: "$",
		Create: []string{
			`CREATE SCHEMA IF NOT EXISTS lockstep`,
			`CREATE TABLE IF NOT EXISTS lockstep.history (
				version bigint PRIMARY KEY, name text NOT NULL, up_digest text NOT NULL, down_digest text NOT NULL,
				down_sql text NOT NULL, phase text NOT NULL, class text NOT NULL, mode text NOT NULL,
				change_set text NOT NULL, run text NOT NULL, step text NOT NULL, plan_digest text NOT NULL,
				actor text NOT NULL, fresh boolean NOT NULL, applied_at timestamptz NOT NULL,
				duration_ms bigint NOT NULL, lock_wait_ms bigint NOT NULL, xid text NOT NULL,
				canonical_digest text NOT NULL DEFAULT '', queued_ms bigint NOT NULL DEFAULT 0, tries int NOT NULL DEFAULT 1, rows bigint)`,
			`CREATE TABLE IF NOT EXISTS lockstep.statement_receipt (
				version bigint, direction text, ordinal int, sql_digest text NOT NULL, run text NOT NULL, step text NOT NULL,
				started_at timestamptz NOT NULL, finished boolean NOT NULL, PRIMARY KEY (version, direction, ordinal))`,
		},
	}
}

// rowQuerier is a connection or a transaction.
type rowQuerier interface {
	database.Querier
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// readState reads everything in one snapshot that q holds.
func readState(ctx context.Context, q rowQuerier, table string) (database.State, error) {
	var state database.State
	b, err := findBooks(ctx, q, table)
	if err != nil {
		return state, err
	}
	if b.versions {
		if state.Version, state.Dirty, err = b.ReadVersion(ctx, q); err != nil {
			return state, err
		}
	}
	if b.history {
		if state.History, err = b.ReadHistory(ctx, q); err != nil {
			return state, err
		}
		if state.Statements, err = b.ReadStatements(ctx, q); err != nil {
			return state, err
		}
	}
	if len(state.History) == 0 {
		state.Fresh, err = isFresh(ctx, q, b.schema, table)
	}
	return state, err
}

// isFresh reports whether there is no user table, view, sequence or routine:
// none but Lockstep's and golang-migrate's, and what extensions brought.
func isFresh(ctx context.Context, q rowQuerier, schema, table string) (bool, error) {
	var used bool
	err := q.QueryRowContext(ctx, `
		SELECT EXISTS (
			SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
			  AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'lockstep'
			  AND NOT (n.nspname = $1 AND c.relname = $2)
			  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'))`,
		schema, table).Scan(&used)
	if err != nil {
		return false, fmt.Errorf("read the catalog: %w", err)
	}
	return !used, nil
}

// identify names the cluster and the database, so that another one behind the
// same address is noticed.
func identify(ctx context.Context, q rowQuerier) (string, error) {
	var identity string
	err := q.QueryRowContext(ctx, `
		SELECT format('system %s, database %s (%s)', (SELECT system_identifier FROM pg_control_system()), datname, oid)
		FROM pg_database WHERE datname = current_database()`).Scan(&identity)
	if err != nil {
		return "", fmt.Errorf("identify the database: %w", err)
	}
	return identity, nil
}

type informative struct {
	ServerVersion string `json:"server_version"`
	User          string `json:"user"`
	Standby       bool   `json:"standby,omitempty"`
	// LongestTransaction is the age of the oldest open transaction, in seconds.
	LongestTransaction float64 `json:"longest_transaction_s"`
	// Undone lists versions whose history another tool has overtaken.
	Undone []uint64 `json:"undone_by_another_tool,omitempty"`
}

func inform(ctx context.Context, q rowQuerier, state database.State) (json.RawMessage, error) {
	var in informative
	err := q.QueryRowContext(ctx, `
		SELECT current_setting('server_version'), current_user, pg_is_in_recovery(),
		       coalesce((SELECT extract(epoch FROM max(clock_timestamp() - xact_start)) FROM pg_stat_activity
		                 WHERE datname = current_database() AND pid <> pg_backend_pid()), 0)`).
		Scan(&in.ServerVersion, &in.User, &in.Standby, &in.LongestTransaction)
	if err != nil {
		return nil, fmt.Errorf("read the server's figures: %w", err)
	}
	for _, r := range state.History {
		if r.Version > state.Version {
			in.Undone = append(in.Undone, r.Version)
		}
	}
	return json.Marshal(in)
}
