package updown

import (
	"context"
	"database/sql"
	"errors"

	"github.com/lockstep-dev/lockstep/internal/rehearse/catalog"
	"github.com/lockstep-dev/lockstep/internal/rehearse/trace"
	"github.com/lockstep-dev/lockstep/plans"
)

// rehearsal is one database with the sessions that look at it.
type rehearsal struct {
	bench  Bench
	drop   func() error
	worker *sql.Conn // runs files, and tries them on rows
	tracer *trace.Tracer
	reader *reader
	look   Look
	last   catalog.Snapshot // where the files before lead
	// astray is true when the database is not where the up files lead.
	astray bool
}

// begin leads a database to where the files before lead, and looks at it.
func (r *rehearsal) begin(ctx context.Context, before []plans.MigrationFile) (err error) {
	if err := r.replay(ctx, before); err != nil {
		return err
	}
	if r.bench.Watch != nil {
		r.look = r.bench.Watch()
	}
	if r.last, err = r.reader.snapshot(ctx); err != nil || r.look == nil {
		return err
	}
	return r.look(ctx, r.reader.conn, nil)
}

func (r *rehearsal) open(ctx context.Context) error {
	db, drop, err := r.bench.Open(ctx)
	if err != nil {
		return err
	}
	r.drop = drop
	if r.worker, err = db.Conn(ctx); err != nil {
		return err
	}
	if r.reader, err = newReader(ctx, db, r.bench.Omit); err != nil {
		return err
	}
	r.tracer, err = trace.New(ctx, db, trace.Options{Ignore: r.bench.Omit})
	return err
}

// close lets everything go; where the files lead stays known.
func (r *rehearsal) close(ctx context.Context) (err error) {
	if r.tracer != nil {
		err = r.tracer.Close(ctx)
	}
	if r.reader != nil {
		err = joined(err, r.reader.close())
	}
	if r.worker != nil {
		err = joined(err, r.worker.Close())
	}
	if r.drop != nil {
		err = joined(err, r.drop())
	}
	*r = rehearsal{bench: r.bench, look: r.look, last: r.last}
	return err
}

// joined leaves out that a session has ended already: a statement that is
// cancelled takes its session with it.
func joined(first, second error) error {
	if first != nil && (errors.Is(second, sql.ErrConnDone) || errors.Is(second, sql.ErrTxDone)) {
		return first
	}
	return errors.Join(first, second)
}

// replay leads a new database to where the up files lead.
func (r *rehearsal) replay(ctx context.Context, files []plans.MigrationFile) error {
	for {
		if err := r.close(ctx); err != nil {
			return err
		}
		if err := r.open(ctx); err != nil {
			return err
		}
		failure := rerun(ctx, r.worker, files)
		if failure == nil || r.bench.Mend == nil || ctx.Err() != nil {
			return failure
		}
		if mended, err := r.bench.Mend(ctx, failure); err != nil || !mended {
			return errors.Join(failure, err)
		}
	}
}
