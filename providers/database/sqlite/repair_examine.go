package sqlite

import (
	"context"
	"fmt"

	"github.com/lockstep-dev/lockstep/internal/mend"
	"github.com/lockstep-dev/lockstep/internal/sqltrace"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// Examine looks traces up in the schema. SQLite does not tell when something
// was made.
func (s *session) Examine(ctx context.Context, traces []sqltrace.Trace) (mend.Sights, error) {
	c, err := connect(ctx, s.file, readOnly)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.close() }() // it only read
	sights := mend.Sights{}
	for _, t := range traces {
		query, args := `SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = ?1 AND lower(name) = lower(?2))`, []any{string(t.Kind), t.Name.Base}
		switch t.Kind {
		case sqltrace.Table, sqltrace.View, sqltrace.Index, sqltrace.Trigger:
		case sqltrace.Column:
			query, args = `SELECT EXISTS (SELECT 1 FROM pragma_table_info(?1) WHERE lower(name) = lower(?2))`, []any{t.On.Base, t.Name.Base}
		default:
			continue
		}
		var there bool
		if err := c.QueryRowContext(ctx, query, args...).Scan(&there); err != nil {
			return nil, fmt.Errorf("look up %s: %w", t, err)
		}
		sights[t] = mend.Sight{There: there}
	}
	return sights, nil
}

// Invalid is empty: SQLite has no such indexes.
func (*session) Invalid(context.Context) ([]database.InvalidIndex, error) { return nil, nil }
