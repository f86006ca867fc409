package database

import (
	"database/sql"
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
