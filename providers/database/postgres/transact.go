package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lockstep-dev/lockstep/internal/failpoint"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// Transact tries until the transaction is through, or patience ends: a try
// that waits for a lock gives up early, is undone as a whole, and leaves the
// way free for those who queue behind it.
func (s *session) Transact(ctx context.Context, work database.Work) (database.Measured, error) {
	return s.persist(ctx, work.File, func(ctx context.Context, a *attempt) (database.Measured, error) {
		return s.try(ctx, work, a)
	})
}

// transaction is one try on a connection of its own, which dies with it: what
// a migration sets for its session must not reach the next one.
type transaction struct {
	*connection
	session *session
	attempt *attempt
	work    database.Work
	xid     string
	rows    int64
}

func (s *session) try(ctx context.Context, work database.Work, a *attempt) (m database.Measured, err error) {
	c, err := connect(ctx, s.job.Target.URL, applicationName(s.job.Run, s.job.Step))
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	t := &transaction{connection: c, session: s, attempt: a, work: work}
	start := time.Now()
	failpoint.Here("postgres: before begin")
	b, err := t.begin(ctx)
	if err != nil {
		return m, err
	}
	if err := t.body(ctx); err != nil {
		return m, err
	}
	m = database.Measured{Duration: time.Since(start), XID: t.xid, Rows: t.rows}
	a.measure(&m)
	return m, t.finish(ctx, b, m)
}

func (t *transaction) begin(ctx context.Context) (database.Books, error) {
	if err := t.session.acquire(ctx, t.connection, t.attempt, needs{t.work.Statements, t.work.Locks}); err != nil {
		return database.Books{}, err
	}
	b, err := findBooks(ctx, t, t.session.job.Target.Table)
	if err != nil {
		return database.Books{}, err
	}
	if err := b.Prepare(ctx, t); err != nil {
		return database.Books{}, err
	}
	if t.xid, err = t.current(ctx); err != nil {
		return database.Books{}, err
	}
	if err := t.session.job.Record(database.Facts{XID: t.xid, PID: t.pid}); err != nil {
		return database.Books{}, fmt.Errorf("journal: %w", err)
	}
	return b.Books, nil
}

// careful sets the limits, and the durability that a role may have turned
// off: a receipt must not be lost.
func (t *transaction) careful(ctx context.Context) error {
	if _, err := t.ExecContext(ctx, t.session.limits(t.attempt.bodyLimit())); err != nil {
		return fmt.Errorf("set the timeouts: %w", err)
	}
	return nil
}

func (t *transaction) current(ctx context.Context) (string, error) {
	var xid string
	if err := t.QueryRowContext(ctx, `SELECT pg_current_xact_id()::text`).Scan(&xid); err != nil {
		return "", fmt.Errorf("read the transaction's id: %w", err)
	}
	return xid, nil
}

// body runs the file and makes sure that it is still the same transaction.
func (t *transaction) body(ctx context.Context) error {
	failpoint.Here("postgres: before the migration's statements")
	var err error
	if t.rows, err = t.execute(ctx); err != nil {
		return err
	}
	xid, err := t.current(ctx)
	if err != nil {
		return err
	}
	if xid != t.xid {
		return fmt.Errorf("%s: the file ended its own transaction: part of it is committed without a receipt (transaction %s); look at the database, then decide",
			t.work.File, t.xid)
	}
	// What the file has set must not decide over the receipt.
	if _, err := t.ExecContext(ctx, `RESET ROLE; RESET SESSION AUTHORIZATION`); err != nil {
		return fmt.Errorf("%s: leave the role that the file has set: %w", t.work.File, err)
	}
	return t.careful(ctx)
}

// finish writes the receipt and commits.
func (t *transaction) finish(ctx context.Context, b database.Books, m database.Measured) error {
	if splitReceipt {
		return t.finishInTwo(ctx, b, m)
	}
	if err := b.Enter(ctx, t, t.work.Change, m); err != nil {
		return err
	}
	failpoint.Here("postgres: before commit")
	err := t.commit(ctx)
	failpoint.Here("postgres: after commit")
	return err
}

// finishInTwo is what golang-migrate does: the negative control of the crash
// matrix, which must notice it.
func (t *transaction) finishInTwo(ctx context.Context, b database.Books, m database.Measured) error {
	failpoint.Here("postgres: before commit")
	if err := t.commit(ctx); err != nil {
		return err
	}
	failpoint.Here("postgres: between commit and receipt")
	if _, err := t.ExecContext(ctx, `BEGIN`); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := b.Enter(ctx, t, t.work.Change, m); err != nil {
		return err
	}
	_, err := t.ExecContext(ctx, `COMMIT`)
	failpoint.Here("postgres: after commit")
	return err
}

// commit ends the transaction. When the connection is lost meanwhile, the
// client cannot know what happened; the server does.
func (t *transaction) commit(ctx context.Context) error {
	_, err := t.ExecContext(ctx, `COMMIT`)
	if err == nil {
		return nil
	}
	if c := code(err); c != "" && !lostConnection(c) {
		return describe(err, t.work.File, string(t.work.SQL), 1)
	}
	committed, askErr := t.session.committed(ctx, t.pid, t.xid)
	switch {
	case askErr != nil:
		return errors.Join(fmt.Errorf("commit: %w", err), askErr)
	case committed:
		return nil
	default:
		return fmt.Errorf("commit: the connection was lost and the transaction is undone: %w", err)
	}
}

// lostConnection: class 08 and the operator's interventions end the backend.
func lostConnection(code string) bool { return code[:2] == "08" || code[:3] == "57P" }
