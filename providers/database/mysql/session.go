package mysql

import (
	"context"
	"errors"
	"fmt"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// session is one step's work. The guard connection holds golang-migrate's
// lock, keeps the books and looks into the catalog; it never waits for a
// table of the application. The statements of a file run on the worker.
type session struct {
	job    database.Job
	server server
	guard  *connection
	worker *connection // made when it is needed
}

// Open ends what an earlier process of this step left, and takes the locks.
func (kind) Open(ctx context.Context, job database.Job) (database.Session, error) {
	guard, err := connect(ctx, job.Target.URL, "lockstep/"+job.Run+"/"+job.Step)
	if err != nil {
		return nil, err
	}
	s := &session{job: job, guard: guard}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, guard.close())
	}
	return s, nil
}

func (s *session) open(ctx context.Context) error {
	var err error
	if s.server, err = inquire(ctx, s.guard); err != nil {
		return err
	}
	if err := s.quiesce(ctx); err != nil {
		return err
	}
	if !s.job.Exclusive {
		return nil
	}
	if err := mustWrite(ctx, s.guard); err != nil {
		return err
	}
	// The guard is idle while a statement runs for hours, and wait_timeout,
	// eight hours by default, would take its locks away. The books must not
	// stand in a queue either.
	if _, err := s.guard.ExecContext(ctx, `SET SESSION wait_timeout = 2000000, lock_wait_timeout = 30, innodb_lock_wait_timeout = 30`); err != nil {
		return fmt.Errorf("set the timeouts: %w", err)
	}
	if err := s.mark(ctx, s.guard, guardMark); err != nil {
		return err
	}
	return s.lock(ctx)
}

// Close lets the locks go.
func (s *session) Close() error {
	var err error
	if s.worker != nil {
		err = s.worker.close()
	}
	return errors.Join(err, s.guard.close())
}

func (s *session) State(ctx context.Context) (database.State, error) {
	return readState(ctx, s.guard, s.job.Target.Table)
}

// Write runs bookkeeping in a transaction of its own. What makes tables
// commits by itself, and does no harm when it is repeated.
func (s *session) Write(ctx context.Context, entry func(database.Books, database.Querier) error) error {
	b, err := findBooks(ctx, s.guard, s.job.Target.Table)
	if err != nil {
		return err
	}
	tx, err := s.guard.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // harmless after a commit
	if err := entry(b.Books, positional{tx}); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// Alive is never true: Open has ended what an earlier process left, and the
// transactions of others have no part in this step.
func (s *session) Alive(context.Context, string) (bool, error) { return false, nil }

// Mend has nothing to remove: a statement is there as a whole or not at all.
func (s *session) Mend(context.Context, sqlscan.Statement) error { return nil }

// LeavesNothing: a statement that the server refuses is undone as a whole,
// but for one that runs others, that is about several objects (MariaDB drops
// one after the other), or that writes to a table without transactions.
func (s *session) LeavesNothing(ctx context.Context, statement sqlscan.Statement) bool {
	if len(statement.Words) == 0 || statement.ExecutableComment() {
		return false
	}
	switch statement.Words[0] {
	case "CREATE", "ALTER":
		return true
	case "DROP", "RENAME":
		return len(wishes(statement)) <= 2 && !statement.Starts("DROP") || len(wishes(statement)) == 1
	case "INSERT", "UPDATE", "DELETE", "REPLACE":
		for _, table := range statement.Writes() {
			if engine, err := s.engineWithout(ctx, table); err != nil || engine != "" {
				return false
			}
		}
		return true
	default:
		return false
	}
}
