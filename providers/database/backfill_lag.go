package database

import (
	"context"
	"errors"
	"time"
)

const (
	// lagEvery is how often replicas are looked at.
	lagEvery = time.Second
	// remindEvery is how often it says that it still holds.
	remindEvery = 30 * time.Second
)

// replicas is what was seen of them last.
type replicas struct {
	lag    Lag
	seen   time.Time
	silent bool // it has been said that they cannot be seen
}

// letReplicasCatchUp holds while a replica is further behind than it may be.
func (l *lap) letReplicasCatchUp(ctx context.Context) error {
	limit := time.Duration(l.spec.MaxLag)
	if limit <= 0 || time.Since(l.replicas.seen) < lagEvery {
		return nil
	}
	var begun, said time.Time
	for {
		lag, err := l.look(ctx)
		if err != nil {
			return err
		}
		if lag.Worst <= limit {
			break
		}
		if begun.IsZero() {
			begun = time.Now()
		}
		if time.Since(said) >= remindEvery {
			said = time.Now()
			l.say("holding: replica %s is %s behind, max_lag is %s", lag.Replica, lag.Worst.Round(100*time.Millisecond), limit)
		}
		if err := l.wait(ctx, lagEvery); err != nil {
			return err
		}
		l.pace.since = time.Now() // to hold is not to be stuck
	}
	if !begun.IsZero() {
		l.figures.held += time.Since(begun)
		l.say("going on: the replicas have caught up after %s", time.Since(begun).Round(time.Second))
	}
	return nil
}

// look reads the lag. What cannot be seen is said once and holds nothing.
func (l *lap) look(ctx context.Context) (Lag, error) {
	lag, err := l.Lag(ctx)
	switch {
	case ctx.Err() != nil:
		return lag, ctx.Err()
	case errors.Is(err, ErrLost):
		return lag, err
	case err != nil:
		l.sayOnce("the lag of replicas cannot be read, so it is not held for: %s", firstLine(err))
		lag = Lag{}
	case lag.Hidden && lag.Replicas > 0:
		l.sayOnce("there are replicas (%d) whose lag the role may not see, so it is not held for (grant it pg_monitor)", lag.Replicas)
	}
	l.replicas.lag, l.replicas.seen = lag, time.Now()
	return lag, nil
}

func (l *lap) sayOnce(format string, args ...any) {
	if !l.replicas.silent {
		l.replicas.silent = true
		l.say(format, args...)
	}
}
