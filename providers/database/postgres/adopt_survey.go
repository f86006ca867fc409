package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/adopt"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// SurveyTools looks in the current schema, and in those that tools make for
// themselves, for tables that a migration tool may keep.
func (driver) SurveyTools(ctx context.Context, target database.Target) (_ database.ToolSurvey, err error) {
	c, err := connect(ctx, target.URL, observing)
	if err != nil {
		return database.ToolSurvey{}, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	tx, err := c.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return database.ToolSurvey{}, fmt.Errorf("read the database: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it wrote nothing
	return survey(ctx, tx, target)
}

func survey(ctx context.Context, tx *sql.Tx, target database.Target) (database.ToolSurvey, error) {
	tables, err := candidates(ctx, tx, target.Table)
	if err != nil {
		return database.ToolSurvey{}, err
	}
	out := database.ToolSurvey{Tables: tables}
	for i, t := range tables {
		if !adopt.Readable(t) {
			continue
		}
		if tables[i].Rows, err = readTable(ctx, tx, t); err != nil {
			return out, fmt.Errorf("read table %s: %w", t, err)
		}
	}
	schema, err := currentSchema(ctx, tx)
	if err != nil {
		return out, err
	}
	out.Foreign = slices.ContainsFunc(tables, func(t adopt.Table) bool {
		return t.Schema == schema && t.Name == target.Table && !isVersionTable(t)
	})
	if out.Foreign {
		return out, nil
	}
	if out.State, err = readState(ctx, tx, target.Table); err != nil {
		return out, err
	}
	out.Migrating, err = whoMigrates(ctx, tx, target.Table, out.State)
	return out, err
}

// whoMigrates names who holds golang-migrate's lock while the version is
// dirty; empty when nobody does.
func whoMigrates(ctx context.Context, q rowQuerier, table string, state database.State) (string, error) {
	if !state.Dirty {
		return "", nil
	}
	var name, schema string
	var held sql.NullString
	err := q.QueryRowContext(ctx, `SELECT current_database(), coalesce(current_schema(), '')`).Scan(&name, &schema)
	if err == nil {
		err = q.QueryRowContext(ctx, holderQuery, pq.Array(lockKeys(name, schema, table))).Scan(&held)
	}
	if err != nil {
		return "", fmt.Errorf("look who migrates: %w", err)
	}
	return held.String, nil
}

func currentSchema(ctx context.Context, q rowQuerier) (string, error) {
	var schema sql.NullString
	if err := q.QueryRowContext(ctx, `SELECT current_schema()`).Scan(&schema); err != nil {
		return "", fmt.Errorf("read the catalog: %w", err)
	}
	return schema.String, nil
}

func isVersionTable(t adopt.Table) bool {
	return len(t.Columns) == 2 && slices.Contains(t.Columns, adopt.Column{Name: "version", Type: "bigint"}) &&
		slices.Contains(t.Columns, adopt.Column{Name: "dirty", Type: "boolean"})
}

// candidates finds tables by name and by the sets of columns that mark them.
func candidates(ctx context.Context, q rowQuerier, own string) ([]adopt.Table, error) {
	args := []any{pq.Array(adopt.Schemas()), pq.Array(append(adopt.Names(), strings.ToLower(own)))}
	var marks strings.Builder
	for _, set := range adopt.Marks() {
		args = append(args, pq.Array(set))
		marks.WriteString(" OR t.folded @> $" + strconv.Itoa(len(args)))
	}
	rows, err := q.QueryContext(ctx, `
		SELECT t.nspname, t.relname, t.names, t.types FROM (
			SELECT n.nspname, c.relname,
			       array_agg(a.attname::text ORDER BY a.attnum) AS names,
			       array_agg(lower(a.attname)) AS folded,
			       array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum) AS types
			FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
			WHERE c.relkind IN ('r', 'p') AND (n.nspname = current_schema() OR n.nspname = ANY($1))
			GROUP BY 1, 2) t
		WHERE lower(t.relname) = ANY($2)`+marks.String()+`
		ORDER BY 1, 2`, args...)
	if err != nil {
		return nil, fmt.Errorf("look for migration tools: %w", err)
	}
	defer rows.Close()
	var tables []adopt.Table
	for rows.Next() {
		var t adopt.Table
		var names, types pq.StringArray
		if err := rows.Scan(&t.Schema, &t.Name, &names, &types); err != nil {
			return nil, fmt.Errorf("look for migration tools: %w", err)
		}
		for i := range names {
			t.Columns = append(t.Columns, adopt.Column{Name: names[i], Type: types[i]})
		}
		tables = append(tables, t)
	}
	return tables, rows.Err()
}

// readTable reads every column as text, times in UTC. A time without a zone is
// taken in the session's, in which the tool has most likely written it.
func readTable(ctx context.Context, q rowQuerier, t adopt.Table) ([]adopt.Row, error) {
	columns := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = pq.QuoteIdentifier(c.Name) + "::text"
		if strings.HasPrefix(c.Type, "timestamp") {
			columns[i] = `to_char(` + pq.QuoteIdentifier(c.Name) + `::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
		}
	}
	query := `SELECT ` + strings.Join(columns, ", ") + ` FROM ` + pq.QuoteIdentifier(t.Schema) + `.` + pq.QuoteIdentifier(t.Name)
	rows, err := q.QueryContext(ctx, query+database.OrderByAll(t.Columns)) //nolint:rowserrcheck // TextRows asks for it
	if err != nil {
		return nil, err
	}
	return database.TextRows(rows, t.Columns)
}
