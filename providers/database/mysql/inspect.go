package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// Inspect looks the effect of a statement up in the catalog. A statement is
// there as a whole or not at all, so what can be told of a part of it tells of
// the rest; where parts speak against each other, nobody knows.
func (s *session) Inspect(ctx context.Context, statement sqlscan.Statement) (database.Effect, error) {
	done, absent, repeatable, unknown := 0, 0, 0, 0
	for _, w := range wishes(statement) {
		switch {
		case w.kind == wishRepeatable:
			repeatable++
			continue
		case w.kind == wishUnknown || w.table == "" && w.kind != wishSchema:
			unknown++
			continue
		}
		there, err := s.exists(ctx, w)
		if err != nil {
			return database.EffectUnknown, err
		}
		if there != w.gone {
			done++
		} else {
			absent++
		}
	}
	switch {
	case done > 0 && absent == 0:
		return database.EffectDone, nil
	case absent > 0 && done == 0:
		return database.EffectAbsent, nil
	case done == 0 && absent == 0 && unknown == 0 && repeatable > 0:
		return database.EffectRepeatable, nil
	default:
		return database.EffectUnknown, nil
	}
}

// catalog is where a kind of thing is found by schema, table and name. A thing
// without a table is found by schema and table, where its own name stands.
func catalog(kind wishKind) string {
	switch kind {
	case wishColumn:
		return `SELECT 1 FROM information_schema.columns WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ? AND column_name = ?`
	case wishIndex:
		return `SELECT 1 FROM information_schema.statistics WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ? AND index_name = ?`
	case wishConstraint:
		return `SELECT 1 FROM information_schema.table_constraints WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ? AND constraint_name = ?`
	case wishPartition:
		return `SELECT 1 FROM information_schema.partitions WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ? AND partition_name = ?`
	case wishRoutine:
		return `SELECT 1 FROM information_schema.routines WHERE routine_schema = COALESCE(?, DATABASE()) AND routine_name = ?`
	case wishTrigger:
		return `SELECT 1 FROM information_schema.triggers WHERE trigger_schema = COALESCE(?, DATABASE()) AND trigger_name = ?`
	case wishEvent:
		return `SELECT 1 FROM information_schema.events WHERE event_schema = COALESCE(?, DATABASE()) AND event_name = ?`
	case wishSchema:
		return `SELECT 1 FROM information_schema.schemata WHERE COALESCE(?, '') = '' AND schema_name = ?`
	default:
		return `SELECT 1 FROM information_schema.tables WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ?`
	}
}

func (s *session) exists(ctx context.Context, w wish) (bool, error) {
	schema, table := qualified(w.table)
	args := []any{schema, table}
	if w.name != "" {
		args = append(args, w.name)
	}
	found, err := s.column(ctx, catalog(w.kind), args...)
	if err != nil {
		return false, fmt.Errorf("look up %s: %w", strings.Trim(w.table+"."+w.name, "."), err)
	}
	return len(found) > 0, nil
}

// qualified cuts schema.table; the schema is NULL when there is none.
func qualified(name string) (schema sql.NullString, table string) {
	if before, after, ok := strings.Cut(name, "."); ok {
		return sql.NullString{String: before, Valid: true}, after
	}
	return sql.NullString{}, name
}

// column returns a query's only column.
func (s *session) column(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := s.guard.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read the catalog: %w", err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var value string
		if err := rows.Scan(&value); err != nil {
			return nil, fmt.Errorf("read the catalog: %w", err)
		}
		list = append(list, value)
	}
	return list, rows.Err()
}

// mentioned lists the names in a statement, tables among them.
func mentioned(statement sqlscan.Statement) []string {
	const most = 100
	seen := map[string]bool{}
	var list []string
	for _, t := range statement.Tokens() {
		if name := t.PlainName(); name != "" && !seen[name] && len(list) < most {
			seen[name] = true
			list = append(list, name)
		}
	}
	return list
}
