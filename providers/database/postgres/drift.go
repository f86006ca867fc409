package postgres

import (
	"context"
	"errors"

	"github.com/lockstep-dev/lockstep/providers/database"
)

// InvalidIndexes implements database.InvalidIndexReader. It takes no lock of a
// migration and works through a pooler.
func (driver) InvalidIndexes(ctx context.Context, target database.Target) (found []database.InvalidIndex, err error) {
	c, err := connect(ctx, target.URL, observing)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	return (&session{guard: c}).Invalid(ctx)
}
