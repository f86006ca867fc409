package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// Survey reads the cursor and the figures in one snapshot.
func (driver) Survey(ctx context.Context, target database.Target, order database.SurveyOrder) (survey database.Survey, err error) {
	c, err := connect(ctx, target.URL, observing)
	if err != nil {
		return survey, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	tx, err := c.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return survey, fmt.Errorf("read the database: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it wrote nothing
	if survey.Identity, err = identify(ctx, tx); err != nil {
		return survey, err
	}
	cursors, err := findCursors(ctx, tx)
	if err != nil {
		return survey, err
	}
	if cursors.There {
		if survey.Cursor, _, err = cursors.Read(ctx, tx, order.CursorKey, false); err != nil {
			return survey, err
		}
	}
	if !order.BindingOnly {
		survey.Figures, err = readFigures(ctx, tx, order)
	}
	return survey, err
}

// readFigures looks at the table and at who follows the server.
func readFigures(ctx context.Context, tx *sql.Tx, order database.SurveyOrder) (plans.BackfillFigures, error) {
	column, err := readColumn(ctx, tx, order.Table, order.Key)
	figures := plans.BackfillFigures{KeyType: column.kind, Indexed: column.indexed, Nullable: column.nullable, Shared: !column.unique}
	switch {
	case err != nil:
		return figures, err
	case !column.table:
		figures.Missing = "table"
		return figures, nil
	case column.kind == "":
		figures.Missing = "column"
		return figures, nil
	}
	if figures.Rows, err = estimate(ctx, tx, order.Table); err != nil {
		return figures, err
	}
	err = tx.QueryRowContext(ctx, `SELECT count(*), NOT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') FROM pg_stat_replication`).
		Scan(&figures.Replicas, &figures.LagHidden)
	if err != nil {
		return figures, fmt.Errorf("look for replicas: %w", err)
	}
	figures.LagHidden = figures.LagHidden && figures.Replicas > 0
	return figures, nil
}

type column struct {
	table             bool
	kind              string // as CAST takes it; empty when there is no such column
	nullable, indexed bool
	unique            bool // alone, so that a key is one row
}

// readColumn: an index serves when it begins with the key, holds every row
// and is valid.
func readColumn(ctx context.Context, q rowQuerier, table, key string) (column, error) {
	var c column
	var kind sql.NullString
	err := q.QueryRowContext(ctx, `
		SELECT t.oid IS NOT NULL, format_type(a.atttypid, a.atttypmod), NOT coalesce(a.attnotnull, true),
		       EXISTS (SELECT FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
		               WHERE i.indrelid = t.oid AND i.indkey[0] = a.attnum AND i.indisvalid AND i.indpred IS NULL AND m.amname = 'btree'),
		       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = t.oid AND i.indkey[0] = a.attnum AND i.indnkeyatts = 1
		               AND i.indisunique AND i.indisvalid AND i.indpred IS NULL)
		FROM (SELECT to_regclass($1)::oid AS oid) t
		LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = $2 AND a.attnum > 0 AND NOT a.attisdropped`,
		table, literalName(key)).Scan(&c.table, &kind, &c.nullable, &c.indexed, &c.unique)
	if err != nil {
		return c, fmt.Errorf("read the catalog: %w", err)
	}
	c.kind = kind.String
	return c, nil
}

// countUpTo bounds the rows that are counted where there are no statistics.
const countUpTo = 100_000

// estimate takes the statistics of VACUUM and ANALYZE; a table that has none
// is counted while it is small. It returns nil when nobody knows.
func estimate(ctx context.Context, q rowQuerier, table string) (*plans.RowEstimate, error) {
	var statistics int64
	err := q.QueryRowContext(ctx, `
		SELECT CASE WHEN bool_or(reltuples < 0) THEN -1 ELSE coalesce(sum(reltuples), -1) END::bigint
		FROM pg_class WHERE relkind <> 'p' AND oid IN (SELECT to_regclass($1)::oid UNION SELECT relid FROM pg_partition_tree(to_regclass($1)))`,
		table).Scan(&statistics)
	if err != nil {
		return nil, fmt.Errorf("read the statistics: %w", err)
	}
	if statistics >= 0 {
		return &plans.RowEstimate{Count: statistics, Source: "assumed", From: "pg_class.reltuples"}, nil
	}
	counted, err := database.OneNumber(ctx, q, fmt.Sprintf(`SELECT count(*) FROM (SELECT FROM %s LIMIT %d) AS counted`, table, countUpTo+1))
	if err != nil {
		return nil, fmt.Errorf("count %s: %w", table, err)
	}
	if counted > countUpTo {
		return nil, nil //nolint:nilnil // nobody knows
	}
	return &plans.RowEstimate{Count: counted, Source: "measured", From: "count(*)"}, nil
}

// Shape reads the key's type and its last value.
func (b *batcher) Shape(ctx context.Context, table, key string) (database.Shape, error) {
	var shape database.Shape
	c, err := readColumn(ctx, b.work, table, key)
	switch {
	case err != nil:
		return shape, lost(err)
	case !c.table:
		return shape, fmt.Errorf("there is no table %s; check its name and the search_path of the url", table)
	case c.kind == "":
		return shape, fmt.Errorf("table %s has no column %s", table, key)
	}
	shape.KeyType = c.kind
	var last sql.NullString
	err = b.work.QueryRowContext(ctx, fmt.Sprintf(
		`SELECT (SELECT k::text FROM (SELECT %[1]s AS k FROM %[2]s WHERE %[1]s IS NOT NULL ORDER BY %[1]s DESC LIMIT 1) AS last)`, key, table)).Scan(&last)
	if err != nil {
		return shape, lost(fmt.Errorf("read the last key of %s: %w", table, err))
	}
	if last.Valid {
		shape.Last = &last.String
	}
	shape.Rows, err = estimate(ctx, b.work, table)
	return shape, lost(err)
}

// Page finds the next keys: the key column is sorted as its type sorts. A bare
// name in ORDER BY would be the text that the query puts out.
func (b *batcher) Page(ctx context.Context, p database.Page) (database.Span, error) {
	var span database.Span
	where, args := fmt.Sprintf(`%s <= CAST($1 AS %s)`, p.Key, p.KeyType), []any{p.UpTo}
	if p.After != nil {
		where += fmt.Sprintf(` AND %s > CAST($2 AS %s)`, p.Key, p.KeyType)
		args = append(args, *p.After)
	}
	var from, to sql.NullString
	err := b.work.QueryRowContext(ctx, fmt.Sprintf(`
		WITH page AS MATERIALIZED (SELECT %[1]s AS k FROM %[2]s WHERE %[3]s ORDER BY %[1]s LIMIT %[4]d)
		SELECT (SELECT k::text FROM page ORDER BY page.k LIMIT 1), (SELECT k::text FROM page ORDER BY page.k DESC LIMIT 1), (SELECT count(*) FROM page)`,
		p.Key, p.Table, where, p.Size), args...).Scan(&from, &to, &span.Keys)
	span.From, span.To = from.String, to.String
	if err != nil {
		return span, lost(fmt.Errorf("read the next keys of %s: %w", p.Table, err))
	}
	return span, nil
}
