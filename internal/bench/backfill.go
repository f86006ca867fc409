package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/lockstep-dev/lockstep/internal/bench/contestant"
	"github.com/lockstep-dev/lockstep/internal/bench/figures"
	"github.com/lockstep-dev/lockstep/internal/bench/process"
)

const (
	backfillTemplate = "backfill_template"
	backfillDatabase = "backfill"
	// withoutBackfill is how long the baseline is watched.
	withoutBackfill = 10 * time.Second
	// documentedBatch is pgroll's batch size by its documentation.
	documentedBatch = 1000
)

// filling is a way to change all rows.
type filling struct {
	name string
	// command is nil for the baseline.
	command func(contestant.Job) (process.Command, error)
}

// filled is one round of one way.
type filled struct {
	experience
	usage      process.Usage
	lag        time.Duration
	lagBytes   int64
	afterwards time.Duration // until the replica had it all
	left       int           // rows that were not changed
}

func (l *lab) fillings() []filling {
	psql := func(statement string) func(contestant.Job) (process.Command, error) {
		return func(j contestant.Job) (process.Command, error) {
			return process.Command{Args: []string{filepath.Join(l.server.Binaries(), "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", j.Server(j.Database), "-c", statement}}, nil
		}
	}
	return []filling{
		{"nobody (baseline)", nil},
		{"psql, one UPDATE", psql(`UPDATE accounts SET cents = balance * 100`)},
		{fmt.Sprintf("psql, batches of %d without a pause", documentedBatch), psql(fmt.Sprintf(`DO $$
			BEGIN
				FOR low IN 1..%d BY %d LOOP
					UPDATE accounts SET cents = balance * 100 WHERE id BETWEEN low AND low + %d;
					COMMIT;
				END LOOP;
			END $$`, l.rows+1, documentedBatch, documentedBatch-1))},
		{"lockstep", func(j contestant.Job) (process.Command, error) {
			return l.lockstep.Apply(j), l.lockstep.WriteBackfill(j)
		}},
	}
}

func backfillPart(ctx context.Context, l *lab) (err error) {
	if err := l.server.quickly(ctx, func() error { return l.backfillTable(ctx) }); err != nil {
		return err
	}
	replica, err := l.server.Replica(settings())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, replica.Stop()) }()
	ways := l.fillings()
	rounds := make([][]filled, len(ways))
	for round := range l.times(1) {
		for _, i := range rotated(indexes(ways), round) {
			f, err := l.fill(ctx, ways[i], uint64(round))
			if err != nil {
				return fmt.Errorf("%s: %w", ways[i].name, err)
			}
			rounds[i] = append(rounds[i], f)
		}
	}
	l.reportBackfill(ways, rounds)
	return errors.Join(l.server.drop(ctx, backfillDatabase), l.server.drop(ctx, backfillTemplate))
}

func (l *lab) backfillTable(ctx context.Context) error {
	if err := l.server.accounts(ctx, backfillTemplate, l.rows); err != nil {
		return err
	}
	return l.server.run(ctx, backfillTemplate, `ALTER TABLE accounts ADD COLUMN cents bigint`)
}

// fill changes all rows of a fresh copy while the application works and the
// replica follows.
func (l *lab) fill(ctx context.Context, way filling, seed uint64) (f filled, err error) {
	job := contestant.Job{Dir: filepath.Join(l.dir, "backfill"), Server: l.server.URL, Database: backfillDatabase}
	defer func() { err = errors.Join(err, os.RemoveAll(job.Dir)) }()
	if err := l.server.copyOf(ctx, backfillTemplate, backfillDatabase); err != nil {
		return f, err
	}
	if err := l.server.settle(ctx); err != nil {
		return f, err
	}
	if _, err := l.server.caughtUp(ctx); err != nil {
		return f, err
	}
	users, err := startTraffic(ctx, l.server.URL(backfillDatabase), l.rows, seed)
	if err != nil {
		return f, err
	}
	start, err := l.fillBesideTraffic(ctx, way, job, &f)
	f.experience = experienced(users.stop(), start)
	if err != nil || way.command == nil {
		return f, err
	}
	return f, l.server.ask(ctx, backfillDatabase, `SELECT count(*) FROM accounts WHERE cents IS NULL`, &f.left)
}

func (l *lab) fillBesideTraffic(ctx context.Context, way filling, job contestant.Job, f *filled) (start time.Time, err error) {
	if err := pause(ctx, besideLoad); err != nil {
		return start, err
	}
	watch := l.server.watchLag(ctx)
	defer func() {
		lag, bytes, watchErr := watch.end()
		f.lag, f.lagBytes, err = lag, bytes, errors.Join(err, watchErr)
	}()
	start = time.Now()
	if way.command == nil {
		return start, pause(ctx, withoutBackfill)
	}
	command, err := way.command(job)
	if err != nil {
		return start, err
	}
	if f.usage, err = l.runner.Run(ctx, command); err != nil {
		return start, err
	}
	f.afterwards, err = l.server.caughtUp(ctx)
	return start, err
}

func (l *lab) reportBackfill(ways []filling, rounds [][]filled) {
	fmt.Fprintf(l.out, "%d rows get a new value while an application works on them (%d queries a second at moments fixed beforehand, %d clients,\n"+
		"half of them change a row) and a streaming replica on the same machine follows; %s. own: a query's own time; felt: from the\n"+
		"moment it was meant to be sent. Lag: the age of the oldest write that the replica does not have, looked at every %s.\n\n",
		l.rows, trafficRate, trafficClients, plural(len(rounds[0]), "round"), lagEvery)
	g := newGrid("way", "took", "rows a second", "99 %, own", "99 %, felt", "99.9 %, felt", "longest, felt", "replica lag", "replica behind", "caught up after", "rows left")
	for i, way := range ways {
		g.row(l.rowOfBackfill(way, rounds[i])...)
	}
	g.print(l.out)
	for i, way := range ways {
		for _, f := range rounds[i] {
			if f.usage.Exit != 0 || f.left != 0 {
				fmt.Fprintf(l.out, "- %s: exit code %d, %d rows left: %s\n", way.name, f.usage.Exit, f.left, f.usage.LastLines(3))
			}
			if f.failure != nil {
				fmt.Fprintf(l.out, "- %s: %d queries of the application failed, one with: %v\n", way.name, f.failed, f.failure)
			}
		}
	}
	fmt.Fprintf(l.out, "- documented, not measured: pgroll backfills in batches of %d rows, a transaction each, with a fixed pause between them that is 0 by default\n"+
		"  (--backfill-batch-size, --backfill-batch-delay); it does not look at replicas, and its documentation gives neither a latency nor a lag\n", documentedBatch)
}

func (l *lab) rowOfBackfill(way filling, rounds []filled) []string {
	spread := func(of func(filled) time.Duration) figures.Spread[time.Duration] {
		var all []time.Duration
		for _, f := range rounds {
			all = append(all, of(f))
		}
		return figures.Of(all)
	}
	felt := []string{
		milliseconds(spread(func(f filled) time.Duration { return f.p99Own })),
		milliseconds(spread(func(f filled) time.Duration { return f.p99Felt })),
		milliseconds(spread(func(f filled) time.Duration { return f.p999Felt })),
		milliseconds(spread(func(f filled) time.Duration { return f.longestFelt })),
		seconds(spread(func(f filled) time.Duration { return f.lag })),
	}
	var behind, left []int64
	for _, f := range rounds {
		behind, left = append(behind, f.lagBytes), append(left, int64(f.left))
	}
	felt = append(felt, megabytes(figures.Of(behind)))
	if way.command == nil {
		return append(append([]string{way.name, "-", "-"}, felt...), "-", "-")
	}
	took := spread(func(f filled) time.Duration { return f.usage.Wall })
	return append(append([]string{way.name, seconds(took), fmt.Sprintf("%.0f", float64(l.rows)/took.Median.Seconds())}, felt...),
		seconds(spread(func(f filled) time.Duration { return f.afterwards })), show(figures.Of(left), "%.0f", 1, ""))
}
