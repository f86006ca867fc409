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
	what := work.File
	if work.Change.Statement != nil {
		what = fmt.Sprintf("%s:%d", work.File, work.Statements[len(work.Statements)-1].Line)
	}
	return s.persist(ctx, what, func(ctx context.Context, a *attempt) (database.Measured, error) {
		return s.try(ctx, work, a)
	})
}

// transaction is one try on a connection that nobody else uses. What a
// migration sets for its session must not reach the next one: the connection
// is cleaned after it, and closed after a failure.
type transaction struct {
	*connection
	session *session
	attempt *attempt
	work    database.Work
	xid     string
	rows    int64
	lost    bool // the connection is
}

func (s *session) try(ctx context.Context, work database.Work, a *attempt) (m database.Measured, err error) {
	whole := s.atOnce(work)
	c, err := s.worker(ctx, whole)
	if err != nil {
		return m, err
	}
	t := &transaction{connection: c, session: s, attempt: a, work: work}
	defer func() {
		if err == nil && !t.lost && !c.pooled {
			s.keep(c, work)
			return
		}
		err = errors.Join(err, c.close())
	}()
	failpoint.Here("postgres: before begin")
	if whole {
		if m, err = t.whole(ctx); err != nil {
			s.books = nil
		}
		return m, err
	}
	b, err := t.begin(ctx)
	if err != nil {
		s.books = nil
		return m, err
	}
	m, err = t.carryOut(ctx, b.Books)
	if err != nil {
		s.books = nil
		return m, err
	}
	s.books = &b.Books
	return m, nil
}

// carryOut runs the file and writes its receipt. The time it takes begins when
// its locks are there: the wait for them is another figure.
func (t *transaction) carryOut(ctx context.Context, b database.Books) (m database.Measured, err error) {
	failpoint.Here("postgres: before the migration's statements")
	if t.session.inOne(t.work) {
		t.attempt.measure(&m)
		err = t.promote(ctx, m, opening{})
		m.Duration, m.XID = time.Since(t.attempt.granted), t.xid
		return m, err
	}
	if err := t.body(ctx); err != nil {
		return m, err
	}
	m = database.Measured{Duration: time.Since(t.attempt.granted), XID: t.xid, Rows: t.rows}
	t.attempt.measure(&m)
	return m, t.finish(ctx, b, m)
}

func (t *transaction) begin(ctx context.Context) (books, error) {
	var alone bool
	t.attempt.first = first{query: `SELECT pg_current_xact_id()::text, ` + t.session.onlyOne(), into: []any{&t.xid, &alone}}
	if err := t.session.acquire(ctx, t.connection, t.attempt, needs{t.work.Statements, t.work.Locks}); err != nil {
		return books{}, err
	}
	if !alone {
		return books{}, errNotAlone()
	}
	if err := t.guard(ctx); err != nil {
		return books{}, err
	}
	if known := t.session.books; known != nil {
		return books{Books: *known}, nil
	}
	b, err := findBooks(ctx, t, t.session.job.Target.Table)
	if err != nil {
		return books{}, err
	}
	return b, b.Prepare(ctx, t)
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
	var err error
	if t.rows, err = t.execute(ctx); err != nil {
		return err
	}
	xid, err := t.current(ctx)
	if err != nil {
		return err
	}
	if xid != t.xid {
		return t.escaped()
	}
	// What the file has set must not decide over the receipt.
	if _, err := t.ExecContext(ctx, t.leave()); err != nil {
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
	failpoint.Here(t.betweenCommitAndReceipt())
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

// betweenCommitAndReceipt names the point of the negative control. A single
// statement's receipt has a name of its own: the catalog is asked about such a
// statement anyway, so its recovery heals what this split breaks.
func (t *transaction) betweenCommitAndReceipt() string {
	if t.work.Change.Statement != nil {
		return "postgres: between a statement's commit and its receipt"
	}
	return "postgres: between commit and receipt"
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
	return t.afterLoss(ctx, err)
}

// afterLoss finds out what became of a COMMIT that got no answer.
func (t *transaction) afterLoss(ctx context.Context, err error) error {
	t.lost = true
	committed, askErr := t.session.committed(ctx, t.pid, t.work.Change)
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
