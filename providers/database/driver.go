package database

import (
	"context"
	"time"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// Driver is what one kind of database brings.
type Driver interface {
	// Name is "postgres" or "sqlite".
	Name() string
	// Split cuts text into statements by the dialect's rules.
	Split(src []byte) ([]sqlscan.Statement, error)
	// State reads the target and never writes to it.
	State(ctx context.Context, target Target) (State, error)
	// Open begins the work on one step. It first ends what an earlier process
	// of the same run and step left running.
	Open(ctx context.Context, job Job) (Session, error)
}

// Job is one step's work at one target.
type Job struct {
	Target    Target
	Run, Step string
	// Exclusive asks for the locks that keep other tools out; a probe goes
	// without them.
	Exclusive bool
	// Patience is how long to try again when others hold a lock.
	Patience time.Duration
	// LockPatience is how long to wait for other migrations of this database;
	// zero means Patience.
	LockPatience time.Duration
	// Say reports a line for people.
	Say func(format string, args ...any)
	// Record journals a fact; see providers.Request.
	Record func(any) error
}

// Session is a job under way.
type Session interface {
	State(ctx context.Context) (State, error)
	// Transact runs the file and writes the change in one transaction. When
	// it fails nothing was changed.
	Transact(ctx context.Context, work Work) (Measured, error)
	// Run runs one statement outside of a transaction.
	Run(ctx context.Context, statement Statement) (Measured, error)
	// Inspect tells from the catalog how much of a statement is there.
	Inspect(ctx context.Context, statement sqlscan.Statement) (Effect, error)
	// Mend removes what a broken statement left behind.
	Mend(ctx context.Context, statement sqlscan.Statement) error
	// Write runs bookkeeping in a transaction of its own.
	Write(ctx context.Context, entry func(Books, Querier) error) error
	// Alive reports whether the transaction has neither committed nor been
	// undone; without an id, whether that of any migration has not.
	Alive(ctx context.Context, xid string) (bool, error)
	Close() error
}

// Refuser is a Session that knows of statements which have left nothing behind
// when the database has refused them, outside of a transaction too.
type Refuser interface {
	LeavesNothing(ctx context.Context, statement sqlscan.Statement) bool
}

// Work is one file in one direction.
type Work struct {
	File       string
	SQL        []byte
	Statements []sqlscan.Statement
	// Locks are those that the plan says its statements take.
	Locks  []plans.Lock
	Change Change
}

// withoutLockLimits leaves out what a file sets about its waits for locks:
// behind a request that waits the application waits, too, so how long it may is
// the session's to say.
func (w Work) withoutLockLimits() Work {
	w.SQL, w.Statements = sqlscan.Without(w.SQL, w.Statements, sqlscan.Statement.LimitsLocks)
	return w
}

// Statement is one statement and the file it stands in.
type Statement struct {
	sqlscan.Statement
	File string
	// Locks are those that the plan says it takes.
	Locks []plans.Lock
	// Settings are what the file has set for its session before the statement;
	// a new connection needs them again.
	Settings []sqlscan.Statement
	// Half is true when it undoes a file that was not finished: what it takes
	// away may never have been there.
	Half bool
}

// Effect is how much of a statement is in the catalog.
type Effect int

// Effects.
const (
	// EffectUnknown: the catalog cannot tell.
	EffectUnknown Effect = iota
	EffectAbsent
	EffectDone
	// EffectBroken: half of it is there; Mend removes it.
	EffectBroken
	// EffectRepeatable: running it twice is the same as once.
	EffectRepeatable
)
