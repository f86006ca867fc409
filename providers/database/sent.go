package database

import (
	"context"
	"time"
)

// sent is a row that is under way while the results of the one before it are
// taken up: the session is the row's until it has ended.
type sent struct {
	works  []Work
	tasks  []*task
	cancel context.CancelFunc
	ended  chan struct{}

	// To be read once ended is closed.
	measured []Measured
	err      error
}

// send carries a row out beside the steps before it. It outlives the step that
// sends it, and has the time of its own first step.
func send(ctx context.Context, rower Rower, works []Work, tasks []*task) *sent {
	for _, t := range tasks {
		t.request.Ahead(t.request.Step.Address)
	}
	ctx = context.WithoutCancel(ctx)
	r := &sent{works: works, tasks: tasks, ended: make(chan struct{})}
	if limit := tasks[0].request.Step.Timeout; limit > 0 {
		ctx, r.cancel = context.WithTimeout(ctx, time.Duration(limit))
	} else {
		ctx, r.cancel = context.WithCancel(ctx)
	}
	go func() {
		defer close(r.ended)
		r.measured, r.err = rower.Row(ctx, works)
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

// begins reports whether the step is the row's first.
func (r *sent) begins(address string) bool {
	return r != nil && r.tasks[0].request.Step.Address == address
}

// after is the state that the row leads to.
func (r *sent) after(state State) State {
	if r != nil {
		for _, w := range r.works {
			state = state.after(w.Change)
		}
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
	if able && t.job.Exclusive && t.mayRow() && r.begins(t.request.Step.Address) {
		next = t.row(rower, r.after(t.state.apart()), convoy{})
	}
	r.wait(ctx)
	t.sent = nil
	if r.err != nil {
		return false
	}
	t.take(r.works, r.tasks, r.measured)
	if len(r.measured) == len(r.works) && len(next.works) > 0 && ctx.Err() == nil {
		t.sent = send(ctx, rower, next.works, next.tasks)
	}
	return true
}
