package wayback

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lockstep-dev/lockstep/internal/rehearse/catalog"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// Derived is the down file of a migration, as far as there is one.
type Derived struct {
	// Text is the file; nil with grade none.
	Text  []byte
	Grade plans.Grade
	// Losses say sentence by sentence what does not come back (structural), or
	// what stands against a way back (none).
	Losses []string
	// Unproven says which trial did not take place, and why.
	Unproven []string
}

// UpError says that the up file of the last migration fails.
type UpError struct{ Reason error }

// Error returns the reason.
func (e *UpError) Error() string { return e.Reason.Error() }

// Unwrap returns the reason.
func (e *UpError) Unwrap() error { return e.Reason }

// Derive writes the down file of the last file, and tries it. What it has in
// that direction now does not count. The error is of the bench or of the up
// files: an *UpError of the last one.
func Derive(ctx context.Context, b Bench, files []plans.MigrationFile) (Derived, error) {
	last := len(files) - 1
	statements, lost, err := b.inverse(ctx, files)
	if err != nil || lost.Grade == plans.GradeNone {
		return lost, err
	}
	up, err := sqlscan.Split(files[last].Up.Bytes)
	if err != nil {
		return Derived{}, fmt.Errorf("%s: %w", files[last].Up.Path, err)
	}
	outside := slices.ContainsFunc(up, sqlscan.Statement.Concurrently)
	body := statementsText(statements, outside)
	tried := slices.Clone(files)
	tried[last].Down = plans.SQLFile{Path: files[last].ID() + ".down.sql", Bytes: []byte(body)}
	trial, err := Try(ctx, b, tried)
	if err != nil {
		return Derived{}, err
	}
	if len(trial.Problems) > 0 {
		return Derived{Grade: plans.GradeNone, Losses: append(trial.Problems, lost.Losses...)}, nil
	}
	lost.learn(trial)
	lost.Text = []byte(header(lost, outside) + body)
	return lost, nil
}

// learn adds what was seen to what the catalogs tell. Rows that are another
// afterwards are news only where nothing is known to be lost.
func (d *Derived) learn(trial Trial) {
	if len(d.Losses) == 0 {
		for _, name := range trial.Changed {
			d.Losses = append(d.Losses, fmt.Sprintf("the rows of table %s: one written before the up file was another after the way back", name))
		}
	}
	d.Losses, d.Unproven = append(d.Losses, trial.Lost...), append(trial.Closed, trial.Unproven...)
	if len(d.Losses) > 0 {
		d.Grade = plans.GradeStructural
	}
}

// inverse compares the catalog before and after the last file, and reads what
// the catalog does not tell from its text.
func (b Bench) inverse(ctx context.Context, files []plans.MigrationFile) (statements []string, d Derived, err error) {
	last := len(files) - 1
	s, err := b.Replay(ctx, files[:last])
	if err != nil {
		return nil, d, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	before, err := s.Snapshot(ctx)
	if err != nil {
		return nil, d, err
	}
	if err := s.Run(ctx, files[last].Up); err != nil {
		return nil, d, &UpError{err}
	}
	after, err := s.Snapshot(ctx)
	if err != nil {
		return nil, d, err
	}
	statements, d.Grade, d.Losses = catalog.Inverse(before, after)
	if d.Grade == plans.GradeNone {
		return nil, d, nil
	}
	if statements, err = s.ownerless(ctx, statements); err != nil {
		return nil, d, err
	}
	rows, err := rowChanges(files[last].Up, added(before, after))
	if err != nil {
		return nil, d, err
	}
	d.Losses = append(d.Losses, rows...)
	switch {
	case len(statements) == 0 && len(d.Losses) == 0:
		d.Grade, d.Losses = plans.GradeNone, []string{"the schema is the same before and after the up file: there is nothing to take back"}
	case len(statements) == 0:
		d.Grade = plans.GradeNone
	case len(rows) > 0:
		d.Grade = plans.GradeStructural
	}
	return statements, d, nil
}

// added are the tables that the migration makes, by qualified and bare name.
func added(before, after catalog.Snapshot) map[string]bool {
	names := map[string]bool{}
	for _, d := range catalog.Compare(before, after) {
		if d.Change == catalog.Added && d.Kind == catalog.Table {
			parts := sqlscan.Names(d.Name)
			names[sqlscan.Identifier(parts...)] = true
			names[sqlscan.Identifier(parts[len(parts)-1:]...)] = true
		}
	}
	return names
}
