package postgres

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
	if err := database.OneStatement(sqlscan.Split([]byte(query))); err != nil {
		return nil, err
	}
	defer func() { err = database.HideURL(url, err) }()
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	c, err := connect(ctx, url, "lockstep/check")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	tx, err := c.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it wrote nothing
	deadline, _ := ctx.Deadline()
	left := max(time.Until(deadline).Milliseconds(), 1)
	if _, err := tx.ExecContext(ctx, fmt.Sprintf(`SET LOCAL statement_timeout = %d; SET LOCAL lock_timeout = %d`, left, left)); err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	rows, err := tx.QueryContext(ctx, query) //nolint:rowserrcheck // ReadRows asks for it
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	return database.ReadRows(rows)
}

// Query is the function of the same name, for callers that hold a provider.
func (*Provider) Query(ctx context.Context, url, query string) ([]map[string]any, error) {
	return Query(ctx, url, query)
}
