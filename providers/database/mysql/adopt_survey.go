package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/adopt"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// ImplicitCommit: every change of the catalog commits what was before it.
func (kind) ImplicitCommit() {}

// SurveyTools looks in the current database for tables that a migration tool
// may keep.
func (kind) SurveyTools(ctx context.Context, target database.Target) (_ database.ToolSurvey, err error) {
	c, err := connect(ctx, target.URL, "lockstep")
	if err != nil {
		return database.ToolSurvey{}, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	tx, err := c.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return database.ToolSurvey{}, fmt.Errorf("read the database: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it wrote nothing
	out, err := survey(ctx, tx, target)
	if err != nil || !out.State.Dirty {
		return out, err
	}
	out.Migrating, err = c.migrating(ctx, target.Table)
	return out, err
}

// migrating names who holds golang-migrate's lock; empty when nobody does.
func (c *connection) migrating(ctx context.Context, table string) (string, error) {
	var server string
	if err := c.QueryRowContext(ctx, `SELECT COALESCE(DATABASE(), '')`).Scan(&server); err != nil {
		return "", fmt.Errorf("look who migrates: %w", err)
	}
	for _, name := range []string{c.config.DBName, server} {
		key, err := lockName(name, table)
		if err != nil {
			return "", err
		}
		var held bool
		if err := c.QueryRowContext(ctx, `SELECT IS_USED_LOCK(?) IS NOT NULL`, key).Scan(&held); err != nil {
			return "", fmt.Errorf("look who migrates: %w", err)
		}
		if held {
			return (&session{guard: c}).holder(ctx, key), nil
		}
	}
	return "", nil
}

func survey(ctx context.Context, tx *sql.Tx, target database.Target) (database.ToolSurvey, error) {
	var out database.ToolSurvey
	all, err := database.ReadTables(ctx, tx, allTables)
	if err != nil {
		return out, err
	}
	names := append(adopt.Names(), strings.ToLower(target.Table))
	for _, t := range all {
		if !slices.Contains(names, strings.ToLower(t.Name)) && !adopt.Marked(t) {
			continue
		}
		if adopt.Readable(t) {
			if t.Rows, err = readTable(ctx, tx, t); err != nil {
				return out, fmt.Errorf("read table %s: %w", t, err)
			}
		}
		if strings.EqualFold(t.Name, target.Table) {
			_, err := findBooks(ctx, tx, target.Table)
			if _, out.Foreign = errors.AsType[*database.OtherToolError](err); err != nil && !out.Foreign {
				return out, err
			}
		}
		out.Tables = append(out.Tables, t)
	}
	if out.Foreign {
		return out, nil
	}
	out.State, err = readState(ctx, tx, target.Table)
	return out, err
}

const allTables = `SELECT table_name, column_name, column_type FROM information_schema.columns
		WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position`

// readTable reads every column as text, times in UTC.
func readTable(ctx context.Context, q rowQuerier, t adopt.Table) ([]adopt.Row, error) {
	columns := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = "CAST(" + quote(c.Name) + " AS CHAR)"
		if strings.HasPrefix(c.Type, "timestamp") || strings.HasPrefix(c.Type, "datetime") {
			columns[i] = "CAST(CONVERT_TZ(" + quote(c.Name) + ", @@session.time_zone, '+00:00') AS CHAR)"
		}
	}
	query := `SELECT ` + strings.Join(columns, ", ") + ` FROM ` + quote(t.Name)
	rows, err := q.QueryContext(ctx, query+database.OrderByAll(t.Columns)) //nolint:rowserrcheck // TextRows asks for it
	if err != nil {
		return nil, err
	}
	return database.TextRows(rows, t.Columns)
}
