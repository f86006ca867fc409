// Package updown rehearses migrations on a throw-away database: each is applied,
// taken back by its own down file, and applied again, and the schema is compared
// at every stop. What the up file's statements lock, write and read is measured
// on the way.
//
// All that happens on empty tables, which is where figures are exact and where a
// failure is the file's own. Each direction is tried before on a row in each
// table that it may touch, and what fails then alone is told as such: it depends
// on the rows of the real table.
package updown

import (
	"context"
	"database/sql"
	"sync"

	"github.com/lockstep-dev/lockstep/plans"
)

// Migration is what one migration did.
type Migration struct {
	Version uint64
	Name    string
	Up      plans.Outcome
	Down    plans.Outcome
	// Restores is true when the down file leads back to the schema that was
	// there before, and the up file from there to where it led at first; and
	// when the down file does not fail on every table that has rows.
	Restores bool
	// Grade is what the way back brings back: exact where the up file changes
	// no rows, neither file takes anything away that holds any, and the down
	// file runs whatever was written since.
	Grade plans.Grade
	// Differences are sentences: what is not as it was after the down file, or
	// after the second up, or why a direction failed.
	Differences []string
	// OnRows are sentences: which direction works on empty tables and fails on
	// tables with rows, and on which.
	OnRows []string
	// Gone are tables and columns that the up file has taken away.
	Gone []string
	// Dropped are all objects that the up file drops, and Naming the routines
	// whose bodies still name one of them.
	Dropped []plans.Dropped
	Naming  []string
	// Statements are those of the up file, measured.
	Statements []plans.Statement
	// Unseen says what of them could not be measured.
	Unseen []string
	// Failure is why the up file failed, nil when it did not.
	Failure error
}

// Bench is where the rehearsal happens. Nobody else uses the database.
type Bench struct {
	// Open returns a new database that is where the files begin, and what
	// deletes it.
	Open func(ctx context.Context) (db *sql.DB, drop func() error, err error)
	// Plain returns a new database that is where the files begin and can be
	// cloned, so that a replay does not begin anew each time; nil: it does.
	Plain func(ctx context.Context) (Plain, error)
	// Omit are relations that do not belong to the schema, as SQL spells them.
	Omit []string
	// Sample copies rows of the target into those of the tables that it has
	// rows for, and counts the tables; nil: rows are made up.
	Sample func(ctx context.Context, tx *sql.Tx, tables []string) (taken int, unseen []string, err error)
	// Watch returns what is told where the up files have led: once before the
	// first file of a part, with nil, and once after each; nil: nobody looks.
	Watch func() Look
	// Mend may take away what made an up file fail, which is then tried again;
	// nil: nobody can. Parts call it at the same time.
	Mend func(ctx context.Context, failure error) (mended bool, err error)
	// Refuse says why a file must not run, "" when it may; nil: all may.
	Refuse func(file plans.MigrationFile) string
	// Excuse says why the failure of an up file is not the file's, "" when it
	// is; nil: all are.
	Excuse func(failure error) string
	// Rows is true when the database stands for one that has rows: what fails
	// for the lack of them says nothing of the file.
	Rows bool
	// Begin is told which file is next, one at a time; nil: nobody wants to know.
	Begin func(file plans.MigrationFile)
}

// Plain is a database on which up files run and nothing else.
type Plain interface {
	// Use connects, and is connected no more when it returns.
	Use(ctx context.Context, run func(*sql.DB) error) error
	// Clone is as Bench.Open.
	Clone(ctx context.Context) (db *sql.DB, drop func() error, err error)
	Drop(ctx context.Context) error
}

// Look looks at the database where the up files have led.
type Look func(ctx context.Context, conn *sql.Conn, file *plans.MigrationFile) error

// Rehearse tries the files in their order. Many files are tried in parts, each
// on a database of its own that is led to where it begins: what is found does
// not depend on it. A file that does not work does not end it: those behind it
// are tried without it, and say so. The error is of the bench; what a migration
// does wrong is in its result.
func Rehearse(ctx context.Context, b Bench, files []plans.MigrationFile) ([]Migration, error) {
	if begin := b.Begin; begin != nil {
		var one sync.Mutex
		b.Begin = func(file plans.MigrationFile) {
			one.Lock()
			defer one.Unlock()
			begin(file)
		}
	}
	return joinParts(runParts(ctx, b, files))
}

func skipped(file plans.MigrationFile, why string) Migration {
	return Migration{
		Version: file.Version, Name: file.Name, Up: plans.OutcomeSkipped, Down: plans.OutcomeSkipped, Grade: plans.GradeNone,
		Differences: []string{why},
	}
}
