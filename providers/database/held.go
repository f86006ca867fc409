package database

import (
	"context"
	"errors"

	"github.com/lockstep-dev/lockstep/providers"
)

// Continuing is a Session that can go on with the next step at its target.
type Continuing interface {
	Session
	// Continue makes the session that of another job of the same run and
	// target. An error says that it does not keep others out any more.
	Continue(ctx context.Context, job Job) error
}

// held is a session that waits for the next step, with the state that its
// own steps led to: whoever else keeps to golang-migrate's locks is out.
type held struct {
	session Continuing
	target  Target
	run     string
	state   State
	early   map[string]providers.Result
	sent    *sent
}

// Close implements io.Closer.
func (h *held) Close() error {
	h.sent.stop()
	return h.session.Close()
}

// open returns the session that the step before has left, or a new one.
func (t *task) open(ctx context.Context) (Session, error) {
	if s := t.goOn(ctx); s != nil {
		return s, nil
	}
	session, err := t.provider.driver.Open(ctx, t.job)
	if err != nil {
		return nil, err
	}
	if err := t.look(ctx, session); err != nil {
		return nil, errors.Join(err, session.Close())
	}
	return session, nil
}

// goOn takes over what the step before has left, if it still holds.
func (t *task) goOn(ctx context.Context) Session {
	left := t.request.Held.Take()
	if left == nil {
		return nil
	}
	h, ok := left.(*held)
	if !ok || h.target != t.target || h.run != t.job.Run {
		_ = left.Close() // what is in it is committed, or never will be
		return nil
	}
	t.state, t.early, t.sent = h.state, h.early, h.sent
	if t.isEarly() {
		return h.session // a row that was sent ahead may be using it
	}
	good := t.takeUp(ctx, h.session) == nil
	if good && t.isEarly() {
		return h.session
	}
	if !good || h.session.Continue(ctx, t.job) != nil {
		t.state, t.early, t.sent = State{}, nil, nil
		_ = left.Close()
		return nil
	}
	if t.job.Exclusive {
		return h.session
	}
	// A probe believes nothing that it has not read.
	if err := t.look(ctx, h.session); err != nil {
		_ = left.Close() // it is opened anew, and says what is wrong
		return nil
	}
	return h.session
}

// isEarly reports whether the step that is to be carried out has been, together
// with one before it.
func (t *task) isEarly() bool {
	_, early := t.early[t.request.Step.Address]
	return early && t.job.Exclusive
}

// look reads the target. Whether something still runs is asked first: what
// ends afterwards is then in the state.
func (t *task) look(ctx context.Context, s Session) (err error) {
	if !t.job.Exclusive {
		if t.running, err = t.alive(ctx, s); err != nil {
			return err
		}
	}
	t.state, err = s.State(ctx)
	return err
}

// leave keeps the session for the next step, or closes it.
func (t *task) leave(session Session, failed bool) error {
	s, able := session.(Continuing)
	h := &held{session: s, target: t.target, run: t.job.Run, state: t.state, early: t.early, sent: t.sent}
	if able && t.settled && !failed && t.request.Held.Leave(h) {
		return nil
	}
	t.sent.stop()
	return session.Close()
}

// entered keeps up with what the task has written. Where that is not certain
// the next step reads anew.
func (t *task) entered(c Change) {
	t.state = t.state.after(c)
	t.settled = len(t.state.History) > 0
}
