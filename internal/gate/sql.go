package gate

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
)

type sqlSampler struct {
	querier            Querier
	driver, url, query string
}

func newSQL(settings json.RawMessage, querier Querier) (Sampler, error) {
	var block struct {
		rhythm

		Database json.RawMessage `json:"database"`
		Query    string          `json:"query"`
	}
	if err := decode(settings, &block); err != nil {
		return nil, err
	}
	var database struct { // a database block has more arguments than a query needs
		Driver string `json:"driver"`
		URL    string `json:"url"`
	}
	if len(block.Database) > 0 {
		if err := json.Unmarshal(block.Database, &database); err != nil {
			return nil, explain(err)
		}
	}
	switch {
	case database.URL == "":
		return nil, errors.New("database has no url; refer to a database block: database = database.NAME")
	case strings.TrimSpace(block.Query) == "":
		return nil, errors.New("query is empty, expected one statement that reads")
	case querier == nil:
		return nil, errors.New("no database can be asked from here")
	}
	return &sqlSampler{querier: querier, driver: database.Driver, url: database.URL, query: block.Query}, nil
}

// Sample implements Sampler.
func (s *sqlSampler) Sample(ctx context.Context) (map[string]any, error) {
	found, err := s.querier.Query(ctx, s.driver, s.url, s.query)
	if err != nil {
		return nil, err
	}
	rows := make([]any, len(found))
	for i, row := range found {
		rows[i] = row
	}
	return map[string]any{"rows": rows}, nil
}
