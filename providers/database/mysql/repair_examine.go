package mysql

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/lockstep-dev/lockstep/internal/mend"
	"github.com/lockstep-dev/lockstep/internal/sqltrace"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// Examine looks traces up in the catalog. It does not tell when something was
// made.
func (s *session) Examine(ctx context.Context, traces []sqltrace.Trace) (mend.Sights, error) {
	sights := mend.Sights{}
	for _, t := range traces {
		query, args := lookup(t)
		if query == "" {
			continue
		}
		found, err := s.column(ctx, query, args...)
		if err != nil {
			return nil, fmt.Errorf("look up %s: %w", t, err)
		}
		sights[t] = mend.Sight{There: len(found) > 0}
	}
	return sights, nil
}

func lookup(t sqltrace.Trace) (query string, args []any) {
	part := func(table, condition string) (string, []any) {
		return `SELECT 1 FROM information_schema.` + table + ` WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ? AND ` + condition,
			[]any{schemaOf(t.On), t.On.Base, t.Name.Base}
	}
	whole := func(table, of string) (string, []any) {
		return `SELECT 1 FROM information_schema.` + table + ` WHERE ` + of + `_schema = COALESCE(?, DATABASE()) AND ` + of + `_name = ?`,
			[]any{schemaOf(t.Name), t.Name.Base}
	}
	switch t.Kind {
	case sqltrace.Table, sqltrace.View:
		return whole("tables", "table")
	case sqltrace.Function:
		return whole("routines", "routine")
	case sqltrace.Trigger:
		return whole("triggers", "trigger")
	case sqltrace.Schema:
		return `SELECT 1 FROM information_schema.schemata WHERE schema_name = ?`, []any{t.Name.Base}
	case sqltrace.Column:
		return part("columns", "column_name = ?")
	case sqltrace.NotNull:
		return part("columns", "column_name = ? AND is_nullable = 'NO'")
	case sqltrace.Constraint:
		return part("table_constraints", "constraint_name = ?")
	case sqltrace.Index:
		if t.On.Base != "" {
			return part("statistics", "index_name = ?")
		}
	}
	return "", nil
}

func schemaOf(n sqltrace.Name) sql.NullString {
	return sql.NullString{String: n.Schema, Valid: n.Schema != ""}
}

// Invalid is empty: MySQL has no such indexes.
func (*session) Invalid(context.Context) ([]database.InvalidIndex, error) { return nil, nil }
