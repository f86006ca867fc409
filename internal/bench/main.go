// Command bench measures what users wait for: planning large change sets and
// looking at long histories, as a process of its own and inside of one. It
// makes its projects in a temporary folder, prints one table for each
// scenario, and judges nothing: the goal stands beside the figures.
//
// "make bench" runs it before the benchmarks of single packages.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

func main() {
	rounds := flag.Int("rounds", 7, "how often each size is measured, 5 or more")
	only := flag.String("only", "", "measure this scenario alone")
	profile := flag.String("profile", "", "write a CPU profile of the rounds inside of one process to `FILE`")
	flag.Parse()
	if err := run(options{max(*rounds, 5), *only, *profile}); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

type options struct {
	rounds  int
	only    string
	profile string
}

func run(o options) (err error) {
	dir, err := os.MkdirTemp("", "lockstep-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	binary := filepath.Join(dir, "lockstep")
	build := exec.Command("go", "build", "-trimpath", "-o", binary, "./cmd/lockstep") //nolint:noctx // it ends by itself
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build lockstep (run this in the repository's top folder): %w", err)
	}
	b := bench{binary: binary, dir: dir, rounds: o.rounds}
	stop, err := startProfile(o.profile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	for _, s := range scenarios() {
		if o.only != "" && o.only != s.name {
			continue
		}
		if err := b.scenario(s); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// scenarios are what is measured, in the order of the report.
func scenarios() []scenario {
	plan := []string{"plan", "all", "--env", "dev", "--out", "all.plan"}
	return []scenario{
		{name: "steps", about: "plan a change set of N steps", sizes: []int{500, 1000, 2000}, goal: ownTimeGoal, args: plan, prepare: projectOfSteps},
		{name: "pending", about: "plan N migrations, all pending", sizes: []int{2500, 5000, 10_000}, goal: ownTimeGoal, args: plan, prepare: projectOfPending},
		{name: "applied", about: "plan 5 pending migrations behind N-5 applied ones", sizes: []int{2500, 5000, 10_000}, goal: ownTimeGoal, args: plan, prepare: projectOfApplied},
		{name: "status", about: "status, N runs in the journal", sizes: []int{125, 250, 500}, args: []string{"status"}, prepare: projectOfRuns},
		{name: "history", about: "history, N runs in the journal", sizes: []int{125, 250, 500}, args: []string{"history"}, prepare: projectOfRuns},
	}
}
