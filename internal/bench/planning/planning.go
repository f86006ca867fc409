// Package planning measures what users of Lockstep wait for when they plan and
// look: planning large change sets and looking at long histories, as a process
// of its own and inside of one. It judges nothing: the goal stands beside the
// figures.
package planning

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Options say what is measured.
type Options struct {
	// Program is the built lockstep, Dir an empty folder for the projects.
	Program, Dir string
	// Rounds is how often each size is measured.
	Rounds int
	// Only is the name of the one scenario to measure; all when empty.
	Only string
	// Profile is the file that gets a CPU profile of the rounds inside of this
	// process; none when empty.
	Profile string
}

// Run measures, and prints a table for each scenario.
func Run(out io.Writer, o Options) (err error) {
	// The command changes into the project's folder, in this process too.
	home, err := os.Getwd()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Chdir(home)) }()
	b := bench{binary: o.Program, dir: o.Dir, rounds: o.Rounds, out: out}
	stop, err := startProfile(o.Profile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	for _, s := range scenarios() {
		if o.Only != "" && o.Only != s.name {
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
