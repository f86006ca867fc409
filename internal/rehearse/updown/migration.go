package updown

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/lockstep-dev/lockstep/internal/rehearse/catalog"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// stops are the schemas before and after the up file.
type stops struct{ before, after catalog.Snapshot }

// mending tries a file again for as long as somebody mends what it fails for.
func (r *rehearsal) mending(ctx context.Context, before []plans.MigrationFile, file plans.MigrationFile) (Migration, error) {
	for {
		m, err := r.migration(ctx, file)
		if err != nil || m.Failure == nil || r.bench.Mend == nil {
			return m, err
		}
		if mended, err := r.bench.Mend(ctx, m.Failure); err != nil || !mended {
			return m, err
		}
		if err := r.replay(ctx, before); err != nil { // what does not run in a transaction left something
			return m, err
		}
	}
}

func (r *rehearsal) migration(ctx context.Context, file plans.MigrationFile) (Migration, error) {
	m := Migration{Version: file.Version, Name: file.Name, Up: plans.OutcomeOK, Down: plans.OutcomeMissing, Grade: plans.GradeNone}
	before := r.last
	up, err := r.try(ctx, trial{file: file.Up, schema: before})
	if err != nil {
		return m, err
	}
	if m.Failure = r.measure(ctx, file.Up, &m); m.Failure != nil {
		if ctx.Err() != nil {
			return m, m.Failure
		}
		m.Up, m.Down = plans.OutcomeFailed, plans.OutcomeSkipped
		m.Differences = append(m.Differences, m.Failure.Error())
		return m, nil
	}
	m.tell("the up file", up)
	m.tellElsewhere(file.Up)
	m.tellUncompared()
	if r.last, err = r.reader.snapshot(ctx); err != nil {
		return m, err
	}
	m.Gone, m.Naming = gone(before, r.last), naming(m.Dropped, r.last)
	if r.look != nil {
		if err := r.look(ctx, r.reader.conn, &file); err != nil {
			return m, err
		}
	}
	if file.Down.Path == "" {
		return m, nil
	}
	return m, r.backAndForth(ctx, file, stops{before, r.last}, &m)
}

// gone lists the tables and columns that are missing after a file, and those
// that others have the names of.
func gone(before, after catalog.Snapshot) []string {
	var names []string
	for _, d := range catalog.Compare(before, after) {
		if d.Change == catalog.Removed && (d.Kind == catalog.Table || d.Kind == catalog.Column) {
			names = append(names, string(d.Kind)+" "+d.Name)
		}
	}
	for _, o := range catalog.Anew(before, after) {
		names = append(names, string(o.Kind)+" "+o.Name)
	}
	return names
}

// tell notes what a trial on rows found.
func (m *Migration) tell(what string, found onRows) {
	if found.failure != "" {
		m.OnRows = append(m.OnRows, what+" works on empty tables and fails on a row: "+found.failure)
	}
	for _, unseen := range found.unseen {
		if !slices.Contains(m.Unseen, unseen) {
			m.Unseen = append(m.Unseen, unseen)
		}
	}
}

func (r *rehearsal) backAndForth(ctx context.Context, file plans.MigrationFile, at stops, m *Migration) error {
	down, err := r.try(ctx, trial{file: file.Down, schema: at.after})
	if err != nil {
		return err
	}
	wide, err := r.boundary(ctx, file.Down, at)
	if err != nil {
		return err
	}
	writes := touchesRows(m.Statements)
	var rows contents
	if writes {
		if rows, err = r.contents(ctx, trial{file: file.Up, schema: at.after}); err != nil {
			return err
		}
	}
	m.Down = plans.OutcomeOK
	if failure := Run(ctx, r.worker, file.Down); failure != nil {
		m.Down, r.astray = plans.OutcomeFailed, true
		m.Differences = append(m.Differences, "the down file fails: "+failure.Error())
		return ctx.Err()
	}
	m.tell("the down file", down)
	if down.failure == "" && wide.failure != "" {
		m.OnRows = append(m.OnRows, wide.failure)
		down.failure = wide.failure
	}
	m.tellElsewhere(file.Down)
	if err := r.again(ctx, file, at, m); err != nil {
		return err
	}
	if writes && !r.astray {
		others, err := r.contents(ctx, trial{file: file.Up, schema: at.after})
		if err != nil {
			return err
		}
		r.astray = !maps.Equal(rows, others)
	}
	m.Restores = len(m.Differences) == 0 && !down.always
	m.grade(at, down)
	return nil
}

// again looks where the down file has led, and runs the up file once more.
func (r *rehearsal) again(ctx context.Context, file plans.MigrationFile, at stops, m *Migration) error {
	back, err := r.reader.snapshot(ctx)
	if err != nil {
		return err
	}
	m.differ("after the down file: ", catalog.Compare(at.before, back))
	if failure := Run(ctx, r.worker, file.Up); failure != nil {
		r.astray = true
		m.Differences = append(m.Differences, "the up file fails after the down file: "+failure.Error())
		return ctx.Err()
	}
	again, err := r.reader.snapshot(ctx)
	if err != nil {
		return err
	}
	others := catalog.Compare(at.after, again)
	m.differ("after the second up: ", others)
	if r.astray = len(others) > 0; !r.astray {
		r.last = again // what was made anew has another address in the catalog
	}
	return nil
}

// grade is what the way back is worth that leads to the schema before.
func (m *Migration) grade(at stops, down onRows) {
	if !m.Restores {
		return
	}
	m.Grade = plans.GradeStructural
	if down.failure != "" || touchesRows(m.Statements) || slices.ContainsFunc(m.Statements, func(s plans.Statement) bool { return uncompared(s) != "" }) {
		return
	}
	if _, grade, _ := catalog.Inverse(at.before, at.after); grade == plans.GradeExact {
		m.Grade = plans.GradeExact
	}
}

// tellUncompared notes what no comparison of schemas sees.
func (m *Migration) tellUncompared() {
	for _, s := range m.Statements {
		if what := uncompared(s); what != "" {
			m.Unseen = append(m.Unseen, fmt.Sprintf("%s:%d: whether it is taken back: it %s", s.File, s.Line, what))
		}
	}
}

func uncompared(s plans.Statement) string {
	list, err := sqlscan.Split([]byte(s.SQL))
	if err != nil || len(list) != 1 {
		return "" // it has run
	}
	return Uncompared(list[0])
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
