package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	sqlitelib "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/lockstep-dev/lockstep/internal/failpoint"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// batcher works in batches. SQLite has one writer, so nobody else can carry
// out the same batch; the cursor, which each batch checks, does the rest.
type batcher struct {
	session *session
	work    *connection
}

// Batches opens the connection that all batches use.
func (s *session) Batches(ctx context.Context, _ database.CursorKey) (database.Batcher, error) {
	there, err := exists(s.file)
	if err != nil {
		return nil, err
	}
	if !there {
		return nil, fmt.Errorf("the database %s is empty", filepath.Base(s.file))
	}
	work, err := connect(ctx, s.file, readWrite)
	if err != nil {
		return nil, err
	}
	return &batcher{session: s, work: work}, nil
}

func (b *batcher) Close() error { return b.work.close() }

// Batch runs work in one immediate transaction.
func (b *batcher) Batch(ctx context.Context, limits database.Limits, work func(context.Context, database.Querier) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, limits.Statement)
	defer cancel()
	if _, err := b.work.ExecContext(ctx, fmt.Sprintf(`PRAGMA busy_timeout = %d`, max(limits.Lock.Milliseconds(), 1))); err != nil {
		return fmt.Errorf("set the timeout: %w", err)
	}
	if _, err := b.work.ExecContext(ctx, `BEGIN IMMEDIATE`); err != nil {
		return crowded(fmt.Errorf("begin: %w", err))
	}
	defer func() {
		if err != nil {
			// What cannot be rolled back is rolled back already.
			_, _ = b.work.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`)
		}
	}()
	if err := work(ctx, b.work); err != nil {
		return crowded(err)
	}
	failpoint.Here("database: before a batch's commit")
	if _, err := b.work.ExecContext(ctx, `COMMIT`); err != nil {
		return crowded(fmt.Errorf("commit: %w", err))
	}
	return nil
}

func crowded(err error) error {
	var e *sqlitelib.Error
	if busy(err) || errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_INTERRUPT {
		return fmt.Errorf("%w: %w", database.ErrCrowded, err)
	}
	return err
}

// Describe names the place of a statement's error.
func (*batcher) Describe(err error, place database.Place) error {
	return describe(err, place.File, place.Line)
}

// Bind casts the parameters to the keys' storage class: a text would compare
// as larger than every number.
func (*batcher) Bind(update sqlscan.Statement, keyType string) database.Bound {
	text := update.Bind(func(name string) string {
		return fmt.Sprintf("CAST(%s AS %s)", map[string]string{"from": "?1", "to": "?2"}[name], keyType)
	})
	return func(span database.Span) (string, []any) { return text, []any{span.From, span.To} }
}

// Lag: there are no replicas.
func (*batcher) Lag(context.Context) (database.Lag, error) { return database.Lag{}, nil }

// Count runs a query that returns one number.
func (b *batcher) Count(ctx context.Context, query string) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, b.session.job.Target.StatementTimeout)
	defer cancel()
	return database.OneNumber(ctx, b.work, query)
}

// Cursors is the table of cursors, which may have to be made.
func (*batcher) Cursors(ctx context.Context, q database.Querier) (database.Cursors, error) {
	return findCursors(ctx, q)
}

const createCursors = `CREATE TABLE IF NOT EXISTS lockstep_backfill (
	change_set TEXT, step TEXT, definition TEXT NOT NULL, remaining TEXT NOT NULL, pass INTEGER NOT NULL,
	last_key TEXT, up_to TEXT, keys_passed INTEGER NOT NULL, rows_changed INTEGER NOT NULL, batches INTEGER NOT NULL,
	started_at TEXT NOT NULL, updated_at TEXT NOT NULL, finished_at TEXT,
	run TEXT NOT NULL, plan_digest TEXT NOT NULL, actor TEXT NOT NULL, PRIMARY KEY (change_set, step))`

func findCursors(ctx context.Context, q database.Querier) (database.Cursors, error) {
	c := database.Cursors{
		Table: `lockstep_backfill`, Now: `strftime('%Y-%m-%dT%H:%M:%fZ', 'now')`, ReadTime: `{column}`,
		Placeholder: func(n int) string { return fmt.Sprintf("?%d", n) },
		Create:      []string{createCursors},
	}
	there, err := database.OneNumber(ctx, q, `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'lockstep_backfill'`)
	c.There = there > 0
	return c, err
}

// Shape reads the keys' storage class and the last key.
func (b *batcher) Shape(ctx context.Context, table, key string) (database.Shape, error) {
	var shape database.Shape
	column, err := readColumn(ctx, b.work, table, key)
	switch {
	case err != nil:
		return shape, err
	case !column.table:
		return shape, fmt.Errorf("there is no table %s", table)
	case !column.there:
		return shape, fmt.Errorf("table %s has no column %s", table, key)
	}
	var kind, last sql.NullString
	err = b.work.QueryRowContext(ctx, fmt.Sprintf(
		`SELECT typeof(k), CAST(k AS TEXT) FROM (SELECT max(%s) AS k FROM %s)`, key, table)).Scan(&kind, &last)
	if err != nil {
		return shape, fmt.Errorf("read the last key of %s: %w", table, err)
	}
	if last.Valid {
		shape.Last = &last.String
	}
	shape.KeyType = strings.ToUpper(kind.String)
	shape.Rows, err = estimate(ctx, b.work, table)
	return shape, err
}

// Page finds the next keys.
func (b *batcher) Page(ctx context.Context, p database.Page) (database.Span, error) {
	var span database.Span
	where, args := fmt.Sprintf(`%s <= CAST(?1 AS %s)`, p.Key, p.KeyType), []any{p.UpTo}
	if p.After != nil {
		where += fmt.Sprintf(` AND %s > CAST(?2 AS %s)`, p.Key, p.KeyType)
		args = append(args, *p.After)
	}
	query := fmt.Sprintf(`SELECT CAST(min(k) AS TEXT), CAST(max(k) AS TEXT), count(*)
		FROM (SELECT %[1]s AS k FROM %[2]s WHERE %[3]s ORDER BY %[1]s LIMIT %[4]d)`, p.Key, p.Table, where, p.Size)
	var from, to sql.NullString
	if err := b.work.QueryRowContext(ctx, query, args...).Scan(&from, &to, &span.Keys); err != nil {
		return span, crowded(fmt.Errorf("read the next keys of %s: %w", p.Table, err))
	}
	span.From, span.To = from.String, to.String
	return span, nil
}

var _ database.Backfiller = driver{}

var _ database.BatchSession = (*session)(nil)

// batchPatience is how long a look at the file waits for its writer.
const batchPatience = 5 * time.Second
