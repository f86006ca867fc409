package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// reindexing is what REINDEX ... CONCURRENTLY is about: INDEX, TABLE, SCHEMA
// or DATABASE, and its name.
type reindexing struct{ kind, name string }

func reindexed(statement sqlscan.Statement) (reindexing, bool) {
	if !statement.Starts("REINDEX") || !statement.Concurrently() {
		return reindexing{}, false
	}
	r := nameReader{tokens: statement.Tokens()}
	for ; r.at < len(r.tokens); r.at++ {
		for _, kind := range []string{"INDEX", "TABLE", "SCHEMA", "DATABASE"} {
			if r.is(kind) {
				r.skip(kind, "CONCURRENTLY")
				return reindexing{strings.ToLower(kind), r.name()}, true
			}
		}
	}
	return reindexing{}, false
}

// leftovers are the INVALID indexes that a REINDEX which was cut short leaves
// beside the ones that it was about.
// Source: PostgreSQL documentation, REINDEX, "Rebuilding Indexes Concurrently".
const leftovers = `
	SELECT x.oid::regclass::text, (SELECT min(p.pid) FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
	FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_namespace n ON n.oid = x.relnamespace
	WHERE NOT i.indisvalid AND x.relkind = 'i' AND x.relname ~ '_cc(new|old)[0-9]*$' AND n.nspname <> 'pg_toast'
	  AND CASE $1
		WHEN 'index' THEN i.indrelid IN (SELECT b.indrelid FROM pg_index b
			WHERE b.indexrelid = to_regclass($2) OR b.indexrelid IN (SELECT relid FROM pg_partition_tree(to_regclass($2))))
		WHEN 'table' THEN i.indrelid = to_regclass($2) OR i.indrelid IN (SELECT relid FROM pg_partition_tree(to_regclass($2)))
		WHEN 'schema' THEN quote_ident(n.nspname) = $2 OR '"' || n.nspname || '"' = $2
		ELSE true END
	ORDER BY 1`

// leftover is one of them; builder is who is at work on it.
type leftover struct {
	index   string
	builder sql.NullInt64
}

func (s *session) leftovers(ctx context.Context, r reindexing) ([]leftover, error) {
	rows, err := s.guard.QueryContext(ctx, leftovers, r.kind, r.name)
	if err != nil {
		return nil, fmt.Errorf("look for INVALID indexes: %w", err)
	}
	defer rows.Close()
	var list []leftover
	for rows.Next() {
		var l leftover
		if err := rows.Scan(&l.index, &l.builder); err != nil {
			return nil, fmt.Errorf("look for INVALID indexes: %w", err)
		}
		list = append(list, l)
	}
	return list, rows.Err()
}

func (s *session) inspectReindexed(ctx context.Context, r reindexing) (database.Effect, error) {
	list, err := s.leftovers(ctx, r)
	if err != nil || len(list) > 0 {
		return database.EffectBroken, err
	}
	return database.EffectRepeatable, nil
}

func (s *session) dropLeftovers(ctx context.Context, r reindexing) error {
	list, err := s.leftovers(ctx, r)
	if err != nil {
		return err
	}
	for _, l := range list {
		if err := s.dropInvalid(ctx, l.index, l.builder); err != nil {
			return err
		}
	}
	return nil
}
