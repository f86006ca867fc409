package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
)

// OneNumber runs a query that returns one whole number.
func OneNumber(ctx context.Context, q Querier, query string) (int64, error) {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	if len(columns) != 1 {
		return 0, fmt.Errorf("found %d columns, expected one number", len(columns))
	}
	var found []sql.NullString
	for len(found) < 2 && rows.Next() {
		var value sql.NullString
		if err := rows.Scan(&value); err != nil {
			return 0, err
		}
		found = append(found, value)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return 0, err
	}
	if len(found) != 1 || !found[0].Valid {
		return 0, fmt.Errorf("found %s, expected one number", []string{"no row", "NULL", "more than one row"}[len(found)])
	}
	n, err := strconv.ParseInt(found[0].String, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("found %q, expected a whole number", found[0].String)
	}
	return n, nil
}
