package database

import (
	"context"

	"github.com/lockstep-dev/lockstep/plans"
)

// forgetBackfills: a down file can take away what the backfills of its change
// set have filled, so they are no longer done; when the schema comes back
// they fill it again.
func (b Books) forgetBackfills(ctx context.Context, q Querier, c Change) error {
	if c.Direction != Down || b.Backfills == "" || c.Receipt.Phase == plans.Contract {
		return nil
	}
	return b.exec(ctx, q, `DELETE FROM `+b.Backfills+` WHERE change_set = $1`, c.Receipt.ChangeSet)
}
