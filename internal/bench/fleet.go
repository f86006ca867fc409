package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/bench/contestant"
	"github.com/lockstep-dev/lockstep/internal/bench/corpus"
	"github.com/lockstep-dev/lockstep/internal/bench/figures"
	"github.com/lockstep-dev/lockstep/internal/bench/process"
)

const (
	fleetFiles    = 20
	fleetParallel = 8
)

// fleetWay is how a tool reaches many databases. A tool that takes all of them
// in one process is one more way with a command of its own.
type fleetWay struct {
	tool    contestant.Tool
	command func(job contestant.Job, databases []string) process.Command
}

// fleetWays are the tools as the reference runs them: a process for each
// database, several at a time. Lockstep has one project with an environment
// for each database.
func (l *lab) fleetWays() []fleetWay {
	var ways []fleetWay
	for _, t := range append([]contestant.Tool{l.psql, l.lockstep}, l.peers...) {
		ways = append(ways, fleetWay{t, func(job contestant.Job, databases []string) process.Command {
			return underXargs(t, job, databases)
		}})
	}
	return ways
}

func underXargs(t contestant.Tool, job contestant.Job, databases []string) process.Command {
	job.Database = "{}"
	one := t.Apply(job)
	one.Args = append([]string{"xargs", "-P", fmt.Sprint(fleetParallel), "-I", "{}"}, one.Args...)
	one.Stdin = strings.Join(databases, "\n") + "\n"
	return one
}

func fleetPart(ctx context.Context, l *lab) error {
	if _, err := exec.LookPath("xargs"); err != nil {
		return fmt.Errorf("the tools are run by xargs (package findutils): %w", err)
	}
	var names []string
	for i := range l.databases {
		names = append(names, fmt.Sprintf("fleet_%03d", i))
	}
	ways := l.fleetWays()
	var tools []contestant.Tool
	for _, w := range ways {
		tools = append(tools, w.tool)
	}
	c := newComparison(l.psql.Name, seconds, tools...)
	for round := range l.times(1) {
		for _, i := range rotated(indexes(ways), round) {
			if c.results[i].failed != "" {
				continue
			}
			if err := l.fleetOnce(ctx, ways[i], c.results[i], names); err != nil {
				return fmt.Errorf("%s: %w", ways[i].tool.Name, err)
			}
		}
	}
	fmt.Fprintf(l.out, "%d databases on one server, %d small migrations each, a process for each database under xargs -P %d; %s, the tools in turn\n\n",
		l.databases, fleetFiles, fleetParallel, plural(l.times(1), "round"))
	c.print(l.out)
	judgeFleet(l, c)
	return nil
}

// fleetOnce makes the databases, which is not timed, and migrates them.
func (l *lab) fleetOnce(ctx context.Context, w fleetWay, r *result, names []string) (err error) {
	defer func() {
		err = errors.Join(err, l.server.quickly(context.WithoutCancel(ctx), func() error {
			return l.each(context.WithoutCancel(ctx), names, l.server.drop)
		}))
	}()
	if err := l.server.quickly(ctx, func() error { return l.each(ctx, names, l.server.fresh) }); err != nil {
		return err
	}
	job := contestant.Job{Dir: filepath.Join(l.dir, "fleet"), Server: l.server.URL}
	if err := w.tool.Write(job.Dir, corpus.Small(fleetFiles), job.Server, names...); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(job.Dir)) }()
	r.add(l.runner.Run(ctx, w.command(job, names)))
	if r.failed != "" {
		return ctx.Err()
	}
	return l.each(ctx, names, func(ctx context.Context, name string) error {
		var tables int
		err := l.server.ask(ctx, name, `SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname ~ '^t[0-9]+$'`, &tables)
		if err == nil && tables != corpus.Tables(fleetFiles) {
			r.failed = fmt.Sprintf("%s has %d of %d tables, exit code 0", name, tables, corpus.Tables(fleetFiles))
		}
		return err
	})
}

func (l *lab) each(ctx context.Context, names []string, do func(context.Context, string) error) error {
	for _, name := range names {
		if err := do(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func judgeFleet(l *lab, c *comparison) {
	best, ok := c.fastestPeer()
	if !ok {
		return
	}
	ratio := figures.Pairwise(c.of("lockstep").wall(), best.wall())
	fmt.Fprintf(l.out, "- goal: faster than the fastest peer, %s; Lockstep takes %s of its time: %s\n",
		best.tool.Name, orMissing(ratio), verdict(ratio.Rounds > 0 && ratio.Median < 1))
}
