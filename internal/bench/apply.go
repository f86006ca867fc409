package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/lockstep-dev/lockstep/internal/bench/contestant"
	"github.com/lockstep-dev/lockstep/internal/bench/corpus"
	"github.com/lockstep-dev/lockstep/internal/bench/figures"
)

const timesPsqlGoal = 1.1 // issue 3: at most this many times one psql that runs all files

func applyPart(ctx context.Context, l *lab) error {
	sizes := l.sizes
	if len(sizes) == 0 {
		sizes = []int{1000}
	}
	var all []*comparison
	for _, size := range sizes {
		c, err := applySize(ctx, l, size)
		if err != nil {
			return fmt.Errorf("%d migrations: %w", size, err)
		}
		fmt.Fprintf(l.out, "%d migrations (CREATE TABLE, ADD COLUMN, CREATE INDEX in turn, one statement a file, each with its down), %s, the tools in turn; the floor is psql with a transaction a file\n\n", size, plural(l.times(3), "round"))
		c.print(l.out)
		judgeApply(l, c)
		all = append(all, c)
	}
	judgeLinear(l, sizes, all)
	return nil
}

func applySize(ctx context.Context, l *lab, size int) (*comparison, error) {
	tools := append([]contestant.Tool{l.psqlOnce, l.psql, l.lockstep}, l.peers...)
	files := corpus.Small(size)
	c := newComparison(l.psql.Name, seconds, tools...)
	dir := filepath.Join(l.dir, fmt.Sprintf("apply-%d", size))
	for round := range l.times(3) {
		for _, i := range rotated(indexes(tools), round) {
			if c.results[i].failed != "" {
				continue
			}
			name := fmt.Sprintf("apply_%d_%d_%d", size, i, round)
			job := contestant.Job{Dir: filepath.Join(dir, name), Server: l.server.URL, Database: name}
			if err := tools[i].Write(job.Dir, files, l.server.URL, name); err != nil {
				return nil, err
			}
			if err := l.applyOnce(ctx, c.results[i], job, size); err != nil {
				return nil, err
			}
		}
	}
	return c, os.RemoveAll(dir)
}

// applyOnce applies all files to an empty database, and looks whether they
// are. Database and folder stay until the end: ext4 takes twice the time to
// make a file while it remembers thousands of deleted ones.
func (l *lab) applyOnce(ctx context.Context, r *result, job contestant.Job, size int) error {
	if err := l.server.fresh(ctx, job.Database); err != nil {
		return err
	}
	if err := l.server.settle(ctx); err != nil {
		return err
	}
	r.add(l.runner.Run(ctx, r.tool.Apply(job)))
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.failed == "" {
		var tables int
		if err := l.server.ask(ctx, job.Database, `SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname ~ '^t[0-9]+$'`, &tables); err != nil {
			return err
		}
		if want := corpus.Tables(size); tables != want {
			r.failed = fmt.Sprintf("%d of %d tables are there, exit code 0", tables, want)
		}
	}
	return nil
}

func judgeApply(l *lab, c *comparison) {
	own := c.of("lockstep")
	ratio := figures.Pairwise(own.wall(), c.of(l.psql.Name).wall())
	fmt.Fprintf(l.out, "- goal: at most %.1f times psql with a transaction a file (median of the rounds' ratios): %s, %s\n",
		timesPsqlGoal, orMissing(ratio), verdict(ratio.Rounds > 0 && ratio.Median <= timesPsqlGoal))
	if best, ok := c.fastestPeer(); ok {
		ratio := figures.Pairwise(own.wall(), best.wall())
		fmt.Fprintf(l.out, "- goal: faster than every peer; the fastest is %s, Lockstep takes %s of its time: %s\n\n",
			best.tool.Name, orMissing(ratio), verdict(ratio.Rounds > 0 && ratio.Median < 1))
	}
}

// judgeLinear compares the time of one migration at the smallest and at the
// largest size.
func judgeLinear(l *lab, sizes []int, all []*comparison) {
	if len(sizes) < 2 {
		return
	}
	g := newGrid("tool", fmt.Sprintf("time of one of %d", sizes[0]), fmt.Sprintf("time of one of %d", sizes[len(sizes)-1]), "ratio")
	first, last := all[0], all[len(all)-1]
	for i, r := range first.results {
		a, b := figures.Of(r.wall()), figures.Of(last.results[i].wall())
		if a.Rounds == 0 || b.Rounds == 0 {
			continue
		}
		small, large := a.Median.Seconds()/float64(sizes[0]), b.Median.Seconds()/float64(sizes[len(sizes)-1])
		g.row(r.tool.Name, fmt.Sprintf("%.2f ms", 1000*small), fmt.Sprintf("%.2f ms", 1000*large), fmt.Sprintf("%.2f", large/small))
	}
	fmt.Fprintf(l.out, "goal: linear, that is a ratio near 1 (of medians)\n\n")
	g.print(l.out)
}

func orMissing(s figures.Spread[float64]) string {
	if s.Rounds == 0 {
		return "not measured"
	}
	return times(s)
}

func indexes[T any](list []T) []int {
	all := make([]int, len(list))
	for i := range all {
		all[i] = i
	}
	return all
}
