package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	migrate "github.com/golang-migrate/migrate/v4/database"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// Migrator lets golang-migrate's core work on a database as Lockstep does:
// the file, the version row and the receipt are one transaction, with the
// limits on locks. It never leaves "dirty" behind, and it never drops.
//
// The core announces a version as dirty, runs the file, then announces the
// version as clean; the first is only remembered, and the second has nothing
// left to do. Its calls carry no context, so they end by themselves: patience
// for locks, and the statement timeout.
type Migrator struct {
	session   *session
	announced *int // the version that the next file leads to
}

var _ migrate.Driver = (*Migrator)(nil)

// migratorPatience is how long a file or the lock is tried for.
const migratorPatience = time.Minute

// Open connects to the URL of a database. The caller closes the result.
func (*Migrator) Open(url string) (migrate.Driver, error) { return OpenMigrator(url) }

// OpenMigrator connects to the URL of a database. The caller closes the
// result. Errors never show the URL.
func OpenMigrator(url string) (*Migrator, error) {
	opened, err := driver{}.Open(context.Background(), database.Job{
		Target: database.Target{
			URL: url, Table: database.DefaultTable,
			LockTimeout: database.DefaultLockTimeout, StatementTimeout: database.DefaultStatementTimeout,
		},
		Run: "golang-migrate", Step: plans.DigestOf([]byte(time.Now().Format(time.RFC3339Nano))).Short(),
		Patience: migratorPatience,
		Say:      func(string, ...any) {},
		Record:   func(any) error { return nil },
	})
	if err != nil {
		return nil, err
	}
	return &Migrator{session: opened.(*session)}, nil
}

// Close ends the connection, and with it the locks.
func (m *Migrator) Close() error { return m.session.Close() }

// Lock takes both of golang-migrate's locks; database.ErrLocked is the answer
// when another migration holds one of them.
func (m *Migrator) Lock() error {
	err := m.session.lock(context.Background())
	if errors.Is(err, providers.ErrBlocked) {
		return fmt.Errorf("%w: %w", migrate.ErrLocked, err)
	}
	return err
}

// Unlock gives back what Lock took.
func (m *Migrator) Unlock() error {
	if _, err := m.session.guard.ExecContext(context.Background(), `SELECT pg_advisory_unlock_all()`); err != nil {
		return fmt.Errorf("give the migration lock back: %w", err)
	}
	return nil
}

// Version returns -1 for a database without a version, as golang-migrate
// wants it.
func (m *Migrator) Version() (version int, dirty bool, err error) {
	state, err := m.session.State(context.Background())
	switch {
	case err != nil:
		return 0, false, err
	case state.Version == 0:
		return migrate.NilVersion, state.Dirty, nil
	case state.Version > math.MaxInt:
		return 0, false, fmt.Errorf("version %d does not fit golang-migrate", state.Version)
	default:
		return int(state.Version), state.Dirty, nil
	}
}

// SetVersion remembers a dirty version for the file that follows, and writes
// a clean one unless that file has done so.
func (m *Migrator) SetVersion(version int, dirty bool) error {
	if dirty {
		m.announced = &version
		return nil
	}
	m.announced = nil
	now, wasDirty, err := m.Version()
	if err != nil || now == version && !wasDirty {
		return err
	}
	return m.session.Write(context.Background(), func(b database.Books, q database.Querier) error {
		if err := b.Prepare(context.Background(), q); err != nil {
			return err
		}
		return b.SetVersion(context.Background(), q, uint64(max(version, 0)))
	})
}

// Run carries out one file, its version and its receipt in one transaction.
func (m *Migrator) Run(migration io.Reader) error {
	if m.announced == nil {
		return errors.New("golang-migrate names the version before it runs a file")
	}
	ctx := context.Background()
	text, err := io.ReadAll(migration)
	if err != nil {
		return fmt.Errorf("read the migration: %w", err)
	}
	state, err := m.session.State(ctx)
	if err != nil {
		return err
	}
	work, err := m.work(text, state)
	if err != nil {
		return err
	}
	_, err = m.session.Transact(ctx, work)
	return err
}

// work is a way up when it leads above the version that is there.
func (m *Migrator) work(text []byte, state database.State) (database.Work, error) {
	to := uint64(max(*m.announced, 0))
	digest := plans.DigestOf(text)
	statements, err := sqlscan.Split(text)
	if err != nil {
		return database.Work{}, err
	}
	var w database.Work
	w.SQL, w.Statements, _ = sqlscan.Unwrap(text, statements)
	w.SQL, w.Statements = sqlscan.Without(w.SQL, w.Statements, sqlscan.Statement.LimitsLocks)
	for _, statement := range w.Statements {
		switch {
		case statement.OutsideTransaction():
			return w, fmt.Errorf("line %d cannot run in a transaction: apply this file with lockstep, which keeps a receipt for each statement", statement.Line)
		case statement.EndsTransaction():
			return w, fmt.Errorf("line %d would end the migration's transaction; remove it", statement.Line)
		}
	}
	if to > state.Version {
		w.File = fmt.Sprintf("version %d up", to)
		w.Change = database.Change{Direction: database.Up, Version: to, Baseline: baseline(state), Receipt: database.Receipt{
			Version: to, Name: "(golang-migrate)", Up: digest, Run: m.session.job.Run, Step: m.session.job.Step, Fresh: state.Fresh,
		}}
		return w, nil
	}
	w.File = fmt.Sprintf("version %d down", state.Version)
	w.Change = database.Change{Direction: database.Down, Version: to, Receipt: database.Receipt{Version: state.Version}}
	return w, nil
}

// baseline is the row for a version that nobody has given a receipt.
func baseline(state database.State) *database.Receipt {
	known := func(r database.Receipt) bool { return r.Version == state.Version }
	if state.Version == 0 || slices.ContainsFunc(state.History, known) {
		return nil
	}
	return &database.Receipt{Version: state.Version, Name: "(applied by another tool)"}
}

// Drop refuses: nothing here deletes a whole database.
func (*Migrator) Drop() error {
	return errors.New("lockstep does not drop databases; use the server's own tools")
}
