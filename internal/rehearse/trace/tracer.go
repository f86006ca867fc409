package trace

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lib/pq"
)

// Options of a tracer.
type Options struct {
	// Ignore names relations, schema-qualified as quote_ident spells them, that
	// are no part of what is traced. Their indexes go with them.
	Ignore []string
}

// Tracer runs statements on one session of a scratch database, the worker, and
// looks on with others. Nobody else may use the database meanwhile. It is not
// safe for concurrent use.
type Tracer struct {
	db               *sql.DB
	worker, observer *sql.Conn
	pid              int
	version          int // server_version_num
	ignore           []string
	unseen           []string
	installed        bool // the event triggers were there before
	transaction      *transaction
}

// transaction is what the worker's open transaction has been seen to do.
type transaction struct {
	began string  // its start, which a COMMIT in a statement's text changes
	first catalog // at its start
	last  catalog // after the last statement
	held  held    // locks after the last statement
	ran   ran     // routines that were called until then
}

// New opens the sessions, and makes the event triggers in the database that db
// leads to unless Install has. Without a superuser there are none; Measured.Unseen
// then says what that hides. The handle must allow four sessions. Close takes
// away what New has made.
func New(ctx context.Context, db *sql.DB, opts Options) (*Tracer, error) {
	t := &Tracer{db: db, ignore: slices.Clone(opts.Ignore)}
	if err := t.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("trace a scratch database: %w", err), t.closeSessions())
	}
	return t, nil
}

func (t *Tracer) open(ctx context.Context) (err error) {
	if t.worker, err = t.db.Conn(ctx); err != nil {
		return err
	}
	if t.observer, err = t.db.Conn(ctx); err != nil {
		return err
	}
	const about = "SELECT pg_catalog.pg_backend_pid(), pg_catalog.current_setting('server_version_num')::pg_catalog.int4"
	if err := t.worker.QueryRowContext(ctx, about).Scan(&t.pid, &t.version); err != nil {
		return err
	}
	const installed = "SELECT EXISTS (SELECT FROM pg_catalog.pg_event_trigger WHERE evtname = '" + Schema + "_dropped' AND evtenabled = 'A')"
	if err := t.worker.QueryRowContext(ctx, installed).Scan(&t.installed); err != nil || t.installed {
		return err
	}
	_, err = t.worker.ExecContext(ctx, Install())
	var refused *pq.Error
	if errors.As(err, &refused) && refused.Code == "42501" { // insufficient_privilege
		t.unseen = []string{"what was dropped, and why a table was rewritten: event triggers need a superuser"}
		return nil
	}
	return err
}

// Worker is the session that statements run on, for what a migration tool sets
// before it starts.
func (t *Tracer) Worker() *sql.Conn { return t.worker }

// Close rolls back what is open, takes the event triggers away and closes the
// sessions. It does not close the database handle.
func (t *Tracer) Close(ctx context.Context) error {
	var err error
	if t.transaction != nil {
		err = t.Rollback(ctx)
	}
	if len(t.unseen) == 0 && !t.installed {
		_, removed := t.observer.ExecContext(ctx, remove())
		err = errors.Join(err, removed)
	}
	return errors.Join(err, t.closeSessions())
}

func (t *Tracer) closeSessions() error {
	var err error
	for _, c := range []*sql.Conn{t.worker, t.observer} {
		if c != nil {
			err = errors.Join(err, c.Close())
		}
	}
	return err
}

// Begin opens the transaction of a file.
func (t *Tracer) Begin(ctx context.Context) error {
	if t.transaction != nil {
		return errors.New("a traced transaction is open already: commit or roll it back first")
	}
	if _, err := t.worker.ExecContext(ctx, "BEGIN"); err != nil {
		return fmt.Errorf("begin a traced transaction: %w", err)
	}
	first, began, err := t.readCatalog(ctx, pending)
	if err != nil {
		_, rolledBack := t.worker.ExecContext(ctx, "ROLLBACK")
		return errors.Join(err, rolledBack)
	}
	called, err := t.readRoutines(ctx)
	if err != nil {
		_, rolledBack := t.worker.ExecContext(ctx, "ROLLBACK")
		return errors.Join(err, rolledBack)
	}
	t.transaction = &transaction{began: began, first: first, last: first, held: held{}, ran: called}
	return nil
}

// Statement runs one statement in the open transaction. The error is the
// server's as it came; after it the transaction can only be rolled back, and
// what the statement locked is not known, as the server has let it go. After a
// statement that ends the transaction another one is open.
func (t *Tracer) Statement(ctx context.Context, text string) (Measured, error) {
	if t.transaction == nil {
		return Measured{}, errors.New("no traced transaction is open: begin one first, or run the statement alone")
	}
	start := time.Now()
	_, err := t.worker.ExecContext(ctx, text)
	took := time.Since(start)
	if err != nil {
		return Measured{Took: took, Unseen: []string{"everything but the failure: a failed statement lets go of its locks at once"}}, err
	}
	measured, err := t.look(ctx, text)
	measured.Took = took
	return measured, err
}

func (t *Tracer) look(ctx context.Context, text string) (Measured, error) {
	now, err := t.readLocks(ctx)
	if err != nil {
		return Measured{}, err
	}
	after, began, err := t.readCatalog(ctx, pending)
	if err != nil {
		return Measured{}, err
	}
	seen, err := t.takeEvents(ctx)
	if err != nil {
		return Measured{}, err
	}
	called, err := t.readRoutines(ctx)
	if err != nil {
		return Measured{}, err
	}
	tx := t.transaction
	code, unseen := codeOf(text, called, tx.ran)
	if began != tx.began {
		measured, err := t.anew(ctx)
		measured.Code, measured.Unseen = code, append(measured.Unseen, unseen...)
		return measured, err
	}
	c := change{before: tx.last, after: after, events: seen, hidden: func(oid int64) bool {
		_, old := tx.first[oid]
		return !old
	}}
	measured := c.measured(now, tx.held)
	measured.Code, measured.Unseen = code, slices.Concat(t.unseen, unseen)
	tx.last, tx.held, tx.ran = after, now, called
	return measured, nil
}

// anew begins a transaction after a statement that has ended the one it ran in,
// as a file may that runs in one transaction and has a COMMIT within.
func (t *Tracer) anew(ctx context.Context) (Measured, error) {
	t.transaction = nil
	if _, err := t.worker.ExecContext(ctx, "COMMIT"); err != nil { // a BEGIN may have followed
		return Measured{}, fmt.Errorf("end a transaction that a statement began: %w", err)
	}
	return Measured{Unseen: []string{"what the statement locked: it ended the transaction that it ran in (COMMIT, ROLLBACK), which lets locks go at once"}}, t.Begin(ctx)
}

// Commit ends the open transaction and keeps what it did.
func (t *Tracer) Commit(ctx context.Context) error { return t.end(ctx, "COMMIT") }

// Rollback ends the open transaction and undoes what it did.
func (t *Tracer) Rollback(ctx context.Context) error { return t.end(ctx, "ROLLBACK") }

func (t *Tracer) end(ctx context.Context, word string) error {
	if t.transaction == nil {
		return errors.New("no traced transaction is open")
	}
	t.transaction = nil
	if _, err := t.worker.ExecContext(ctx, word); err != nil {
		return fmt.Errorf("end a traced transaction by %s: %w", word, err)
	}
	return nil
}
