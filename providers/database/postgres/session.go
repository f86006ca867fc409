package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/lockstep-dev/lockstep/providers/database"
)

// session is one step's work. The guard connection holds the advisory locks
// and watches; it never has a transaction open. Migrations get connections of
// their own.
type session struct {
	job      database.Job
	guard    *connection
	guarding guarding
	checked  time.Time // when the guard was last seen

	kept *kept // the connection for the next migration
	// books are set once they are known to be there.
	books *database.Books
}

// Open ends what an earlier process of this step left, and takes the locks.
func (driver) Open(ctx context.Context, job database.Job) (database.Session, error) {
	guard, err := connect(ctx, job.Target.URL, applicationOf(job))
	if err != nil {
		return nil, err
	}
	s := &session{job: job, guard: guard, guarding: unguarded{}}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *session) open(ctx context.Context) error {
	if err := refusePooler(s.guard, s.job.Target); err != nil {
		return err
	}
	if err := s.quiesce(ctx); err != nil {
		return err
	}
	if !s.job.Exclusive {
		return nil
	}
	var standby bool
	if err := s.guard.QueryRowContext(ctx, `SELECT pg_is_in_recovery()`).Scan(&standby); err != nil {
		return fmt.Errorf("read the server's role: %w", err)
	}
	if standby {
		return errors.New("the server is a standby and cannot be written; use the primary's url")
	}
	s.guarding = newGuarding(s)
	return s.guarding.take(ctx)
}

// Close lets the locks go.
func (s *session) Close() error { return errors.Join(s.dismiss(), s.guarding.give(), s.guard.close()) }

// State implements database.Session. What it tells is durable: it waits for
// the commits of a row that nobody has waited for.
func (s *session) State(ctx context.Context) (database.State, error) {
	state, err := readState(ctx, s.guard, s.job.Target.Table)
	if err == nil && len(state.History) > 0 {
		err = flush(ctx, s.guard)
	}
	return state, err
}

// quiesceGrace is how long a backend may take to end.
const quiesceGrace = 30 * time.Second

// quiesce ends the backends that an earlier process of this run and step left
// behind, and waits until they are gone: a transaction is then committed or
// not, for certain.
func (s *session) quiesce(ctx context.Context) error {
	return s.endBusy(ctx, s.application())
}

// endBusy ends the backends of an application. Behind a pooler an idle one is
// nobody's, and keeps the name of whoever used it last.
func (s *session) endBusy(ctx context.Context, application string) error {
	deadline := time.Now().Add(quiesceGrace)
	for {
		var left int
		err := s.guard.QueryRowContext(ctx, `
			SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE application_name = $1 AND datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
			  AND NOT ($2 AND state = 'idle')`,
			application, s.guard.pooled).Scan(&left)
		if err != nil {
			return fmt.Errorf("look for an interrupted try: %w", err)
		}
		if left == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d connections of an interrupted try do not end; end them on the server", left)
		}
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}

// Alive implements database.Session.
func (s *session) Alive(ctx context.Context, xid string) (bool, error) {
	if xid == "" {
		return s.oursUnderWay(ctx)
	}
	if _, err := strconv.ParseUint(xid, 10, 64); err != nil {
		return false, nil // not an id of ours
	}
	var status sql.NullString
	if err := s.guard.QueryRowContext(ctx, `SELECT pg_xact_status($1::text::xid8)`, xid).Scan(&status); err != nil {
		// Ids of the future belong to another cluster: not alive here.
		if code(err) == "22023" {
			return false, nil
		}
		return false, fmt.Errorf("look up transaction %s: %w", xid, err)
	}
	return status.String == "in progress", nil
}

// Write runs bookkeeping in a transaction of its own.
func (s *session) Write(ctx context.Context, entry func(database.Books, database.Querier) error) error {
	tx, err := s.guard.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // harmless after a commit
	if _, err := tx.ExecContext(ctx, `SET LOCAL synchronous_commit = on`); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := s.enterBooks(ctx, tx); err != nil {
		return err
	}
	b, err := findBooks(ctx, tx, s.job.Target.Table)
	if err != nil {
		return err
	}
	if err := entry(b.Books, tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}
