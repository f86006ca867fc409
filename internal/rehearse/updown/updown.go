// Package updown rehearses migrations on a throw-away database: each is applied,
// taken back by its own down file, and applied again, and the schema is compared
// at every stop. What the up file's statements lock, write and read is measured
// on the way.
//
// Tables are empty here: what fails on rows alone does not show.
package updown

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/lockstep-dev/lockstep/internal/rehearse/catalog"
	"github.com/lockstep-dev/lockstep/internal/rehearse/trace"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// Outcome is what became of one direction.
type Outcome string

// Outcomes.
const (
	OK      Outcome = "ok"
	Failed  Outcome = "failed"
	Missing Outcome = "missing" // there is no file
	Skipped Outcome = "skipped" // an up file before it failed
)

// Migration is what one migration did.
type Migration struct {
	Version uint64
	Name    string
	Up      Outcome
	Down    Outcome
	// Restores is true when the down file leads back to the schema that was
	// there before, and the up file from there to where it led at first.
	Restores bool
	// Grade is what the way back brings back: exact where the up file changes
	// no rows and takes nothing away that holds any.
	Grade plans.Grade
	// Differences are sentences: what is not as it was after the down file, or
	// after the second up, or why a direction failed.
	Differences []string
	// Statements are those of the up file, measured.
	Statements []plans.Statement
	// Unseen says what of them could not be measured.
	Unseen []string
}

// Bench is where the rehearsal happens. Nobody else uses the database.
type Bench struct {
	// Open returns a new empty database, and what deletes it.
	Open func(ctx context.Context) (db *sql.DB, drop func() error, err error)
	// Omit are relations that do not belong to the schema, as SQL spells them.
	Omit []string
}

// Rehearse tries the files in their order on a database that it begins empty.
// The error is of the bench; what a migration does wrong is in its result.
func Rehearse(ctx context.Context, b Bench, files []plans.MigrationFile) (list []Migration, err error) {
	r := &rehearsal{bench: b}
	defer func() { err = errors.Join(err, r.close(context.WithoutCancel(ctx))) }()
	if err := r.open(ctx); err != nil {
		return nil, err
	}
	stopped := false
	for i, file := range files {
		m := Migration{Version: file.Version, Name: file.Name, Up: Skipped, Down: Skipped, Grade: plans.GradeNone}
		if !stopped {
			if m, err = r.migration(ctx, file); err != nil {
				return nil, fmt.Errorf("rehearse %s: %w", file.ID(), err)
			}
			if stopped = m.Up == Failed; !stopped && r.astray {
				if err := r.replay(ctx, files[:i+1]); err != nil {
					return nil, fmt.Errorf("replay up to %s: %w", file.ID(), err)
				}
			}
		}
		list = append(list, m)
	}
	return list, nil
}

type rehearsal struct {
	bench  Bench
	drop   func() error
	worker *sql.Conn // runs files and reads the catalog; its caches stay warm
	tracer *trace.Tracer
	last   *catalog.Snapshot // where the files before lead
	// astray is true when the database is not where the up files lead.
	astray bool
}

func (r *rehearsal) migration(ctx context.Context, file plans.MigrationFile) (Migration, error) {
	m := Migration{Version: file.Version, Name: file.Name, Up: OK, Down: Missing, Grade: plans.GradeNone}
	before, err := r.before(ctx)
	if err != nil {
		return m, err
	}
	if failure := r.measure(ctx, file.Up, &m); failure != nil {
		m.Up, m.Down = Failed, Skipped
		m.Differences = append(m.Differences, failure.Error())
		return m, nil
	}
	after, err := r.snapshot(ctx)
	if r.last = &after; err != nil || file.Down.Path == "" {
		return m, err
	}
	return m, r.backAndForth(ctx, file, stops{before, after}, &m)
}

// stops are the schemas before and after the up file.
type stops struct{ before, after catalog.Snapshot }

func (r *rehearsal) backAndForth(ctx context.Context, file plans.MigrationFile, at stops, m *Migration) error {
	m.Down = OK
	if failure := r.run(ctx, file.Down); failure != nil {
		m.Down, r.astray = Failed, true
		m.Differences = append(m.Differences, "the down file fails: "+failure.Error())
		return nil
	}
	back, err := r.snapshot(ctx)
	if err != nil {
		return err
	}
	m.differ("after the down file: ", catalog.Compare(at.before, back))
	if failure := r.run(ctx, file.Up); failure != nil {
		r.astray = true
		m.Differences = append(m.Differences, "the up file fails after the down file: "+failure.Error())
		return nil
	}
	again, err := r.snapshot(ctx)
	if err != nil {
		return err
	}
	others := catalog.Compare(at.after, again)
	m.differ("after the second up: ", others)
	r.astray = len(others) > 0
	if m.Restores = len(m.Differences) == 0; m.Restores {
		m.Grade = plans.GradeStructural
		if _, grade, _ := catalog.Inverse(at.before, at.after); grade == plans.GradeExact && !touchesRows(m.Statements) {
			m.Grade = plans.GradeExact
		}
	}
	return nil
}

// touchesRows reports whether a statement may change rows, which a comparison
// of schemas does not see.
func touchesRows(statements []plans.Statement) bool {
	return slices.ContainsFunc(statements, func(s plans.Statement) bool {
		list, err := sqlscan.Split([]byte(s.SQL))
		return err != nil || len(list) != 1 || len(list[0].Words) == 0 ||
			!slices.Contains([]string{"CREATE", "ALTER", "DROP", "COMMENT", "GRANT", "REVOKE", "SET", "RESET"}, list[0].Words[0]) ||
			slices.Contains(list[0].Words, "USING")
	})
}

func (m *Migration) differ(where string, differences []catalog.Difference) {
	for _, d := range differences {
		m.Differences = append(m.Differences, where+d.String())
	}
}

func (r *rehearsal) before(ctx context.Context) (catalog.Snapshot, error) {
	if r.last != nil {
		return *r.last, nil
	}
	return r.snapshot(ctx)
}

func (r *rehearsal) snapshot(ctx context.Context) (s catalog.Snapshot, err error) {
	tx, err := r.worker.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return s, err
	}
	defer func() { _ = tx.Rollback() }() // it only reads
	return catalog.Read(ctx, tx, r.bench.Omit...)
}

func (r *rehearsal) open(ctx context.Context) error {
	db, drop, err := r.bench.Open(ctx)
	if err != nil {
		return err
	}
	r.drop = drop
	if r.worker, err = db.Conn(ctx); err != nil {
		return err
	}
	r.tracer, err = trace.New(ctx, db, trace.Options{Ignore: r.bench.Omit})
	return err
}

func (r *rehearsal) close(ctx context.Context) (err error) {
	if r.tracer != nil {
		err = r.tracer.Close(ctx)
	}
	if r.worker != nil {
		err = errors.Join(err, r.worker.Close())
	}
	if r.drop != nil {
		err = errors.Join(err, r.drop())
	}
	*r = rehearsal{bench: r.bench}
	return err
}

// replay leads a new database to where the up files lead.
func (r *rehearsal) replay(ctx context.Context, files []plans.MigrationFile) error {
	if err := r.close(ctx); err != nil {
		return err
	}
	if err := r.open(ctx); err != nil {
		return err
	}
	for _, file := range files {
		if err := r.run(ctx, file.Up); err != nil {
			return err
		}
	}
	return nil
}
