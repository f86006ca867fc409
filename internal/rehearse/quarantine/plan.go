package quarantine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/rehearse/wayback"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// Wanted says what is to be put in quarantine.
type Wanted struct {
	// Files are the folder's migrations.
	Files []plans.MigrationFile
	// Target is TABLE or TABLE.COLUMN, either with its schema.
	Target string
	// Fill is SQL: the value of a column in rows that are written during the
	// quarantine and do not name it. Empty: they hold its default or NULL.
	Fill string
	// Away and Gone are the two migrations, with versions, names and paths and
	// without text.
	Away, Gone plans.MigrationFile
}

// Made are the two migrations.
type Made struct {
	What string // "column public.orders.state"
	Now  string // its name in quarantine
	// Away renames; its way back is exact but for rows that were written
	// meanwhile. Gone drops; its down file brings the structure back, and is
	// missing where none can be derived: the up file then says irreversible.
	Away, Gone plans.MigrationFile
	// Losses say what the way back of Gone does not bring back.
	Losses []string
	// Remarks are what the author has to look at.
	Remarks []string
}

// Make writes both migrations and tries them. A *Refusal says why not.
func Make(ctx context.Context, b wayback.Bench, w Wanted) (m Made, err error) {
	if list, err := sqlscan.Split([]byte("SELECT " + w.Fill)); err != nil || len(list) != 1 {
		return m, refuse("expected one value as SQL, such as 'unknown' with its quotes", "--fill %s is no value", w.Fill)
	}
	f, err := observe(ctx, b, w)
	if err != nil {
		return m, err
	}
	if err := f.check(w.Fill); err != nil {
		return m, err
	}
	m = Made{What: f.what(), Now: f.now(), Remarks: f.remarks}
	if f.loses(w.Fill) {
		m.Remarks = append(m.Remarks, fmt.Sprintf("the way back sets NOT NULL on %s again, which reads the whole table while nobody else can; with --fill VALUE it need not", m.What))
	}
	m.Away, m.Gone = f.write(w)
	if err := m.tryAway(ctx, b, w.Files); err != nil {
		return m, err
	}
	return m, m.deriveGone(ctx, b, w.Files)
}

// observe reads the facts on a database that the folder was replayed on.
func observe(ctx context.Context, b wayback.Bench, w Wanted) (f facts, err error) {
	s, err := b.Replay(ctx, w.Files)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	t, err := locate(ctx, s.Conn, w.Target)
	if err != nil {
		return f, err
	}
	return readFacts(ctx, s.Conn, t)
}

// tryAway tries the quarantine, rows written during it included.
func (m *Made) tryAway(ctx context.Context, b wayback.Bench, files []plans.MigrationFile) error {
	trial, err := wayback.Try(ctx, b, append(slices.Clone(files), m.Away))
	if err != nil {
		return err
	}
	for _, stands := range [][]string{trial.Problems, trial.Lost, trial.Closed} {
		if len(stands) > 0 {
			return refuse("mend what stands in the way in a migration of its own first", "the quarantine of %s does not work: %s", m.What, strings.Join(slices.Concat(stands, m.Remarks), "; "))
		}
	}
	if len(trial.Changed) > 0 {
		return refuse("mend what stands in the way in a migration of its own first", "the quarantine of %s changes rows of %s", m.What, strings.Join(trial.Changed, ", "))
	}
	m.Remarks = append(m.Remarks, trial.Unproven...)
	return nil
}

// deriveGone writes the way back of the second migration.
func (m *Made) deriveGone(ctx context.Context, b wayback.Bench, files []plans.MigrationFile) error {
	derived, err := wayback.Derive(ctx, b, append(slices.Clone(files), m.Away, m.Gone))
	if failed, ok := errors.AsType[*wayback.UpError](err); ok {
		return refuse("take it out of what depends on it first, in a migration of its own", "%s could not be dropped at the end: %s", m.What, failed)
	}
	if err != nil {
		return err
	}
	m.Losses = derived.Losses
	if derived.Grade == plans.GradeNone {
		m.Gone.Up.Bytes = append(fmt.Appendf(nil, "-- lockstep:irreversible %s\n", strings.Join(strings.Fields(strings.Join(derived.Losses, "; ")), " ")), m.Gone.Up.Bytes...)
		m.Gone.Down = plans.SQLFile{}
		return nil
	}
	m.Gone.Down.Bytes = derived.Text
	return nil
}
