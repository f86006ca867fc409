package database

import (
	"context"
	"slices"
	"time"

	"github.com/lockstep-dev/lockstep/providers"
)

// Rower is a Session that can carry out several files in one go.
type Rower interface {
	// Fits reports whether a file can be one of a row: it runs in a transaction
	// with its receipt, and needs no locks to be taken before. It may be called
	// while a row is under way.
	Fits(work Work) bool
	// Row makes several of them ready to be carried out in one go. It sends
	// nothing, and may be called while another row is under way.
	Row(works []Work) Row
}

// Row is files that are carried out one after the other, each in a transaction
// with its receipt, until the first that fails.
type Row interface {
	// Send carries them out, and reports whether all are done.
	Send(ctx context.Context) bool
	// Done reads which are, and what was measured of them, once Send has
	// returned; the next row may be under way. An error means that nobody can
	// tell.
	Done(ctx context.Context) ([]Measured, error)
}

// What others wait for is at most one row.
const (
	longestRow = 32
	widestRow  = 256 << 10 // bytes of SQL
)

// convoy is files that go over in one message.
type convoy struct {
	works []Work
	tasks []*task
	width int // bytes of SQL
}

func (t *task) mayRow() bool {
	return t.request.Following != nil && t.request.Ahead != nil && t.request.Held != nil
}

// inRow carries the file out together with those that follow, where that can
// be done, and sends the next ones ahead. When the file is not done then, it
// has to be tried by itself, which tells why.
func (t *task) inRow(ctx context.Context, s Session, first Work) (result providers.Result, done bool, err error) {
	rower, able := s.(Rower)
	if !able || !t.mayRow() || !rower.Fits(first) {
		return result, false, nil
	}
	together := t.row(rower, t.state.apart().after(first.Change), convoy{[]Work{first}, []*task{t}, len(first.SQL)})
	if len(together.works) == 1 {
		return result, false, nil
	}
	t.sent = t.send(ctx, rower.Row(together.works), together)
	if err := t.takeUp(ctx, s); err != nil {
		return result, false, err
	}
	result, done = t.takeEarly()
	return result, done, nil
}

// take remembers the results of the files of a row that are done.
func (t *task) take(row convoy, measured []Measured) {
	for i, m := range measured {
		c := row.works[i].Change
		t.entered(c)
		if t.early == nil {
			t.early = map[string]providers.Result{}
		}
		result := promoted(c.Before, c.Version, m)
		result.Took = max(m.Duration, time.Millisecond) // the history counts whole ones
		t.early[row.tasks[i].request.Step.Address] = result
	}
}

// takeEarly returns the step's own result, if it was carried out in a row.
func (t *task) takeEarly() (result providers.Result, done bool) {
	address := t.request.Step.Address
	if result, done = t.early[address]; done {
		delete(t.early, address)
		t.settled = true
	}
	return result, done
}

// row adds the files to a row that may go with it: those that follow at the
// state that it leads to, and are not done or on their way.
func (t *task) row(rower Rower, state State, r convoy) convoy {
	for req := range t.request.Following {
		if t.underWay(req.Step.Address) {
			continue
		}
		next, err := t.provider.task(req)
		if err != nil || next.target != t.target || len(r.works) == longestRow {
			break
		}
		if done, err := next.applied(state); done || err != nil {
			break
		}
		work, apart, err := next.upWork(state)
		if r.width += len(work.SQL); err != nil || apart || r.width > widestRow || !rower.Fits(work) {
			break
		}
		r.works, r.tasks = append(r.works, work), append(r.tasks, next)
		state = state.after(work.Change)
	}
	return r
}

// underWay reports whether the step was carried out together with one before
// it, or was sent ahead.
func (t *task) underWay(address string) bool {
	if _, done := t.early[address]; done {
		return true
	}
	return t.sent != nil && slices.ContainsFunc(t.sent.tasks, func(s *task) bool { return s.request.Step.Address == address })
}
