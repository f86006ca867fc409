package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// detached is what ALTER TABLE parent DETACH PARTITION name CONCURRENTLY says.
type detached struct{ parent, partition string }

func detachment(statement sqlscan.Statement) (detached, bool) {
	if !statement.Starts("ALTER", "TABLE") || !statement.Concurrently() {
		return detached{}, false
	}
	r := nameReader{tokens: statement.Tokens()}
	r.skip("ALTER", "TABLE", "IF", "EXISTS", "ONLY")
	d := detached{parent: r.name()}
	if r.symbol("*"); r.skip("DETACH", "PARTITION") != 2 {
		return detached{}, false
	}
	d.partition = r.name()
	return d, d.parent != "" && d.partition != ""
}

// inspectDetached: one that was cut short leaves the partition "detach
// pending": it cannot be detached again, only to its end.
func (s *session) inspectDetached(ctx context.Context, d detached) (database.Effect, error) {
	var pending bool
	err := s.guard.QueryRowContext(ctx, `
		SELECT coalesce((to_jsonb(i)->>'inhdetachpending')::bool, false) FROM pg_inherits i
		WHERE i.inhrelid = to_regclass($1) AND i.inhparent = to_regclass($2)`, d.partition, d.parent).Scan(&pending)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return database.EffectDone, nil
	case err != nil:
		return database.EffectUnknown, fmt.Errorf("look up partition %s: %w", d.partition, err)
	case pending:
		return database.EffectBroken, nil
	default:
		return database.EffectAbsent, nil
	}
}

// finishDetach is what PostgreSQL's documentation of ALTER TABLE says to do.
func (s *session) finishDetach(ctx context.Context, d detached) error {
	return s.mendBy(ctx, "ending the detaching of "+d.partition, `ALTER TABLE `+d.parent+` DETACH PARTITION `+d.partition+` FINALIZE`)
}
