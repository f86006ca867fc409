package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	sqlitelib "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/lockstep-dev/lockstep/internal/failpoint"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// session is one step's work on a file. Nothing of an earlier process is left
// over: SQLite undoes its transaction when the file is opened again.
type session struct {
	job  database.Job
	file string
}

// Open makes the file's folder when there is work to do in it; connections
// are made as they are needed.
func (d driver) Open(_ context.Context, job database.Job) (database.Session, error) {
	file, err := locate(job.Target.URL, d.folder)
	if err != nil {
		return nil, err
	}
	if job.Exclusive {
		if err := makeFolder(d.folder, file); err != nil {
			return nil, err
		}
	}
	return &session{job: job, file: file}, nil
}

// Close has nothing to let go.
func (s *session) Close() error { return nil }

// State does not create a file that is missing.
func (s *session) State(ctx context.Context) (_ database.State, err error) {
	there, err := exists(s.file)
	if err != nil {
		return database.State{}, err
	}
	if !there {
		return database.State{Fresh: true}, nil
	}
	return s.retryState(ctx)
}

func (s *session) retryState(ctx context.Context) (state database.State, err error) {
	_, err = s.persist(ctx, func() (m database.Measured, err error) {
		// Read-write: SQLite can only undo a crashed transaction when it may write.
		c, err := connect(ctx, s.file, readWrite)
		if err != nil {
			return m, err
		}
		defer func() { err = errors.Join(err, c.close()) }()
		state, err = snapshot(ctx, c, s.file, s.job.Target.Table)
		return m, err
	})
	return state, err
}

// Transact tries until the transaction is through, or patience ends.
func (s *session) Transact(ctx context.Context, work database.Work) (database.Measured, error) {
	return s.persist(ctx, func() (database.Measured, error) { return s.try(ctx, work) })
}

// persist repeats a try while somebody else holds the file.
func (s *session) persist(ctx context.Context, try func() (database.Measured, error)) (database.Measured, error) {
	deadline := time.Now().Add(s.job.Patience)
	start := time.Now()
	for n := 1; ; n++ {
		tried := time.Now()
		measured, err := try()
		measured.Tries, measured.LockWait = n, measured.LockWait+tried.Sub(start)
		if !busy(err) {
			return measured, err
		}
		pause := 20*time.Millisecond + rand.N(80*time.Millisecond)
		if time.Now().Add(pause).After(deadline) {
			return measured, fmt.Errorf("%w: another process is writing %s (tried %d times in %s); end it",
				providers.ErrBlocked, filepath.Base(s.file), n, s.job.Patience)
		}
		if n == 1 {
			s.job.Say("waiting for another process that is writing %s", filepath.Base(s.file))
		}
		select {
		case <-ctx.Done():
			return measured, ctx.Err()
		case <-time.After(pause):
		}
	}
}

func busy(err error) bool {
	var e *sqlitelib.Error
	if !errors.As(err, &e) {
		return false
	}
	primary := e.Code() & 0xff
	return primary == sqlite3.SQLITE_BUSY || primary == sqlite3.SQLITE_LOCKED
}

// try runs the file inside of a savepoint: when the file ends the
// transaction, the savepoint is gone with it, and releasing it fails.
func (s *session) try(ctx context.Context, work database.Work) (m database.Measured, err error) {
	c, err := connect(ctx, s.file, readWrite)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	start := time.Now()
	failpoint.Here("sqlite: before begin")
	if err := s.begin(ctx, c); err != nil {
		return m, err
	}
	defer func() {
		if err != nil {
			_, _ = c.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`) // closing does it too
		}
	}()
	m.LockWait = time.Since(start)
	b := books(s.job.Target.Table)
	if err := b.Prepare(ctx, c); err != nil {
		return m, err
	}
	before, err := changes(ctx, c)
	if err != nil {
		return m, err
	}
	if err := s.body(ctx, c, work); err != nil {
		return m, err
	}
	if m.Rows, err = changes(ctx, c); err != nil {
		return m, err
	}
	m.Rows -= before
	m.Duration = time.Since(start)
	return m, s.finish(ctx, c, work, m)
}

func (s *session) begin(ctx context.Context, c *connection) error {
	if _, err := c.ExecContext(ctx, `BEGIN IMMEDIATE`); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := s.job.Record(database.Facts{PID: os.Getpid()}); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// changes is how many rows the connection has changed so far.
func changes(ctx context.Context, c *connection) (n int64, err error) {
	if err := c.QueryRowContext(ctx, `SELECT total_changes()`).Scan(&n); err != nil {
		return 0, fmt.Errorf("count the changed rows: %w", err)
	}
	return n, nil
}

func (s *session) body(ctx context.Context, c *connection, work database.Work) error {
	if _, err := c.ExecContext(ctx, `SAVEPOINT lockstep`); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	failpoint.Here("sqlite: before the migration's statements")
	for _, statement := range work.Statements {
		if _, err := c.ExecContext(ctx, statement.Text); err != nil {
			return describe(err, work.File, statement.Line)
		}
	}
	if _, err := c.ExecContext(ctx, `RELEASE lockstep`); err != nil {
		return fmt.Errorf("%s: the file ended its own transaction: part of it may be there without a receipt; look at the database, then decide: %w", work.File, err)
	}
	return nil
}

func (s *session) finish(ctx context.Context, c *connection, work database.Work, m database.Measured) error {
	b := books(s.job.Target.Table)
	if err := b.Enter(ctx, c, work.Change, m); err != nil {
		return err
	}
	failpoint.Here("sqlite: before commit")
	if _, err := c.ExecContext(ctx, `COMMIT`); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	failpoint.Here("sqlite: after commit")
	return nil
}

func describe(err error, file string, line int) error {
	var e *sqlitelib.Error
	if !errors.As(err, &e) || busy(err) {
		return err
	}
	message := strings.TrimPrefix(e.Error(), "SQL logic error: ")
	return &database.SQLError{File: file, Line: line, Message: message, Cause: err}
}

// Run runs one statement outside of a transaction.
func (s *session) Run(ctx context.Context, statement database.Statement) (database.Measured, error) {
	return s.persist(ctx, func() (m database.Measured, err error) {
		c, err := connect(ctx, s.file, readWrite)
		if err != nil {
			return m, err
		}
		defer func() { err = errors.Join(err, c.close()) }()
		start := time.Now()
		if _, err := c.ExecContext(ctx, statement.Text); err != nil {
			return m, describe(err, statement.File, statement.Line)
		}
		m.Duration = time.Since(start)
		return m, nil
	})
}

// Write runs bookkeeping in a transaction of its own.
func (s *session) Write(ctx context.Context, entry func(database.Books, database.Querier) error) error {
	_, err := s.persist(ctx, func() (m database.Measured, err error) {
		c, err := connect(ctx, s.file, readWrite)
		if err != nil {
			return m, err
		}
		defer func() { err = errors.Join(err, c.close()) }()
		if _, err := c.ExecContext(ctx, `BEGIN IMMEDIATE`); err != nil {
			return m, fmt.Errorf("begin: %w", err)
		}
		if err := entry(books(s.job.Target.Table), c); err != nil {
			return m, err
		}
		if _, err := c.ExecContext(ctx, `COMMIT`); err != nil {
			return m, fmt.Errorf("commit: %w", err)
		}
		return m, nil
	})
	return err
}

// Alive is never true: a process that died has left no transaction.
func (s *session) Alive(context.Context, string) (bool, error) { return false, nil }

// Mend has nothing to remove: a SQLite statement is there as a whole or not.
func (s *session) Mend(context.Context, sqlscan.Statement) error { return nil }

// Inspect looks the effect of a statement up in the catalog.
func (s *session) Inspect(ctx context.Context, statement sqlscan.Statement) (database.Effect, error) {
	o := subject(statement)
	if o.repeatable {
		return database.EffectRepeatable, nil
	}
	if o.name == "" {
		return database.EffectUnknown, nil
	}
	c, err := connect(ctx, s.file, readOnly)
	if err != nil {
		return database.EffectUnknown, err
	}
	defer func() { _ = c.close() }() // it only read
	var there bool
	if err := c.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = ?1 AND lower(name) = lower(?2))`,
		o.kind, o.name).Scan(&there); err != nil {
		return database.EffectUnknown, fmt.Errorf("look up %s: %w", o.name, err)
	}
	if there == (o.verb == "CREATE") {
		return database.EffectDone, nil
	}
	return database.EffectAbsent, nil
}
