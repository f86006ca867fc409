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
	last   catalog.Snapshot // where the files before lead
	// astray is true when the database is not where the up files lead.
	astray bool
}

// begin opens the first database and looks where the files begin.
func (r *rehearsal) begin(ctx context.Context) (err error) {
	if err := r.open(ctx); err != nil {
		return err
	}
	if r.last, err = r.reader.snapshot(ctx); err != nil || r.bench.At == nil {
		return err
	}
	return r.bench.At(ctx, r.reader.conn, nil)
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
	*r = rehearsal{bench: r.bench, last: r.last}
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
	if err := r.close(ctx); err != nil {
		return err
	}
	if err := r.open(ctx); err != nil {
		return err
	}
	return rerun(ctx, r.worker, files)
}
