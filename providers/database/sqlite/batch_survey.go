package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// Survey reads the cursor and the figures; it does not create a file that is
// missing.
func (d driver) Survey(ctx context.Context, target database.Target, order database.SurveyOrder) (survey database.Survey, err error) {
	file, err := locate(target.URL, d.folder)
	if err != nil {
		return survey, err
	}
	there, err := exists(file)
	if err != nil {
		return survey, err
	}
	if !there {
		survey.Identity = newFile(file)
		survey.Figures.Missing = "table"
		return survey, nil
	}
	// Read-write: SQLite can only undo a crashed transaction when it may write.
	c, err := connect(ctx, file, readWrite)
	if err != nil {
		return survey, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if _, err := c.ExecContext(ctx, fmt.Sprintf(`PRAGMA busy_timeout = %d`, batchPatience.Milliseconds())); err != nil {
		return survey, fmt.Errorf("set the timeout: %w", err)
	}
	tx, err := c.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return survey, fmt.Errorf("read the database: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it wrote nothing
	return readSurvey(ctx, tx, file, order)
}

func readSurvey(ctx context.Context, tx *sql.Tx, file string, order database.SurveyOrder) (survey database.Survey, err error) {
	if survey.Identity, err = identify(ctx, tx, file); err != nil {
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
	if order.BindingOnly {
		return survey, nil
	}
	c, err := readColumn(ctx, tx, order.Table, order.Key)
	survey.Figures = plans.BackfillFigures{KeyType: c.declared, Indexed: c.indexed, Nullable: c.nullable}
	switch {
	case err != nil:
		return survey, err
	case !c.table:
		survey.Figures.Missing = "table"
	case !c.there:
		survey.Figures.Missing = "column"
	default:
		survey.Figures.Rows, err = estimate(ctx, tx, order.Table)
	}
	return survey, err
}

type column struct {
	table, there      bool
	declared          string
	nullable, indexed bool
}

// readColumn: the rowid's own name needs no index. An index serves when it
// begins with the key and holds every row.
func readColumn(ctx context.Context, q rowQuerier, table, key string) (column, error) {
	var c column
	table, key = literalName(table), literalName(key)
	var primary int
	err := q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND lower(name) = lower(?1))`, table).Scan(&c.table)
	if err != nil {
		return c, fmt.Errorf("read the catalog: %w", err)
	}
	err = q.QueryRowContext(ctx, `SELECT type, "notnull" = 0, pk FROM pragma_table_info(?1) WHERE lower(name) = lower(?2)`, table, key).
		Scan(&c.declared, &c.nullable, &primary)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return c, nil
	case err != nil:
		return c, fmt.Errorf("read the catalog: %w", err)
	}
	c.there, c.nullable = true, c.nullable && primary == 0
	err = q.QueryRowContext(ctx, `SELECT ?3 = 1 OR EXISTS (SELECT 1 FROM pragma_index_list(?1) l, pragma_index_info(l.name) i
		WHERE l.partial = 0 AND i.seqno = 0 AND lower(i.name) = lower(?2))`, table, key, primary).Scan(&c.indexed)
	if err != nil {
		return c, fmt.Errorf("read the catalog: %w", err)
	}
	return c, nil
}

// countUpTo bounds the rows that are counted: SQLite keeps no figure of them.
const countUpTo = 1_000_000

func estimate(ctx context.Context, q rowQuerier, table string) (*plans.RowEstimate, error) {
	counted, err := database.OneNumber(ctx, q, fmt.Sprintf(`SELECT count(*) FROM (SELECT 1 FROM %s LIMIT %d)`, table, countUpTo+1))
	if err != nil {
		return nil, fmt.Errorf("count %s: %w", table, err)
	}
	if counted > countUpTo {
		return nil, nil //nolint:nilnil // nobody knows
	}
	return &plans.RowEstimate{Count: counted, Source: "measured", From: "count(*)"}, nil
}

// literalName is the catalog's spelling of a name as SQL has it.
func literalName(name string) string {
	statements, err := sqlscan.SplitSQLite([]byte(name))
	if err != nil || len(statements) != 1 {
		return name
	}
	if tokens := statements[0].Tokens(); len(tokens) == 1 && tokens[0].Name() != "" {
		return tokens[0].Name()
	}
	return name
}
