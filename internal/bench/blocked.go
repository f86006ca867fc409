package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/lockstep-dev/lockstep/internal/bench/contestant"
	"github.com/lockstep-dev/lockstep/internal/bench/figures"
)

// overBaselineGoal is how much longer than without a migration the longest
// query and the 99.9th percentile may be (issue 3).
const overBaselineGoal = 50 * time.Millisecond

func (l *lab) explainBlocking() {
	fmt.Fprintf(l.out, `An application (%d queries a second at moments fixed beforehand, %d clients, half read a row by key, half change
one, %d rows) works while a session holds the table: it has written one row and is idle in its transaction.
A tool then applies one migration with one statement. The table is given back %s after the tool was first seen
waiting for a lock or was first refused one (Lockstep asks with NOWAIT and so never waits).
own: a query's own time; felt: from the moment it was meant to be sent, the queue before it included. Both from
the tool's start to %s after its end. The baseline is the same without a tool. "lock_timeout 1 s" is what a user
of the tool sets by hand (in the URL, PGOPTIONS for psql); Lockstep runs as it comes.

`, trafficRate, trafficClients, blockingRows, l.hold, afterwards)
}

func (l *lab) reportBlocking(ctx context.Context, s scenario, ways []way, rounds [][]encountered) error {
	alone, err := l.aloneTime(ctx, s)
	if err != nil {
		return err
	}
	fmt.Fprintf(l.out, "%s: `%s`, %s; the statement itself takes %.0f ms on this table when nobody else is there\n\n",
		s.name, s.up, plural(l.times(1), "round"), float64(alone)/float64(time.Millisecond))
	g := newGrid("tool", "rounds", "longest, own", "longest, felt", "99.9 %, own", "99.9 %, felt", "felt over 250 ms", "succeeded", "next run", "took", "refusals")
	for i, w := range ways {
		g.row(rowOfBlocking(w, rounds[i])...)
	}
	g.print(l.out)
	l.judgeBlocking(ways, rounds, ownLock(s, alone))
	return nil
}

// column collects one figure of all rounds.
func column[T any](rounds []encountered, of func(encountered) T) []T {
	var all []T
	for _, e := range rounds {
		all = append(all, of(e))
	}
	return all
}

func duration(rounds []encountered, of func(encountered) time.Duration) string {
	return wholeMilliseconds(figures.Of(column(rounds, of)))
}

func rowOfBlocking(w way, rounds []encountered) []string {
	row := []string{
		w.name, strconv.Itoa(len(rounds)),
		duration(rounds, func(e encountered) time.Duration { return e.longestOwn }),
		duration(rounds, func(e encountered) time.Duration { return e.longestFelt }),
		duration(rounds, func(e encountered) time.Duration { return e.p999Own }),
		duration(rounds, func(e encountered) time.Duration { return e.p999Felt }),
		show(figures.Of(column(rounds, func(e encountered) int64 { return int64(e.late) })), "%.0f", 1, ""),
	}
	if w.nobody {
		return append(row, "-", "-", "-", "-")
	}
	next := 0
	for _, e := range rounds {
		if e.nextDone && (e.next == 0 || w.tool.Kind == contestant.Floor) {
			next++
		}
	}
	return append(row,
		fmt.Sprintf("%d of %d", successes(rounds), len(rounds)), fmt.Sprintf("%d of %d", next, len(rounds)),
		seconds(figures.Of(column(rounds, func(e encountered) time.Duration { return e.usage.Wall }))),
		show(figures.Of(column(rounds, func(e encountered) int64 { return int64(e.refusals) })), "%.0f", 1, ""))
}

// successes are the rounds in which the tool said so and it is so.
func successes(rounds []encountered) int {
	n := 0
	for _, e := range rounds {
		if e.usage.Exit == 0 && e.done {
			n++
		}
	}
	return n
}

// ownLock is how long the statement must keep writers out by itself.
func ownLock(s scenario, alone time.Duration) time.Duration {
	if s.holds {
		return alone
	}
	return 0
}

// judgeBlocking compares Lockstep's worst round with the baseline's median and
// the time for which the statement itself holds its lock.
func (l *lab) judgeBlocking(ways []way, rounds [][]encountered, held time.Duration) {
	var base, own []encountered
	for i, w := range ways {
		switch {
		case w.nobody:
			base = rounds[i]
		case w.tool.Kind == contestant.Lockstep:
			own = rounds[i]
		}
	}
	over := func(of func(encountered) time.Duration) time.Duration {
		return figures.Of(column(own, of)).Max - figures.Of(column(base, of)).Median - held
	}
	floor := "the baseline (its median)"
	if held > 0 {
		floor += fmt.Sprintf(" and the %.0f ms for which the statement itself keeps writers out, whoever runs it", float64(held)/1e6)
	}
	longest := over(func(e encountered) time.Duration { return e.longestFelt })
	p999 := over(func(e encountered) time.Duration { return e.p999Felt })
	fmt.Fprintf(l.out, "- goal: longest query of all rounds at most %s over %s: %.0f ms over, %s\n", overBaselineGoal, floor, float64(longest)/1e6, verdict(longest <= overBaselineGoal))
	fmt.Fprintf(l.out, "- goal: 99.9 %% of the worst round at most %s over the same: %.0f ms over, %s\n", overBaselineGoal, float64(p999)/1e6, verdict(p999 <= overBaselineGoal))
	if held > 0 {
		fmt.Fprintln(l.out, "- the form that lint and plan ask for, CONCURRENTLY, is a part of its own")
	}
	fmt.Fprintf(l.out, "- goal: success every time: %d of %d, %s\n", successes(own), len(own), verdict(successes(own) == len(own)))
	for i, w := range ways {
		l.troubles(w, rounds[i])
	}
	fmt.Fprintln(l.out)
}

// troubles says what went wrong in the rounds of a tool: the last words of the
// tool, and of the application's queries.
func (l *lab) troubles(w way, rounds []encountered) {
	said := map[string]bool{}
	note := func(text string) {
		if !said[text] {
			said[text] = true
			fmt.Fprintf(l.out, "- %s: %s\n", w.name, text)
		}
	}
	for _, e := range rounds {
		if e.failure != nil {
			note("a query of the application failed: " + e.failure.Error())
		}
		switch e.noticed {
		case ended:
			note("it ended without having met the held table")
		case unseen:
			note(fmt.Sprintf("it was seen neither waiting nor refused within %s", meetingLimit))
		}
		if !w.nobody && (e.usage.Exit != 0 || !e.done) {
			note(fmt.Sprintf("exit code %d: %s", e.usage.Exit, e.usage.LastLines(2)))
		}
	}
}

// aloneTime is how long the statement takes on a copy that nobody else uses.
func (l *lab) aloneTime(ctx context.Context, s scenario) (time.Duration, error) {
	if err := l.server.copyOf(ctx, blockingTemplate, blockingDatabase); err != nil {
		return 0, err
	}
	if err := l.server.settle(ctx); err != nil {
		return 0, err
	}
	took, err := l.server.timed(ctx, blockingDatabase, s.up)
	return took, errors.Join(err, l.server.drop(ctx, blockingDatabase))
}
