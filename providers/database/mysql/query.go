package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// queryTimeout bounds a check's query when its context has no deadline.
const queryTimeout = time.Minute

// Query runs one statement for a check, in a read-only transaction that ends
// in any case. Values are as database.ReadRows says.
func Query(ctx context.Context, url, query string) (list []map[string]any, err error) {
	statements, splitErr := sqlscan.SplitMySQL([]byte(query))
	if err := database.OneStatement(statements, splitErr); err != nil {
		return nil, err
	}
	// It would commit the transaction that keeps it from writing.
	if statements[0].OutsideTransaction() {
		return nil, fmt.Errorf("query: found %s, expected a statement that reads", statements[0].Words[0])
	}
	defer func() { err = database.HideURL(url, err) }()
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	c, err := connect(ctx, url, "lockstep/check")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	tx, err := c.BeginTx(context.WithoutCancel(ctx), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it wrote nothing
	err = c.interruptible(ctx, func(ctx context.Context) error {
		rows, err := tx.QueryContext(ctx, query) //nolint:rowserrcheck // ReadRows asks for it
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		list, err = database.ReadRows(rows)
		return err
	})
	return list, err
}

// Query is the function of the same name, for callers that hold a provider.
func (*Provider) Query(ctx context.Context, url, query string) ([]map[string]any, error) {
	return Query(ctx, url, query)
}
