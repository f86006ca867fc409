package gate

import (
	"context"
	"errors"
)

// Querier runs one query that reads, and returns its rows by column name.
type Querier interface {
	Query(ctx context.Context, driver, url, query string) ([]map[string]any, error)
}

// SQL asks a database. Assertions see rows. A query without rows is nothing
// to judge.
type SQL struct {
	Driver  string
	URL     string
	Query   string
	Querier Querier
}

// errNoRows says that a query gave nothing to judge.
var errNoRows = errors.New("the query returned no row")

// Sample implements Sampler.
func (s *SQL) Sample(ctx context.Context) (map[string]any, error) {
	rows, err := s.Querier.Query(ctx, s.Driver, s.URL, s.Query)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errNoRows
	}
	list := make([]any, 0, len(rows))
	for _, row := range rows {
		list = append(list, row)
	}
	return map[string]any{"rows": list}, nil
}
