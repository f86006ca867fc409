package rehearse

import (
	"context"
	"database/sql"
	"errors"

	"github.com/lockstep-dev/lockstep/internal/rehearse/updown"
)

// Clone opens another database that is as this one is.
func (b base) Clone(ctx context.Context) (*sql.DB, func() error, error) {
	made, err := b.Database.Clone(ctx)
	if err != nil {
		return nil, nil, err
	}
	db, err := sql.Open("postgres", made.URL())
	if err != nil {
		return nil, nil, errors.Join(err, made.Drop(context.WithoutCancel(ctx)))
	}
	return db, func() error { return errors.Join(db.Close(), made.Drop(context.WithoutCancel(ctx))) }, nil
}

// plain is a clone that can be cloned.
func (b base) plain(ctx context.Context) (updown.Plain, error) {
	made, err := b.Database.Clone(ctx)
	if err != nil {
		return nil, err
	}
	return base{Database: made}, nil
}

// Use connects to the database for as long as something runs there.
func (b base) Use(_ context.Context, run func(*sql.DB) error) (err error) {
	db, err := sql.Open("postgres", b.URL())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return run(db)
}
