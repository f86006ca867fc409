package database

import (
	"context"
	"maps"
	"slices"

	"github.com/lockstep-dev/lockstep/providers"
)

// Rower is a Session that can carry out several files in one go.
type Rower interface {
	// Fits reports whether a file can be one of a row: it runs in a transaction
	// with its receipt, and needs no locks to be taken before.
	Fits(work Work) bool
	// Row carries the files out one after the other, each in a transaction with
	// its receipt, until the first that fails, and returns what was measured of
	// those that are done. An error means that nobody can tell which are.
	Row(ctx context.Context, works []Work) ([]Measured, error)
}

// A request to stop waits for the end of a row.
const (
	longestRow = 16
	widestRow  = 256 << 10 // bytes of SQL
)

// inRow carries the file out together with those that follow, where that can
// be done. When the file is not done then, it has to be tried by itself, which
// tells why.
func (t *task) inRow(ctx context.Context, s Session, first Work) (m Measured, done bool, err error) {
	rower, able := s.(Rower)
	if !able || t.request.Following == nil || t.request.Ahead == nil || t.request.Held == nil || !rower.Fits(first) {
		return m, false, nil
	}
	works, tasks := t.row(rower, first)
	if len(works) == 1 {
		return m, false, nil
	}
	for _, next := range tasks[1:] {
		t.request.Ahead(next.request.Step.Address)
	}
	measured, err := rower.Row(ctx, works)
	if err != nil || len(measured) == 0 {
		return m, false, err
	}
	t.early = maps.Clone(t.early)
	for i, m := range measured {
		t.entered(works[i].Change)
		if i > 0 {
			t.remember(tasks[i], works[i].Change, m)
		}
	}
	return measured[0], true, nil
}

func (t *task) remember(next *task, c Change, m Measured) {
	if t.early == nil {
		t.early = map[string]providers.Result{}
	}
	result := promoted(c.Before, c.Version, m)
	result.Took = m.Duration
	t.early[next.request.Step.Address] = result
}

// row puts the files together that may be carried out in one go.
func (t *task) row(rower Rower, first Work) (works []Work, tasks []*task) {
	works, tasks = []Work{first}, []*task{t}
	state := t.state
	state.History, state.Statements = slices.Clone(state.History), slices.Clone(state.Statements)
	state = state.after(first.Change)
	width := len(first.SQL)
	for req := range t.request.Following {
		next, err := t.provider.task(req)
		if err != nil || next.target != t.target || len(works) == longestRow {
			break
		}
		if done, err := next.applied(state); done || err != nil {
			break
		}
		work, apart, err := next.upWork(state)
		if width += len(work.SQL); err != nil || apart || width > widestRow || !rower.Fits(work) {
			break
		}
		works, tasks = append(works, work), append(tasks, next)
		state = state.after(work.Change)
	}
	return works, tasks
}
