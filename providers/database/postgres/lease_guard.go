package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// guarding keeps other migrations of a database out while a session works.
type guarding interface {
	// take waits until the others are out, or patience ends.
	take(ctx context.Context) error
	// enter is the first thing that a writing transaction does: it fails when
	// the others are not kept out any more. Nothing is written then.
	enter(ctx context.Context, tx rowQuerier) error
	// beside keeps others out while a statement runs that cannot be in a
	// transaction; the context ends when they are not any more.
	beside(ctx context.Context) (guarded context.Context, end func() error, err error)
	// give lets the others in.
	give() error
}

// newGuarding is the way that the database block asks for.
func newGuarding(s *session) guarding {
	if s.job.Target.Lock == database.LockLease {
		return &lease{session: s, ttl: leaseTTL}
	}
	return sessionLocks{s}
}

// sessionLocks are golang-migrate's locks, held by the guard connection as
// long as it lives.
type sessionLocks struct{ session *session }

func (l sessionLocks) take(ctx context.Context) error { return l.session.lock(ctx) }

func (sessionLocks) enter(context.Context, rowQuerier) error { return nil }

func (sessionLocks) beside(ctx context.Context) (context.Context, func() error, error) {
	return ctx, func() error { return nil }, nil
}

func (l sessionLocks) give() error { return l.session.letGo() }

// unguarded is for sessions that only look.
type unguarded struct{ sessionLocks }

func (unguarded) take(context.Context) error { return nil }

func (unguarded) give() error { return nil }

// How often a wait for other migrations is told.
const tellWait = 15 * time.Second

// outwait tries until others are out of the way or patience ends. Try names
// who is in the way, or nobody when it got through.
func (s *session) outwait(ctx context.Context, try func(context.Context) (who string, err error)) error {
	begun := time.Now()
	deadline := s.lastTry(ctx)
	if s.job.LockPatience > 0 {
		deadline = begun.Add(s.job.LockPatience)
	}
	var told time.Time
	for n := 0; ; n++ {
		who, err := try(ctx)
		if err != nil || who == "" {
			return err
		}
		pause := backoff(n)
		if time.Now().Add(pause).After(deadline) {
			return fmt.Errorf("%w: another migration of this database is running: %s; waited %s; nothing was changed. Wait for it, or end it there (SELECT pg_terminate_backend(%s)), then go on; --lock-timeout says how long to wait",
				providers.ErrBlocked, who, age(time.Since(begun)), pidOf(who))
		}
		if time.Since(told) >= tellWait {
			s.job.Say("waiting for another migration of this database, %s so far, at most %s: %s",
				time.Since(begun).Round(time.Second), deadline.Sub(begun).Round(time.Second), who)
			told = time.Now()
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// pidOf is the process id in what a person reads of somebody.
func pidOf(who string) string {
	if rest, ok := strings.CutPrefix(who, "pid "); ok {
		pid, _, _ := strings.Cut(rest, ",")
		return pid
	}
	return "PID"
}
