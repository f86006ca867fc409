package server

import (
	"context"
	"slices"
	"strings"

	"github.com/lib/pq"
)

// surroundings are what a schema needs and a dump of it does not hold.
type surroundings struct {
	major      int
	extensions []string
	roles      []string
	belongs    belongings
	// public is false when the schema of that name was dropped; a dump does not
	// say that.
	public bool
	// settings are those that a migration's session has at the target, whether
	// from the server, the database or the role: by name.
	settings [][2]string
	filled   []string // materialized views
}

// sessionSettings decide what names in a migration mean, and what its values
// become.
func sessionSettings() []string {
	return []string{"TimeZone", "DateStyle", "IntervalStyle", "search_path"}
}

func readSurroundings(ctx context.Context, from address) (surroundings, error) {
	var found surroundings
	err := reading(ctx, from, func(ctx context.Context, q querier) error { return found.read(ctx, q) })
	return found, err
}

func (s *surroundings) read(ctx context.Context, q querier) (err error) {
	var number int
	if err := q.QueryRowContext(ctx, `SELECT current_setting('server_version_num')::int`).Scan(&number); err != nil {
		return err
	}
	s.major = major(number)
	if s.extensions, err = column(ctx, q, `SELECT extname FROM pg_extension ORDER BY extname`); err != nil {
		return err
	}
	if s.roles, err = column(ctx, q, `SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY rolname`); err != nil {
		return err
	}
	if err := q.QueryRowContext(ctx, `SELECT to_regnamespace('public') IS NOT NULL`).Scan(&s.public); err != nil {
		return err
	}
	if err := s.belongs.read(ctx, q); err != nil {
		return err
	}
	if s.filled, err = column(ctx, q, filled); err != nil {
		return err
	}
	return s.readSettings(ctx, q)
}

// readSettings reads them as they are for the target's user, whose name
// search_path may stand on: on the scratch server we are someone else.
func (s *surroundings) readSettings(ctx context.Context, q querier) error {
	var user string
	if err := q.QueryRowContext(ctx, `SELECT current_user`).Scan(&user); err != nil {
		return err
	}
	for _, name := range sessionSettings() {
		var value string
		if err := q.QueryRowContext(ctx, `SELECT current_setting($1)`, name).Scan(&value); err != nil {
			return err
		}
		if name == "search_path" {
			value = strings.ReplaceAll(value, `"$user"`, pq.QuoteIdentifier(user))
		}
		s.settings = append(s.settings, [2]string{name, value})
	}
	return nil
}

// without returns what is in all and not in some.
func without(all, some []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(one string) bool { return slices.Contains(some, one) })
}
