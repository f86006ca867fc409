package database

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/adopt"
)

// TextRows reads rows whose columns all come as text; a NULL is left out. It
// closes rows.
func TextRows(rows *sql.Rows, columns []adopt.Column) ([]adopt.Row, error) {
	defer rows.Close()
	values := make([]sql.NullString, len(columns))
	into := make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	var list []adopt.Row
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		row := adopt.Row{}
		for i, c := range columns {
			if values[i].Valid {
				row[strings.ToLower(c.Name)] = values[i].String
			}
		}
		list = append(list, row)
	}
	return list, rows.Err()
}

// OrderByAll sorts by every column, so that two readings of the same rows are
// equal.
func OrderByAll(columns []adopt.Column) string {
	places := make([]string, len(columns))
	for i := range columns {
		places[i] = strconv.Itoa(i + 1)
	}
	return " ORDER BY " + strings.Join(places, ", ")
}

// ReadTables reads tables and their columns from a query that returns table,
// column and type, one table's columns after the other.
func ReadTables(ctx context.Context, q Querier, query string) ([]adopt.Table, error) {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("look for migration tools: %w", err)
	}
	defer rows.Close()
	var tables []adopt.Table
	for rows.Next() {
		var table string
		var column adopt.Column
		if err := rows.Scan(&table, &column.Name, &column.Type); err != nil {
			return nil, fmt.Errorf("look for migration tools: %w", err)
		}
		if len(tables) == 0 || tables[len(tables)-1].Name != table {
			tables = append(tables, adopt.Table{Name: table})
		}
		last := &tables[len(tables)-1]
		last.Columns = append(last.Columns, column)
	}
	return tables, rows.Err()
}
