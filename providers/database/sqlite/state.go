package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/lockstep-dev/lockstep/providers/database"
)

// books returns Lockstep's tables. The version table has golang-migrate's
// shape, so that its own tool reads it.
func books(table string) database.Books {
	quoted := quote(table)
	return database.Books{
		History:     `lockstep_history`,
		Statements:  `lockstep_statement_receipt`,
		Backfills:   `lockstep_backfill`,
		Versions:    quoted,
		Now:         `strftime('%Y-%m-%dT%H:%M:%fZ', 'now')`,
		ReadTime:    `applied_at`,
		Placeholder: "?",
		Create: []string{
			`CREATE TABLE IF NOT EXISTS lockstep_history (
				version INTEGER PRIMARY KEY, name TEXT NOT NULL, up_digest TEXT NOT NULL, down_digest TEXT NOT NULL,
				down_sql TEXT NOT NULL, phase TEXT NOT NULL, class TEXT NOT NULL, mode TEXT NOT NULL,
				change_set TEXT NOT NULL, run TEXT NOT NULL, step TEXT NOT NULL, plan_digest TEXT NOT NULL,
				actor TEXT NOT NULL, fresh BOOLEAN NOT NULL, applied_at TEXT NOT NULL,
				duration_ms INTEGER NOT NULL, lock_wait_ms INTEGER NOT NULL, xid TEXT NOT NULL,
				canonical_digest TEXT NOT NULL DEFAULT '', queued_ms INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 1, rows INTEGER)`,
			`CREATE TABLE IF NOT EXISTS lockstep_statement_receipt (
				version INTEGER, direction TEXT, ordinal INTEGER, sql_digest TEXT NOT NULL, run TEXT NOT NULL, step TEXT NOT NULL,
				started_at TEXT NOT NULL, finished BOOLEAN NOT NULL, PRIMARY KEY (version, direction, ordinal))`,
			createCursors,
			`CREATE TABLE IF NOT EXISTS lockstep_meta (id TEXT PRIMARY KEY)`,
			`INSERT INTO lockstep_meta (id) SELECT lower(hex(randomblob(16))) WHERE NOT EXISTS (SELECT 1 FROM lockstep_meta)`,
			`CREATE TABLE IF NOT EXISTS ` + quoted + ` (version uint64,dirty bool)`,
			`CREATE UNIQUE INDEX IF NOT EXISTS version_unique ON ` + quoted + ` (version)`,
		},
	}
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// rowQuerier is a connection or a transaction.
type rowQuerier interface {
	database.Querier
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// snapshot reads everything in one transaction.
func snapshot(ctx context.Context, c *connection, file, table string) (database.State, error) {
	tx, err := c.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return database.State{}, fmt.Errorf("read the database: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it wrote nothing
	state, err := readState(ctx, tx, table)
	if err != nil {
		return database.State{}, err
	}
	if state.Identity, err = identify(ctx, tx, file); err != nil {
		return database.State{}, err
	}
	state.Informative, err = inform(ctx, tx)
	return state, err
}

func readState(ctx context.Context, q rowQuerier, table string) (database.State, error) {
	var state database.State
	b := books(table)
	columns, err := columnsOf(ctx, q, table)
	if err != nil {
		return state, err
	}
	if columns != "" && columns != "dirty,version" {
		return state, &database.OtherToolError{Table: table, Columns: columns, Wants: "dirty,version"}
	}
	if columns != "" {
		if state.Version, state.Dirty, err = b.ReadVersion(ctx, q); err != nil {
			return state, err
		}
	}
	history, err := columnsOf(ctx, q, b.History)
	if err != nil {
		return state, err
	}
	if history != "" {
		if state.History, err = b.ReadHistory(ctx, q); err != nil {
			return state, err
		}
		if state.Statements, err = b.ReadStatements(ctx, q); err != nil {
			return state, err
		}
	}
	if len(state.History) == 0 {
		state.Fresh, err = isFresh(ctx, q, table)
	}
	return state, err
}

// columnsOf returns a table's columns by name, or "" when there is none.
func columnsOf(ctx context.Context, q rowQuerier, table string) (string, error) {
	var columns string
	err := q.QueryRowContext(ctx, `SELECT coalesce((SELECT group_concat(name) FROM (SELECT name FROM pragma_table_info(?1) ORDER BY name)), '')`, table).Scan(&columns)
	if err != nil {
		return "", fmt.Errorf("read the catalog: %w", err)
	}
	return columns, nil
}

func isFresh(ctx context.Context, q rowQuerier, table string) (bool, error) {
	var used bool
	err := q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type IN ('table', 'view')
		AND name NOT LIKE 'sqlite\_%' ESCAPE '\' AND name NOT LIKE 'lockstep\_%' ESCAPE '\' AND name <> ?1)`, table).Scan(&used)
	if err != nil {
		return false, fmt.Errorf("read the catalog: %w", err)
	}
	return !used, nil
}

// identify uses a random id inside of the file: a path differs between two
// checkouts of the same project.
func identify(ctx context.Context, q rowQuerier, file string) (string, error) {
	columns, err := columnsOf(ctx, q, "lockstep_meta")
	if err != nil {
		return "", err
	}
	if columns == "" {
		return newFile(file), nil
	}
	var id string
	err = q.QueryRowContext(ctx, `SELECT id FROM lockstep_meta`).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return newFile(file), nil
	}
	if err != nil {
		return "", fmt.Errorf("identify the database: %w", err)
	}
	return "file " + id, nil
}

func inform(ctx context.Context, q rowQuerier) (json.RawMessage, error) {
	var in struct {
		Version   string `json:"sqlite_version"`
		SizeBytes int64  `json:"size_bytes,string"`
	}
	err := q.QueryRowContext(ctx, `SELECT sqlite_version(), (SELECT page_count FROM pragma_page_count()) * (SELECT page_size FROM pragma_page_size())`).
		Scan(&in.Version, &in.SizeBytes)
	if err != nil {
		return nil, fmt.Errorf("read the figures: %w", err)
	}
	return json.Marshal(in)
}
