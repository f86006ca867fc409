package database

import (
	"context"
	"fmt"
	"time"
)

// sent is a row that is under way while the results of the one before it are
// taken up: the connection for migrations is the row's until it has ended.
type sent struct {
	convoy
	row    Row
	cancel context.CancelFunc
	ended  chan struct{}
	all    bool // all files are done; to be read once ended is closed
}

// send carries a row out beside the steps before it. It outlives the step that
// sends it, and has the time of its own first step.
func (t *task) send(ctx context.Context, row Row, c convoy) *sent {
	for _, task := range c.tasks {
		if task != t {
			t.request.Ahead(task.request.Step.Address)
		}
	}
	ctx = context.WithoutCancel(ctx)
	r := &sent{convoy: c, row: row, ended: make(chan struct{})}
	if limit := c.tasks[0].request.Step.Timeout; limit > 0 {
		ctx, r.cancel = context.WithTimeout(ctx, time.Duration(limit))
	} else {
		ctx, r.cancel = context.WithCancel(ctx)
	}
	go func() {
		defer close(r.ended)
		r.all = row.Send(ctx)
	}()
	return r
}

// stop ends the row where it is: each file of it is there as a whole or not at
// all, and its receipt tells.
func (r *sent) stop() {
	if r == nil {
		return
	}
	r.cancel()
	<-r.ended
}

// wait returns when the row has ended, or was ended with ctx.
func (r *sent) wait(ctx context.Context) {
	select {
	case <-r.ended:
		r.cancel()
	case <-ctx.Done():
		r.stop()
	}
}

// after is the state that the row leads to.
func (r *sent) after(state State) State {
	for _, w := range r.works {
		state = state.after(w.Change)
	}
	return state
}

// takeUp waits for the row that is under way and, when this step begins it,
// sends the next one at once, which was made ready meanwhile. What became of
// the first is read beside that. After an error nobody can tell that, and
// nothing is under way.
func (t *task) takeUp(ctx context.Context, s Session) error {
	r := t.sent
	if r == nil {
		return nil
	}
	var next convoy
	var ready Row
	if rower, able := s.(Rower); able && t.job.Exclusive && t.mayRow() && r.tasks[0].request.Step.Address == t.request.Step.Address {
		if next = t.row(rower, r.after(t.state.apart()), convoy{}); len(next.works) > 0 {
			ready = rower.Row(next.works)
		}
	}
	r.wait(ctx)
	t.sent = nil
	if r.all && t.goesOn(ctx, next) {
		t.sent = t.send(ctx, ready, next)
	}
	measured, err := r.row.Done(ctx)
	if r.all && err == nil && len(measured) < len(r.works) {
		err = fmt.Errorf("%s was carried out, and has no receipt any more", r.works[len(measured)].File)
	}
	if err != nil {
		t.sent.stop()
		t.sent = nil
		return err
	}
	t.take(r.convoy, measured)
	return nil
}

// goesOn reports whether a row may be sent although its turn has not come: a
// run that is to stop sends nothing more.
func (t *task) goesOn(ctx context.Context, row convoy) bool {
	if len(row.works) == 0 || ctx.Err() != nil {
		return false
	}
	for range t.request.Following {
		return true
	}
	return false
}
