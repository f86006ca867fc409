package mysql

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/internal/failpoint"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// Transact runs a file that changes rows alone, in one transaction with its
// receipt. A try that waits for a lock gives up and is undone as a whole.
func (s *session) Transact(ctx context.Context, work database.Work) (database.Measured, error) {
	if err := s.mustBeTransactional(ctx, work); err != nil {
		return database.Measured{}, err
	}
	if err := s.Write(ctx, func(b database.Books, q database.Querier) error { return b.Prepare(ctx, q) }); err != nil {
		return database.Measured{}, err
	}
	var tables []string
	for _, statement := range work.Statements {
		tables = append(tables, mentioned(statement)...)
	}
	return s.persist(ctx, attempt{what: work.File, tables: tables, try: func(ctx context.Context, n int) (database.Measured, error) {
		return s.try(ctx, work, n)
	}})
}

// mustBeTransactional refuses to write to tables that cannot be undone.
func (s *session) mustBeTransactional(ctx context.Context, work database.Work) error {
	for _, statement := range work.Statements {
		for _, table := range statement.Writes() {
			engine, err := s.engineWithout(ctx, table)
			if err != nil {
				return err
			}
			if engine != "" {
				return fmt.Errorf("%s:%d: table %s is kept by engine %s, which has no transactions, so this file is not all or nothing; run ALTER TABLE %s ENGINE=InnoDB, or accept one statement at a time: \"-- lockstep:no-transaction\"",
					work.File, statement.Line, table, engine, table)
			}
		}
	}
	return nil
}

// engineWithout is the table's engine when it has no transactions, else "".
func (s *session) engineWithout(ctx context.Context, table string) (string, error) {
	schema, name := qualified(table)
	engines, err := s.column(ctx, `SELECT t.engine FROM information_schema.tables t JOIN information_schema.engines e ON e.engine = t.engine
		WHERE t.table_schema = COALESCE(?, DATABASE()) AND t.table_name = ? AND COALESCE(e.transactions, 'NO') <> 'YES'`, schema, name)
	return strings.Join(engines, ", "), err
}

func (s *session) try(ctx context.Context, work database.Work, n int) (m database.Measured, err error) {
	c, err := s.work(ctx)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if err := s.limit(ctx, c, n); err != nil {
		return m, err
	}
	start := time.Now()
	failpoint.Here("mysql: before begin")
	if _, err := c.ExecContext(ctx, `START TRANSACTION`); err != nil {
		return m, fmt.Errorf("begin: %w", err)
	}
	if m.Rows, err = s.body(ctx, c, work); err != nil {
		return m, err
	}
	m.Duration = time.Since(start)
	if err := s.receipt(ctx, c, work, m); err != nil {
		return m, err
	}
	return m, s.commit(ctx, c, work)
}

// body runs the file inside of a savepoint: when the file ends the
// transaction, the savepoint is gone with it, and releasing it fails.
func (s *session) body(ctx context.Context, c *connection, work database.Work) (rows int64, err error) {
	if _, err := c.ExecContext(ctx, `SAVEPOINT lockstep`); err != nil {
		return 0, fmt.Errorf("begin: %w", err)
	}
	failpoint.Here("mysql: before the migration's statements")
	for _, statement := range work.Statements {
		n, err := s.bounded(ctx, c, statement.Text)
		if err != nil {
			return 0, describe(err, work.File, statement.Line)
		}
		rows += n
	}
	if _, err := c.ExecContext(ctx, `RELEASE SAVEPOINT lockstep`); err != nil {
		return 0, fmt.Errorf("%s: the file ended its own transaction: part of it may be there without a receipt; look at the database, then decide: %w", work.File, err)
	}
	return rows, nil
}

// receipt writes the change after what the file has set for its session is
// taken back: it must not decide over the receipt.
func (s *session) receipt(ctx context.Context, c *connection, work database.Work, m database.Measured) error {
	if _, err := c.ExecContext(ctx, `SET NAMES utf8mb4`); err != nil {
		return fmt.Errorf("write the receipt: %w", err)
	}
	if _, err := c.ExecContext(ctx, `SET SESSION sql_mode = ?`, s.server.sqlMode); err != nil {
		return fmt.Errorf("write the receipt: %w", err)
	}
	b, err := findBooks(ctx, c, s.job.Target.Table)
	if err != nil {
		return err
	}
	return b.Enter(ctx, positional{c}, work.Change, m)
}

// commit ends the transaction. When the connection is lost meanwhile, the
// client cannot know what happened; the receipt tells.
func (s *session) commit(ctx context.Context, c *connection, work database.Work) error {
	failpoint.Here("mysql: before commit")
	_, err := c.ExecContext(ctx, `COMMIT`)
	failpoint.Here("mysql: after commit")
	if err == nil {
		return nil
	}
	if number(err) != 0 {
		return describe(err, work.File, 1)
	}
	committed, askErr := s.committed(ctx, work)
	switch {
	case askErr != nil:
		return errors.Join(fmt.Errorf("commit: %w", err), askErr)
	case committed:
		return nil
	default:
		return fmt.Errorf("commit: the connection was lost and the transaction is undone: %w", err)
	}
}

// committed ends the lost connection and then looks for the receipt.
func (s *session) committed(ctx context.Context, work database.Work) (_ bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), quiesceGrace)
	defer cancel()
	guard, err := connect(ctx, s.job.Target.URL, "lockstep/"+s.job.Run+"/"+s.job.Step)
	if err != nil {
		return false, fmt.Errorf("look what became of the transaction: %w", err)
	}
	defer func() { err = errors.Join(err, guard.close()) }()
	for {
		var holder *int64
		if err := guard.QueryRowContext(ctx, `SELECT IS_USED_LOCK(?)`, s.markName(workerMark)).Scan(&holder); err != nil {
			return false, fmt.Errorf("look what became of the transaction: %w", err)
		}
		if holder == nil {
			break
		}
		_, _ = guard.ExecContext(ctx, fmt.Sprintf(`KILL %d`, *holder)) // it is looked at again
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return false, fmt.Errorf("look what became of the transaction: %w", err)
		}
	}
	state, err := readState(ctx, guard, s.job.Target.Table)
	if err != nil {
		return false, err
	}
	there := false
	for _, r := range state.Applied() {
		there = there || r.Version == work.Change.Receipt.Version
	}
	return there == (work.Change.Direction == database.Up), nil
}
