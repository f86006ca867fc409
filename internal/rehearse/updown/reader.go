package updown

import (
	"context"
	"database/sql"
	"errors"

	"github.com/lockstep-dev/lockstep/internal/rehearse/catalog"
)

// reader takes snapshots of the schema in a session of its own. Its queries are
// the same at every stop, so each is prepared once: planning them costs more
// than running them.
type reader struct {
	conn     *sql.Conn
	omit     []string
	prepared map[string]*sql.Stmt
}

func newReader(ctx context.Context, db *sql.DB, omit []string) (*reader, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &reader{conn: conn, omit: omit, prepared: map[string]*sql.Stmt{}}, nil
}

func (r *reader) snapshot(ctx context.Context) (s catalog.Snapshot, err error) {
	tx, err := r.conn.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return s, err
	}
	defer func() { _ = tx.Rollback() }() // it only reads
	return catalog.Read(ctx, r, r.omit...)
}

// QueryContext runs a query that the reader has prepared, now or before.
func (r *reader) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	statement, ok := r.prepared[query]
	if !ok {
		var err error
		if statement, err = r.conn.PrepareContext(ctx, query); err != nil {
			return nil, err
		}
		r.prepared[query] = statement
	}
	return statement.QueryContext(ctx, args...)
}

func (r *reader) close() error {
	var failures []error
	for _, statement := range r.prepared {
		failures = append(failures, statement.Close())
	}
	return errors.Join(append(failures, r.conn.Close())...)
}
