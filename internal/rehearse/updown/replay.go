package updown

import (
	"context"
	"database/sql"
	"errors"

	"github.com/lockstep-dev/lockstep/plans"
)

// replay leads a new database to where the up files lead.
func (r *rehearsal) replay(ctx context.Context, files []plans.MigrationFile) error {
	for {
		if err := r.close(ctx); err != nil {
			return err
		}
		failure := r.lead(ctx, files)
		if failure == nil || r.bench.Mend == nil || ctx.Err() != nil {
			return failure
		}
		if mended, err := r.bench.Mend(ctx, failure); err != nil || !mended {
			return errors.Join(failure, err)
		}
	}
}

// lead runs what has not run yet on the plain database, and opens a clone of
// it. Without one it begins anew.
func (r *rehearsal) lead(ctx context.Context, files []plans.MigrationFile) error {
	if r.bench.Plain == nil || len(files) == 0 {
		if err := r.open(ctx); err != nil {
			return err
		}
		return rerun(ctx, r.worker, files)
	}
	if r.plain == nil {
		var err error
		if r.plain, err = r.bench.Plain(ctx); err != nil {
			return err
		}
	}
	err := r.plain.Use(ctx, func(db *sql.DB) error { return Apply(ctx, db, files[r.led:]) })
	if err != nil { // a part of a file may have run
		return joined(err, r.end(context.WithoutCancel(ctx)))
	}
	r.led = len(files)
	return r.open(ctx)
}
