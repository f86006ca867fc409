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
	plain  Plain
	led    int // how many up files have run on plain
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
	open := r.bench.Open
	if r.plain != nil {
		open = r.plain.Clone
	}
	db, drop, err := open(ctx)
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
	*r = rehearsal{bench: r.bench, look: r.look, last: r.last, plain: r.plain, led: r.led}
	return err
}

// end lets the plain database go as well.
func (r *rehearsal) end(ctx context.Context) error {
	err := r.close(ctx)
	if r.plain != nil {
		err = joined(err, r.plain.Drop(ctx))
	}
	r.plain, r.led = nil, 0
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
