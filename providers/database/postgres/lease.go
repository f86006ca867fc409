package postgres

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/lib/pq"
)

// lease is a row that says who may migrate a database, and until when by the
// database's own clock. Whoever takes it raises its fence; each transaction
// that writes reads the fence first and holds the row until its end, so that
// a process which was paused and overtaken writes nothing. Nothing of it needs
// a session, so it works through a pooler that gives each transaction a
// connection of its own.
//
// The holder's transactions lock the row FOR KEY SHARE, which lets its own
// heartbeat through; whoever takes over locks it FOR UPDATE, which waits for
// them. golang-migrate is kept out by its own two locks, taken for the length
// of each transaction.
type lease struct {
	session *session
	ttl     time.Duration
	name    string
	keys    []int64
	fence   int64

	beats *connection
	lost  context.Context // ends when the lease is not ours any more
	stop  func()
	ended chan struct{}
}

// leaseTTL is how long a lease lives without a heartbeat.
const leaseTTL = 30 * time.Second

// errFenced is the error of a process that wakes up after another has taken
// its lease over.
var errFenced = errors.New("the lease of this database is not ours any more: another run took it over while this process could not renew it; what was under way is undone")

const createLease = `
	CREATE SCHEMA IF NOT EXISTS lockstep;
	CREATE TABLE IF NOT EXISTS lockstep.lease (
		name text PRIMARY KEY, fence bigint NOT NULL, run text NOT NULL, step text NOT NULL, application text NOT NULL,
		actor text NOT NULL, host text NOT NULL, taken_at timestamptz NOT NULL, expires_at timestamptz NOT NULL)`

func (l *lease) take(ctx context.Context) error {
	var database, schema string
	var exists bool
	err := l.session.guard.QueryRowContext(ctx,
		`SELECT current_database(), coalesce(current_schema(), ''), to_regclass('lockstep.lease') IS NOT NULL`).Scan(&database, &schema, &exists)
	if err != nil {
		return fmt.Errorf("read the catalog: %w", err)
	}
	l.keys = lockKeys(database, schema, l.session.job.Target.Table)
	l.name = leaseName(schema, l.session.job.Target.Table)
	if !exists {
		if err := l.create(ctx); err != nil {
			return err
		}
	}
	if err := l.session.outwait(ctx, l.try); err != nil {
		return err
	}
	return l.keep(ctx)
}

// leaseName tells folders apart that share a database.
func leaseName(schema, table string) string { return schema + "." + table }

// create makes the table. CREATE IF NOT EXISTS fails when two do it at once;
// then the other one has made it.
func (l *lease) create(ctx context.Context) error {
	_, err := l.session.guard.ExecContext(ctx, createLease)
	switch code(err) {
	case "23505", "42P07", "42P06":
		return nil
	}
	if err != nil {
		return fmt.Errorf("create Lockstep's lease: %w", err)
	}
	return nil
}

// try takes the lease, or says who has it. It looks first: whoever tries for
// golang-migrate's locks is in the way of the holder for a moment.
func (l *lease) try(ctx context.Context) (who string, err error) {
	var held leaseRow
	err = held.scan(l.session.guard.QueryRowContext(ctx, selectLease+` WHERE name = $1`, l.name))
	if err == nil && held.live && held.run != l.session.job.Run {
		return held.String(), nil
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("take the lease: %w", err)
	}
	got, err := l.tryTransaction(ctx)
	switch {
	case err != nil:
		return "", err
	case got && held.run != "" && held.application != l.session.application():
		// It stands still, perhaps in a transaction that has not read the
		// fence yet and keeps our own out.
		return "", l.session.endBusy(ctx, held.application)
	case got:
		return "", nil
	}
	return l.inTheWay(ctx, held)
}

// tryTransaction takes the lease where nobody works on the database.
func (l *lease) tryTransaction(ctx context.Context) (got bool, err error) {
	tx, err := l.session.guard.BeginTx(ctx, nil)
	if err != nil {
		return false, fmt.Errorf("take the lease: %w", l.session.guard.statementPooling(err))
	}
	defer func() { _ = tx.Rollback() }() // harmless after a commit
	err = tx.QueryRowContext(ctx, `SELECT pg_try_advisory_xact_lock($1) AND pg_try_advisory_xact_lock($2)`, l.keys[0], l.keys[1]).Scan(&got)
	if err == nil && got {
		got, err = l.takeRow(ctx, tx)
	}
	if err == nil && got {
		err = tx.Commit()
	}
	if err != nil {
		return false, fmt.Errorf("take the lease: %w", err)
	}
	return got, nil
}

// takeRow raises the fence when the row is free: given back, expired, or left
// by an earlier process of this run.
func (l *lease) takeRow(ctx context.Context, tx *sql.Tx) (bool, error) {
	job := l.session.job
	host, err := os.Hostname()
	if err != nil {
		host = "an unknown host"
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO lockstep.lease VALUES ($1, 0, '', '', '', '', '', 'epoch', 'epoch') ON CONFLICT DO NOTHING`, l.name); err != nil {
		return false, err
	}
	var held leaseRow
	err = held.scan(tx.QueryRowContext(ctx, selectLease+` WHERE name = $1 FOR UPDATE NOWAIT`, l.name))
	if code(err) == "55P03" {
		return false, nil
	}
	if err != nil || held.live && held.run != job.Run {
		return false, err
	}
	err = tx.QueryRowContext(ctx, `
		UPDATE lockstep.lease SET fence = fence + 1, run = $2, step = $3, application = $4, actor = session_user, host = $5,
		       taken_at = clock_timestamp(), expires_at = clock_timestamp() + $6::float8 * interval '1 second'
		WHERE name = $1 RETURNING fence`,
		l.name, job.Run, job.Step, l.session.application(), host, l.ttl.Seconds()).Scan(&l.fence)
	return err == nil, err
}

// inTheWay names who holds golang-migrate's locks or the row, and ends what a
// process left that does not renew its lease any more: those transactions
// have not committed, and cannot any more.
func (l *lease) inTheWay(ctx context.Context, held leaseRow) (string, error) {
	if held.application != "" {
		if err := l.session.endBusy(ctx, held.application); err != nil {
			return "", err
		}
	}
	return l.session.holder(ctx, l.keys), nil
}

// enter reads the fence and holds it until the transaction's end. Whoever
// tries for the lease locks the row for a moment, which is a passing cause.
func (l *lease) enter(ctx context.Context, tx rowQuerier) error {
	var free bool
	err := tx.QueryRowContext(ctx, `
		SELECT pg_try_advisory_xact_lock($1) AND pg_try_advisory_xact_lock($2), set_config('application_name', $5, true) IS NULL
		FROM lockstep.lease WHERE name = $3 AND fence = $4 FOR KEY SHARE NOWAIT`,
		l.keys[0], l.keys[1], l.name, l.fence, l.session.application()).Scan(&free, new(bool))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return errFenced
	case err != nil:
		return fmt.Errorf("read the fence: %w", err)
	case !free: // a passing cause
		return &pq.Error{Code: "55P03", Message: otherTool + l.session.holder(ctx, l.keys)}
	}
	return nil
}

const otherTool = "another tool is migrating this database: "

// enterTries is how often a transaction that holds nothing yet tries to enter.
const enterTries = 6

// enterBooks enters a transaction that writes the books alone. A try of a lease
// that fails would abort the transaction, so each has a savepoint.
func (s *session) enterBooks(ctx context.Context, tx rowQuerier) error {
	if _, leases := s.guarding.(*lease); !leases {
		return s.guarding.enter(ctx, tx)
	}
	for try := 0; ; try++ {
		err := tryEntering(ctx, s.guarding, tx)
		if !passing(err) || try == enterTries {
			return err
		}
		if err := sleep(ctx, backoff(try)); err != nil {
			return err
		}
	}
}

// tryEntering leaves the transaction as it was where it fails.
func tryEntering(ctx context.Context, g guarding, tx rowQuerier) error {
	if _, err := tx.ExecContext(ctx, `SAVEPOINT lockstep_entering`); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	end := `RELEASE SAVEPOINT lockstep_entering`
	failure := g.enter(ctx, tx)
	if failure != nil {
		end = `ROLLBACK TO SAVEPOINT lockstep_entering`
	}
	if _, err := tx.ExecContext(ctx, end); err != nil {
		return cmp.Or(failure, fmt.Errorf("begin: %w", err))
	}
	return failure
}

// beside holds the fence in a transaction that does nothing else.
func (l *lease) beside(ctx context.Context) (context.Context, func() error, error) {
	c, err := connect(ctx, l.session.job.Target.URL, l.session.application())
	if err != nil {
		return nil, nil, err
	}
	tx, err := c.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("begin: %w", c.statementPooling(err)), c.close())
	}
	if err = l.enter(ctx, tx); err == nil {
		// The simple query closes what enter has read from, and with it the
		// snapshot that CREATE INDEX CONCURRENTLY would wait for.
		_, err = tx.ExecContext(ctx, `SET LOCAL idle_in_transaction_session_timeout = 0`)
	}
	if err != nil {
		return nil, nil, errors.Join(err, tx.Rollback(), c.close())
	}
	guarded, cancel := context.WithCancelCause(ctx)
	unhook := context.AfterFunc(l.lost, func() { cancel(errFenced) })
	return guarded, func() error {
		unhook()
		cancel(nil)
		return errors.Join(tx.Rollback(), c.close())
	}, nil
}
