package database

import (
	"context"
	"errors"
	"time"

	"github.com/lockstep-dev/lockstep/providers"
)

// Judge is a Session that can tell a server or a network that went away from a
// refusal, and from one connection that somebody has ended.
type Judge interface {
	Lost(ctx context.Context, err error) bool
}

// How often a step goes on over lost connections. It is bounded because the
// file itself may be what brings a server down.
const (
	mostLosses  = 2
	reopenGrace = 30 * time.Second // for a server that starts
	reopenPause = 250 * time.Millisecond
)

// losses counts the sessions that one verb has lost.
type losses struct {
	count int
	since time.Time // when the last one was lost
}

// again reports whether to open a session once more after an error: the
// receipts then tell what of the step is done.
func (t *task) again(ctx context.Context, l *losses, result outcome) bool {
	if ctx.Err() != nil || errors.Is(result.err, providers.ErrBlocked) {
		return false
	}
	if !result.opened {
		return l.count > 0 && time.Since(l.since) < reopenGrace
	}
	if !result.lost || l.count == mostLosses {
		return false
	}
	l.count, l.since = l.count+1, time.Now()
	t.say("the connection was lost (%s); connecting again to see how far it came", firstLine(HideURL(t.target.URL, result.err)))
	return true
}

// persist carries out one verb, over lost connections.
func (t *task) persist(ctx context.Context, verb func(context.Context, Session, State) error) error {
	var l losses
	for {
		result := t.once(ctx, verb)
		if result.err == nil || !t.again(ctx, &l, result) {
			return result.err
		}
		timer := time.NewTimer(reopenPause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return result.err
		case <-timer.C:
		}
	}
}

// outcome is how one session ended.
type outcome struct {
	err          error
	opened, lost bool
}

func (t *task) once(ctx context.Context, verb func(context.Context, Session, State) error) outcome {
	t.settled = false
	session, err := t.open(ctx)
	if err != nil {
		return outcome{err: err}
	}
	err = verb(ctx, session, t.state)
	judge, able := session.(Judge)
	lost := able && err != nil && judge.Lost(ctx, err)
	return outcome{errors.Join(err, t.leave(session, err != nil)), true, lost}
}
