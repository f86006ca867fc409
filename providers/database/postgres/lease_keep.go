package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// leaseRow is what lockstep.lease says of one lease.
type leaseRow struct {
	run, step, application string
	actor, host            string
	since                  string
	live                   bool
	left                   float64 // seconds until it expires
}

const selectLease = `
	SELECT run, step, application, actor, host, date_trunc('second', taken_at)::text,
	       expires_at > clock_timestamp(), extract(epoch FROM expires_at - clock_timestamp())::float8
	FROM lockstep.lease`

func (r *leaseRow) scan(row *sql.Row) error {
	return row.Scan(&r.run, &r.step, &r.application, &r.actor, &r.host, &r.since, &r.live, &r.left)
}

// String names the holder for people.
func (r *leaseRow) String() string {
	return fmt.Sprintf("run %s has the lease (%s, user %s, host %s, since %s, expires in %.0fs unless it is renewed)",
		r.run, r.step, r.actor, r.host, r.since, r.left)
}

// keep renews the lease until give.
func (l *lease) keep(ctx context.Context) (err error) {
	if l.beats, err = connect(ctx, l.session.job.Target.URL, applicationName(l.session.job.Run, "lease")); err != nil {
		return err
	}
	lost, lose := context.WithCancel(context.Background())
	l.lost, l.ended = lost, make(chan struct{})
	stop := make(chan struct{})
	l.stop = func() { close(stop) }
	go func() {
		defer close(l.ended)
		defer lose()
		ticker := time.NewTicker(l.ttl / 3)
		defer ticker.Stop()
		for {
			select {
			case <-stop:
				return
			case <-ticker.C:
				if !l.renew() {
					return
				}
			}
		}
	}()
	return nil
}

// renew reports false when the lease is not ours any more. What cannot be
// asked is not known: the fence decides, in each transaction.
func (l *lease) renew() bool {
	ctx, cancel := context.WithTimeout(context.Background(), l.ttl/3)
	defer cancel()
	result, err := l.beats.ExecContext(ctx, `
		UPDATE lockstep.lease SET expires_at = clock_timestamp() + $3::float8 * interval '1 second' WHERE name = $1 AND fence = $2`,
		l.name, l.fence, l.ttl.Seconds())
	if err != nil {
		l.reconnect(ctx)
		return true
	}
	n, err := result.RowsAffected()
	return err != nil || n == 1
}

func (l *lease) reconnect(ctx context.Context) {
	c, err := connect(ctx, l.session.job.Target.URL, applicationName(l.session.job.Run, "lease"))
	if err != nil {
		return // the next beat tries again
	}
	_ = l.beats.close() // it is broken
	l.beats = c
}

// give ends the lease at once, unless somebody else has it by now.
func (l *lease) give() error {
	if l.beats == nil {
		return nil
	}
	l.stop()
	<-l.ended
	ctx, cancel := context.WithTimeout(context.Background(), l.ttl/3)
	defer cancel()
	_, err := l.beats.ExecContext(ctx, `
		UPDATE lockstep.lease SET run = '', expires_at = clock_timestamp() WHERE name = $1 AND fence = $2`, l.name, l.fence)
	if err != nil {
		l.session.job.Say("the lease could not be given back; it ends by itself within %s", l.ttl)
	}
	return errors.Join(l.beats.close())
}
