package measure

import (
	"context"
	"database/sql"
	"errors"
)

// each hands over the rows of a query, one after the other.
func each(ctx context.Context, conn *sql.Conn, query string, row func(*sql.Rows) error) (err error) {
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
