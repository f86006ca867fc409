package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/lockstep-dev/lockstep/internal/bench/contestant"
	"github.com/lockstep-dev/lockstep/internal/bench/corpus"
	"github.com/lockstep-dev/lockstep/internal/bench/figures"
)

const (
	firstRun  = "lockstep" // with an empty cache
	secondRun = "lockstep, a second time"
	squawk    = "squawk"
)

func lintPart(ctx context.Context, l *lab) error {
	folder, err := filepath.Abs(l.options.peers)
	if err != nil {
		return err
	}
	peers, missing := contestant.Linters(ctx, folder, func(line string) { fmt.Fprintln(os.Stderr, line) })
	for _, m := range missing {
		fmt.Fprintf(l.out, "- not measured: %s: %s\n", m.Name, m.Reason)
	}
	sizes := l.sizes
	if len(sizes) == 0 {
		sizes = []int{1000}
	}
	for _, size := range sizes {
		for _, c := range []struct {
			about string
			files []corpus.Migration
		}{
			{"of a project's years, most with something to say", corpus.Mixed(size)},
			{"that write rows, with little to say", corpus.Rows(size)},
		} {
			in := linting{lab: l, peers: peers, about: c.about, files: c.files}
			if err := in.run(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// linting is one folder that all linters judge.
type linting struct {
	*lab
	peers  []contestant.Tool
	about  string
	files  []corpus.Migration
	folder string
	names  []string
	said   map[string]string
}

func (l linting) run(ctx context.Context) (err error) {
	if l.folder, err = os.MkdirTemp(l.dir, "lint-"); err != nil {
		return err
	}
	if err := corpus.Ups(l.folder, l.files); err != nil {
		return err
	}
	if l.names, err = l.list(); err != nil {
		return err
	}
	tools := []contestant.Tool{contestant.Linting(firstRun, l.program, ""), contestant.Linting(secondRun, l.program, "")}
	for _, p := range l.peers {
		if l.chosen(p) {
			tools = append(tools, p)
		}
	}
	c := newComparison(squawk, wholeMilliseconds, tools...)
	c.beside = squawk
	l.said = map[string]string{}
	for round := range l.times(9) {
		if err := l.round(ctx, c, round); err != nil {
			return err
		}
	}
	return l.report(c)
}

func (l linting) list() ([]string, error) {
	entries, err := os.ReadDir(l.folder)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

// round has every tool judge the folder once. Lockstep's two runs share a cache
// that is empty before the first.
func (l linting) round(ctx context.Context, c *comparison, round int) error {
	cache, err := os.MkdirTemp(l.dir, "cache-")
	if err != nil {
		return err
	}
	for _, i := range rotated(indexes(c.results[1:]), round) {
		list := c.results[i+1 : i+2]
		if i == 0 {
			list = c.results[:2]
		}
		for _, r := range list {
			l.measure(ctx, r, cache)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return os.RemoveAll(cache)
}

func (l linting) measure(ctx context.Context, r *result, cache string) {
	tool := r.tool
	if tool.Kind == contestant.Lockstep {
		tool = contestant.Linting(tool.Name, l.program, cache)
	}
	usage, err := l.runner.Run(ctx, tool.Lint(l.folder, l.names))
	if err == nil && tool.Linted(usage) {
		usage.Exit = 0
	}
	r.add(usage, err)
	l.said[tool.String()] = fmt.Sprintf("%d kB, at the end: %s", len(usage.Output)>>10, usage.LastLine())
}

func (l linting) report(c *comparison) error {
	fmt.Fprintf(l.out, "%d files %s, %d bytes each on average, %s, the tools in turn; each prints its findings as it comes\n\n",
		len(l.files), l.about, corpus.Size(l.files), plural(l.times(9), "round"))
	c.print(l.out)
	for _, r := range c.results {
		fmt.Fprintf(l.out, "- %s wrote %s\n", r.tool, l.said[r.tool.String()])
	}
	if len(c.of(squawk).rounds) > 0 {
		l.goal("a first run is not slower than squawk", c.of(firstRun), c.of(squawk))
	}
	l.goal("a second run is faster than the first", c.of(secondRun), c.of(firstRun))
	fmt.Fprintln(l.out)
	return errors.Join(differ(c.of(firstRun), c.of(secondRun)), os.RemoveAll(l.folder))
}

// goal compares medians. While others use the processors as well, processor
// time says more than time.
func (l linting) goal(text string, a, b *result) {
	reached := func(a, b []time.Duration) string {
		return verdict(len(a) > 0 && len(b) > 0 && figures.Of(a).Median <= figures.Of(b).Median)
	}
	fmt.Fprintf(l.out, "- goal: %s (medians): time %s, processor time %s\n", text, reached(a.wall(), b.wall()), reached(a.cpu(), b.cpu()))
}

// differ is an error when the cache changed what Lockstep says.
func differ(first, second *result) error {
	for i := range min(len(first.rounds), len(second.rounds)) {
		if first.rounds[i].Output != second.rounds[i].Output {
			return fmt.Errorf("lockstep says something else the second time (round %d after %s)", i+1, second.rounds[i].Wall.Round(time.Millisecond))
		}
	}
	return nil
}
