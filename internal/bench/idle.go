package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lockstep-dev/lockstep/internal/bench/contestant"
	"github.com/lockstep-dev/lockstep/internal/bench/corpus"
	"github.com/lockstep-dev/lockstep/internal/bench/figures"
	"github.com/lockstep-dev/lockstep/internal/bench/process"
)

// idleGoal is the time in which nothing to do behind 10,000 files is found,
// with every file's hash compared (issue 3).
const idleGoal = 300 * time.Millisecond

func idlePart(ctx context.Context, l *lab) error {
	sizes := l.sizes
	if len(sizes) == 0 {
		sizes = []int{1000, 10_000}
	}
	for _, size := range sizes {
		if err := idleSize(ctx, l, size); err != nil {
			return fmt.Errorf("%d migrations: %w", size, err)
		}
	}
	return nil
}

// applied is a tool with a database that has all files, unless it failed.
type applied struct {
	tool   contestant.Tool
	job    contestant.Job
	failed string
}

// idling is every tool behind many applied migrations.
type idling struct {
	*lab
	size          int
	folder        string
	list          []applied
	again, status *comparison
}

func idleSize(ctx context.Context, l *lab, size int) error {
	in := idling{lab: l, size: size, folder: filepath.Join(l.dir, fmt.Sprintf("idle-%d", size))}
	tools := append([]contestant.Tool{l.lockstep}, l.peers...)
	list, err := in.prepare(ctx, tools)
	if err != nil {
		return err
	}
	floor := contestant.Tool{Name: "psql -c 'SELECT 1'", Kind: contestant.Floor}
	again := newComparison(floor.Name, wholeMilliseconds, append([]contestant.Tool{floor}, tools...)...)
	status := newComparison(floor.Name, wholeMilliseconds, append([]contestant.Tool{floor}, tools...)...)
	for i, a := range list {
		again.results[i+1].failed, status.results[i+1].failed = a.failed, a.failed
	}
	for round := range l.times(5) {
		for _, i := range rotated(indexes(list), round) {
			if list[i].failed != "" {
				continue
			}
			again.results[i+1].add(l.runner.Run(ctx, list[i].tool.Apply(list[i].job)))
			if command, ok := list[i].tool.Status(list[i].job); ok {
				status.results[i+1].add(l.runner.Run(ctx, command))
			}
		}
		for _, c := range []*comparison{again, status} {
			c.results[0].add(l.runner.Run(ctx, connectOnly(l)))
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	in.list, in.again, in.status = list, again, status
	return in.report(ctx)
}

// connectOnly is what starting a program and asking a server costs.
func connectOnly(l *lab) process.Command {
	return process.Command{Args: []string{filepath.Join(l.server.Binaries(), "psql"), "-X", "-q", "-d", l.server.URL("postgres"), "-c", "SELECT 1"}}
}

// prepare has every tool apply all files itself, without durability.
func (l idling) prepare(ctx context.Context, tools []contestant.Tool) ([]applied, error) {
	files := corpus.Small(l.size)
	list := make([]applied, len(tools))
	return list, l.server.quickly(ctx, func() error {
		var group errgroup.Group
		group.SetLimit(runtime.NumCPU())
		for i, t := range tools {
			name := fmt.Sprintf("bench_%d", i)
			list[i] = applied{tool: t, job: contestant.Job{Dir: filepath.Join(l.folder, name), Server: l.server.URL, Database: name}}
			if err := l.server.fresh(ctx, name); err != nil {
				return errors.Join(err, group.Wait())
			}
			group.Go(func() error {
				if err := t.Write(list[i].job.Dir, files, l.server.URL, name); err != nil {
					return err
				}
				var r result
				r.add(l.runner.Run(ctx, t.Apply(list[i].job)))
				list[i].failed = r.failed
				return ctx.Err()
			})
		}
		return group.Wait()
	})
}

func (l idling) report(ctx context.Context) error {
	fmt.Fprintf(l.out, "apply once more, nothing to do behind %d applied migrations, %s, the tools in turn\n\n", l.size, plural(l.times(5), "round"))
	l.again.print(l.out)
	if own := figures.Of(l.again.of("lockstep").wall()); l.size >= 10_000 {
		fmt.Fprintf(l.out, "- goal: at most %s (median) with 10,000 files, every up and down file's hash compared: %s, %s\n",
			idleGoal, wholeMilliseconds(own), verdict(own.Rounds > 0 && own.Median <= idleGoal))
	}
	for _, a := range l.list {
		if a.failed != "" {
			continue
		}
		said, err := noticesEdit(ctx, l.lab, a, l.size)
		if err != nil {
			return err
		}
		fmt.Fprintf(l.out, "- a comment more in an applied file in the middle: %s %s\n", a.tool.Name, said)
		if err := l.server.drop(ctx, a.job.Database); err != nil {
			return err
		}
	}
	fmt.Fprintf(l.out, "\nstatus behind %d applied migrations (golang-migrate: version), %s; Lockstep answers from its journal, the others ask the database\n\n", l.size, plural(l.times(5), "round"))
	l.status.print(l.out)
	return os.RemoveAll(l.folder)
}

// noticesEdit changes an applied file and runs the tool once more.
func noticesEdit(ctx context.Context, l *lab, a applied, size int) (string, error) {
	found, err := filepath.Glob(filepath.Join(a.job.Dir, fmt.Sprintf("%06d_m*.sql", size/2)))
	if err == nil && len(found) == 0 {
		found, err = filepath.Glob(filepath.Join(a.job.Dir, "migrations", fmt.Sprintf("%06d_m.up.sql", size/2)))
	}
	if err != nil || len(found) == 0 {
		return "", errors.Join(err, fmt.Errorf("%s has no file %06d", a.job.Dir, size/2))
	}
	file := found[len(found)-1] // of a pair the up file
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(file, append(text, "-- edited\n"...), 0o600); err != nil {
		return "", err
	}
	usage, err := l.runner.Run(ctx, a.tool.Apply(a.job))
	if err != nil {
		return "", err
	}
	if usage.Exit == 0 {
		return "says nothing", nil
	}
	return fmt.Sprintf("refuses (exit code %d)", usage.Exit), nil
}
