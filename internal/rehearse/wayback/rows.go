package wayback

import (
	"context"
	"fmt"

	"github.com/lockstep-dev/lockstep/internal/rehearse/trace"
)

// seed puts a row into every table that has none, and tells why a table takes
// none, by its name.
func (s *Stage) seed(ctx context.Context) (seeded []string, refused map[string]string, err error) {
	done, err := trace.Seed(ctx, s.Conn, trace.Options{Ignore: s.omit})
	if err != nil {
		return nil, nil, err
	}
	refused = map[string]string{}
	for _, r := range done.Refused {
		refused[r.Table] = r.Reason
	}
	return done.Tables, refused, nil
}

// contents are fingerprints of the tables' rows, whatever order their columns
// have.
func (s *Stage) contents(ctx context.Context, tables []string) (map[string]string, error) {
	found := map[string]string{}
	for _, t := range tables {
		var content string
		query := fmt.Sprintf("SELECT count(*) || ' ' || coalesce(md5(string_agg(h, '' ORDER BY h)), '') FROM (SELECT md5(to_jsonb(r)::text) AS h FROM %s AS r) AS hashed", t)
		if err := s.Conn.QueryRowContext(ctx, query).Scan(&content); err != nil {
			return nil, fmt.Errorf("read the rows of %s: %w", t, err)
		}
		found[t] = content
	}
	return found, nil
}

// tables lists what holds rows of its own.
func (s *Stage) tables(ctx context.Context) (names []string, err error) {
	rows, err := s.Conn.QueryContext(ctx, `
		SELECT format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema' ORDER BY 1`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}
