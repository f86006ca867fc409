package command

import (
	"context"
	"fmt"
	"sort"

	"github.com/lockstep-dev/lockstep/internal/mend"
	"github.com/lockstep-dev/lockstep/internal/sqltrace"
	"github.com/lockstep-dev/lockstep/internal/view"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// examine looks for everything that a repair knows of. While the version is
// dirty the rest cannot be judged.
func (r *repairing) examine(ctx context.Context) error {
	if r.seen.State.Dirty {
		return r.dirty(ctx)
	}
	if err := r.version(ctx); err != nil {
		return err
	}
	if err := r.indexes(ctx); err != nil {
		return err
	}
	r.unfinished()
	return nil
}

// indexes finds those that are INVALID. One that somebody builds now, or that
// a constraint needs, is named only.
func (r *repairing) indexes(ctx context.Context) error {
	invalid, err := r.database.keeper.Invalid(ctx, r.database.settings)
	if err != nil {
		return err
	}
	begun := len(r.seen.State.Statements) > 0
	for _, index := range invalid {
		c := view.Complaint{Code: "invalid-index", Summary: fmt.Sprintf("Index %s of %s is INVALID: it costs every write and serves no read", index.Name, index.Table)}
		switch {
		case index.Builder > 0:
			c.Next = []string{fmt.Sprintf("wait for pid %d, which is building it", index.Builder)}
		case index.Constraint != "":
			c.Next = []string{"constraint " + index.Constraint + " needs it: REINDEX INDEX CONCURRENTLY " + index.Name}
		case begun:
			c.Next = []string{"an interrupted run has begun statements; resuming or aborting it removes what it left (see below)"}
		}
		if c.Next != nil {
			r.complain(c)
			continue
		}
		c.Does = []string{"DROP INDEX CONCURRENTLY " + index.Name}
		r.complain(c, func(ctx context.Context) error {
			return r.database.keeper.DropInvalid(ctx, r.database.settings, []database.InvalidIndex{index}, r.say)
		})
	}
	return nil
}

// unfinished names the statements that an interrupted run has begun. What
// became of them is for the run that knows its plan.
func (r *repairing) unfinished() {
	runs, err := r.database.workspace.runs()
	open := ""
	for _, run := range runs {
		if err == nil && run.Environment == r.database.environment.Name && !run.State.Over() {
			open = run.ID
		}
	}
	next := []string{"lockstep resume " + open, "or take it back: lockstep abort " + open}
	if open == "" {
		next = []string{"no run of this project is open: plan and apply the file again, which goes on behind what is finished: lockstep plan --env " + r.database.environment.Name}
	}
	for _, s := range r.seen.State.Statements {
		if s.Finished {
			continue
		}
		r.complain(view.Complaint{
			Code:    "unfinished-statement",
			Summary: fmt.Sprintf("Statement %d of version %d (%s) was begun and has not reported its end", s.Ordinal+1, s.Version, s.Direction),
			Next:    next,
		})
	}
}

// version compares the number with the history.
func (r *repairing) version(ctx context.Context) error {
	state := r.seen.State
	if len(state.History) == 0 {
		return nil
	}
	highest := state.History[len(state.History)-1]
	switch {
	case state.Version > highest.Version:
		r.complain(view.Complaint{
			Code:    "version-above-history",
			Summary: fmt.Sprintf("%s says version %d, the history ends at %d: another tool has applied what lies between", r.table(), state.Version, highest.Version),
			Next:    []string{fmt.Sprintf("take it over: lockstep import %s --env %s", r.database.block.Name, r.database.environment.Name)},
		})
		return nil
	case state.Version == highest.Version:
		return nil
	}
	return r.numberBelow(ctx)
}

func (r *repairing) table() string { return r.database.block.Settings.Text("table") }

// numberBelow: rows of the history lie above the number. Either another tool took
// those versions back, or somebody set the number; the catalog tells.
func (r *repairing) numberBelow(ctx context.Context) error {
	var above []plans.MigrationFile
	for _, row := range r.seen.State.History {
		i := sort.Search(len(r.files), func(i int) bool { return r.files[i].Version >= row.Version })
		if row.Version > r.seen.State.Version && i < len(r.files) && r.files[i].Version == row.Version {
			above = append(above, r.files[i])
		}
	}
	there, gone, err := r.whatIsThere(ctx, above)
	if err != nil {
		return err
	}
	highest := r.seen.State.History[len(r.seen.State.History)-1].Version
	c := view.Complaint{
		Code:    "version-below-history",
		Summary: fmt.Sprintf("%s says version %d, the history goes up to %d", r.table(), r.seen.State.Version, highest),
	}
	way := mend.Way{Name: mend.Settle, Version: r.seen.State.Version}
	switch {
	case there != "" && gone == "":
		way.Version = highest
		c.Does = []string{fmt.Sprintf("what the files above %d make is there (%s): set the number to %d", r.seen.State.Version, there, highest)}
	case gone != "" && there == "":
		c.Does = []string{fmt.Sprintf("what the files above %d make is gone (%s): delete their rows from the history", r.seen.State.Version, gone)}
	default:
		c.Next = []string{"the catalog does not tell which of the two is true: look at the schema, and set the number with golang-migrate's tool (migrate force VERSION)"}
		r.complain(c)
		return nil
	}
	r.complain(c, func(ctx context.Context) error { return r.database.keeper.SetVersion(ctx, r.request(way, 0)) })
	return nil
}

// whatIsThere names one thing that the files make and is there, and one that
// is not.
func (r *repairing) whatIsThere(ctx context.Context, files []plans.MigrationFile) (there, gone string, err error) {
	var traces []sqltrace.Trace
	for _, f := range files {
		file, err := r.mendFile(f, mend.Up)
		if err != nil {
			return "", "", err
		}
		for _, s := range file.Statements {
			traces = append(traces, sqltrace.Of(s)...)
		}
	}
	sights, err := r.database.keeper.Examine(ctx, r.database.settings, traces)
	if err != nil {
		return "", "", err
	}
	for i, t := range traces {
		sight, looked := sights[t]
		switch {
		case !looked || t.Gone || t.Weak || overridden(t, traces[i+1:]):
		case sight.There:
			there = t.String()
		default:
			gone = t.String()
		}
	}
	return there, gone, nil
}

func overridden(t sqltrace.Trace, later []sqltrace.Trace) bool {
	for _, l := range later {
		if l.Overrides(t) {
			return true
		}
	}
	return false
}
