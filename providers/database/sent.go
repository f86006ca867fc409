package database

import (
	"context"
	"time"
)

// sent is a row that is under way while the results of the one before it are
// taken up: the session is the row's until it has ended.
type sent struct {
	convoy
	cancel context.CancelFunc
	ended  chan struct{}

	// To be read once ended is closed.
	measured []Measured
	err      error
}

// send carries a row out beside the steps before it. It outlives the step that
// sends it, and has the time of its own first step.
func send(ctx context.Context, rower Rower, row convoy) *sent {
	for _, t := range row.tasks {
		t.request.Ahead(t.request.Step.Address)
	}
	ctx = context.WithoutCancel(ctx)
	r := &sent{convoy: row, ended: make(chan struct{})}
	if limit := row.tasks[0].request.Step.Timeout; limit > 0 {
		ctx, r.cancel = context.WithTimeout(ctx, time.Duration(limit))
	} else {
		ctx, r.cancel = context.WithCancel(ctx)
	}
	go func() {
		defer close(r.ended)
		r.measured, r.err = rower.Row(ctx, row.works)
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

// takeUp waits for the row that was sent ahead and, when this step begins it,
// sends the next one, which was made ready meanwhile. It reports whether the
// session is good for more.
func (t *task) takeUp(ctx context.Context, s Session) bool {
	r := t.sent
	if r == nil {
		return true
	}
	var next convoy
	rower, able := s.(Rower)
	if able && t.job.Exclusive && t.mayRow() && r.tasks[0].request.Step.Address == t.request.Step.Address {
		next = t.row(rower, r.after(t.state.apart()), convoy{})
	}
	r.wait(ctx)
	t.sent = nil
	if r.err != nil {
		return false
	}
	t.take(r.convoy, r.measured)
	if len(r.measured) == len(r.works) && t.goesOn(ctx, next) {
		t.sent = send(ctx, rower, next)
	}
	return true
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
