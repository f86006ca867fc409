package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/lockstep-dev/lockstep/internal/bench/contestant"
	"github.com/lockstep-dev/lockstep/internal/bench/process"
)

const (
	blockingRows     = 200_000
	blockingTemplate = "blocking_template"
	blockingDatabase = "blocking"
	besideLoad       = time.Second            // the traffic runs so long before the table is held
	besideHolder     = 500 * time.Millisecond // the table is held so long before the tool starts
	afterwards       = 1500 * time.Millisecond
	userTimeout      = time.Second // lock_timeout that a careful user sets by hand
)

// way is a tool in one configuration; the zero tool is nobody: the baseline.
type way struct {
	name    string
	tool    contestant.Tool
	nobody  bool
	timeout time.Duration
}

// encountered is one round of one way.
type encountered struct {
	experience
	usage    process.Usage
	noticed  sighting
	refusals int
	done     bool // what the migration makes is there
	next     int  // exit code of the next run
	nextDone bool
}

func blockingPart(ctx context.Context, l *lab) error {
	list, err := chosen(l.only)
	if err != nil {
		return err
	}
	if err := l.server.quickly(ctx, func() error { return l.server.accounts(ctx, blockingTemplate, blockingRows) }); err != nil {
		return err
	}
	l.explainBlocking()
	for i, s := range list {
		ways := l.waysOf(i == 0 || l.full)
		rounds := make([][]encountered, len(ways))
		for round := range l.times(1) {
			for _, n := range rotated(indexes(ways), round) {
				if round >= l.roundsOf(ways[n], i) {
					continue
				}
				e, err := l.encounter(ctx, s, ways[n], uint64(round))
				if err != nil {
					return fmt.Errorf("%s, %s: %w", s.name, ways[n].name, err)
				}
				rounds[n] = append(rounds[n], e)
			}
		}
		if err := l.reportBlocking(ctx, s, ways, rounds); err != nil {
			return err
		}
	}
	return l.server.drop(ctx, blockingTemplate)
}

// roundsOf is how often a way meets the nth scenario: what a lock does to
// others shows in a few rounds, that it never does anything takes many.
func (l *lab) roundsOf(w way, scenario int) int {
	all := l.times(1)
	if l.peerRounds == 0 || w.tool.Name == l.lockstep.Name || w.nobody && scenario == 0 {
		return all
	}
	return min(all, l.peerRounds)
}

// waysOf are the tools that meet a scenario; all of them, or the floor beside
// Lockstep alone.
func (l *lab) waysOf(all bool) []way {
	ways := []way{{name: "nobody (baseline)", nobody: true}, {name: l.lockstep.Name, tool: l.lockstep}}
	var tools []contestant.Tool
	if l.chosen(l.psqlNewest) {
		tools = append(tools, l.psqlNewest)
	}
	if all {
		tools = append(tools, l.peers...)
	}
	for _, t := range tools {
		ways = append(ways, way{name: t.Name, tool: t})
	}
	if all {
		for _, t := range tools {
			ways = append(ways, way{name: t.Name + ", lock_timeout 1 s", tool: t, timeout: userTimeout})
		}
	}
	return ways
}

// encounter lets one tool meet the held table while the application works.
func (l *lab) encounter(ctx context.Context, s scenario, w way, seed uint64) (e encountered, err error) {
	job := contestant.Job{Dir: filepath.Join(l.dir, "blocking"), Server: l.server.URL, Database: blockingDatabase, LockTimeout: w.timeout}
	if err := l.prepareBlocking(ctx, s, w, job); err != nil {
		return e, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(job.Dir)) }()
	users, err := startTraffic(ctx, l.server.URL(blockingDatabase), blockingRows, seed)
	if err != nil {
		return e, err
	}
	start, err := l.meet(ctx, w, job, &e)
	seen := users.stop()
	if err != nil {
		return e, err
	}
	e.experience = experienced(seen, start)
	return e, l.aftermath(ctx, s, w, job, &e)
}

func (l *lab) prepareBlocking(ctx context.Context, s scenario, w way, job contestant.Job) error {
	if err := l.server.copyOf(ctx, blockingTemplate, blockingDatabase); err != nil {
		return err
	}
	if !w.nobody {
		if err := w.tool.Write(job.Dir, before(), job.Server, job.Database); err != nil {
			return err
		}
		usage, err := l.runner.Run(ctx, w.tool.Apply(job))
		if err != nil || usage.Exit != 0 {
			return errors.Join(err, fmt.Errorf("the migration before: exit code %d: %s", usage.Exit, usage.LastLine()))
		}
		if err := w.tool.Write(job.Dir, s.files(), job.Server, job.Database); err != nil {
			return err
		}
	}
	return l.server.settle(ctx)
}

// meet is the time line: traffic, a second later somebody holds the table,
// then the tool, and the table is given back a fixed time after the tool met
// it. It returns the moment from which on the users' experience counts.
func (l *lab) meet(ctx context.Context, w way, job contestant.Job, e *encountered) (time.Time, error) {
	if err := pause(ctx, besideLoad); err != nil {
		return time.Time{}, err
	}
	h, err := hold(ctx, l.server.URL(blockingDatabase), blockingRows+1)
	if err != nil {
		return time.Time{}, err
	}
	start, tool, err := l.meetHolder(ctx, w, job, e)
	err = errors.Join(err, h.release())
	if tool != nil {
		<-tool.ended
		e.usage = tool.usage
		var refusedErr error
		e.refusals, refusedErr = tool.watch.refused()
		err = errors.Join(err, tool.err, refusedErr)
	}
	if err != nil {
		return start, err
	}
	return start, pause(ctx, afterwards)
}

// background is a tool that runs; usage and err are read once it has ended.
type background struct {
	watch encounter
	ended chan struct{}
	usage process.Usage
	err   error
}

func (l *lab) meetHolder(ctx context.Context, w way, job contestant.Job, e *encountered) (time.Time, *background, error) {
	if err := pause(ctx, besideHolder); err != nil {
		return time.Time{}, nil, err
	}
	start := time.Now()
	if w.nobody {
		return start, nil, pause(ctx, l.hold)
	}
	watch, err := l.server.expect(blockingDatabase)
	if err != nil {
		return start, nil, err
	}
	running, err := l.runner.Start(ctx, w.tool.Apply(job))
	if err != nil {
		return start, nil, err
	}
	tool := &background{watch: watch, ended: make(chan struct{})}
	go func() {
		tool.usage, tool.err = running.Wait()
		close(tool.ended)
	}()
	if e.noticed, err = watch.await(ctx, tool.ended); err != nil {
		return start, tool, err
	}
	return start, tool, pause(ctx, l.hold)
}

// aftermath looks at what is there, and runs the tool once more with nobody in
// its way.
func (l *lab) aftermath(ctx context.Context, s scenario, w way, job contestant.Job, e *encountered) error {
	if w.nobody {
		return nil
	}
	var n int
	if err := l.server.ask(ctx, blockingDatabase, s.done, &n); err != nil {
		return err
	}
	e.done = n == 1
	usage, err := l.runner.Run(ctx, w.tool.Apply(job))
	if err != nil {
		return err
	}
	e.next = usage.Exit
	if err := l.server.ask(ctx, blockingDatabase, s.done, &n); err != nil {
		return err
	}
	e.nextDone = n == 1
	return nil
}

// pause lets time pass; it is what is measured, not a wait for something.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
