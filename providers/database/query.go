package database

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// MaxRows is how many rows a check's query may return.
const MaxRows = 1000

// OneStatement refuses a check's query that is not exactly one statement.
func OneStatement(statements []sqlscan.Statement, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("query: %w", err)
	case len(statements) != 1:
		return fmt.Errorf("query: found %d statements, expected one", len(statements))
	case statements[0].EndsTransaction():
		return fmt.Errorf("query: found %s, expected a statement that reads", statements[0].Words[0])
	default:
		return nil
	}
}

// ReadRows reads a query's result for an assertion: integers as int64,
// decimals as json.Number, text and times (RFC 3339) as string, NULL as nil.
func ReadRows(rows *sql.Rows) ([]map[string]any, error) {
	defer rows.Close()
	columns, err := rows.ColumnTypes()
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	var list []map[string]any
	for rows.Next() {
		if len(list) == MaxRows {
			return nil, fmt.Errorf("query: more than %d rows, expected a result that an assertion can look at; aggregate it", MaxRows)
		}
		row, err := readRow(rows, columns)
		if err != nil {
			return nil, err
		}
		list = append(list, row)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	return list, nil
}

func readRow(rows *sql.Rows, columns []*sql.ColumnType) (map[string]any, error) {
	values := make([]any, len(columns))
	into := make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	if err := rows.Scan(into...); err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	row := make(map[string]any, len(columns))
	for i, c := range columns {
		if _, twice := row[c.Name()]; twice {
			return nil, errors.New("query: two columns are named " + c.Name() + "; name them with AS")
		}
		row[c.Name()] = plain(values[i], c.DatabaseTypeName())
	}
	return row, nil
}

func plain(value any, kind string) any {
	switch v := value.(type) {
	case []byte:
		if (strings.EqualFold(kind, "numeric") || strings.EqualFold(kind, "decimal")) && string(v) != "NaN" {
			return json.Number(v)
		}
		return string(v)
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	default:
		return v
	}
}

// HideURL masks what of a connection URL must not be shown in err.
func HideURL(dsn string, err error) error {
	if err == nil {
		return nil
	}
	return redact.NewValues(secrets(dsn)...).Error(err)
}
