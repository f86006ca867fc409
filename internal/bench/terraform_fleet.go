package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/bench/contestant"
	"github.com/lockstep-dev/lockstep/internal/bench/figures"
	"github.com/lockstep-dev/lockstep/internal/bench/process"
)

const moduleCount = 20

// The ways to bring many modules up to date.
const (
	sideBySide     = "Lockstep, side by side"
	oneByOne       = "Lockstep, one after another"
	loop           = "shell, one after another"
	loopSideBySide = "shell, xargs -P 4"
)

// fleet applies independent modules for the first time. delay is how long each
// object takes to be made: a provider waits for its cloud, and nobody computes.
func (s stand) fleet(ctx context.Context, delay string) error {
	names := []string{sideBySide, oneByOne, loop, loopSideBySide}
	var tools []contestant.Tool
	for _, name := range names {
		tools = append(tools, contestant.Tool{Name: name})
	}
	c := newComparison(loop, seconds, tools...)
	for round := range s.times(3) {
		for _, i := range rotated(indexes(names), round) {
			if err := s.fleetRound(ctx, c.results[i], delay); err != nil {
				return fmt.Errorf("%s: %w", names[i], err)
			}
		}
	}
	made := "objects are made at once"
	if delay != "" {
		made = "each object takes " + delay + " to be made"
	}
	fmt.Fprintf(s.out, "%d independent modules with %s each, %s; a first plan and apply of all, %s, the ways in turn. Side by side Lockstep applies %d at once, as it comes; its plans are made side by side in both of its ways\n\n",
		moduleCount, withProvider, made, plural(s.times(3), "round"), standardParallelism)
	c.beside, c.own = "one after another", sideBySide
	c.print(s.out)
	for _, other := range []string{oneByOne, loop} {
		ratio := figures.Pairwise(c.of(sideBySide).wall(), c.of(other).wall())
		fmt.Fprintf(s.out, "- goal: side by side is faster than %s; it takes %s of its time: %s\n", other, orMissing(ratio), verdict(ratio.Rounds > 0 && ratio.Median < 1))
	}
	fmt.Fprintln(s.out)
	return nil
}

// standardParallelism is the default of "lockstep apply --parallelism".
const standardParallelism = 4

func (s stand) fleetRound(ctx context.Context, r *result, delay string) error {
	dir, err := os.MkdirTemp(s.dir, "fleet-")
	if err != nil {
		return err
	}
	if err := s.fleetProject(dir, delay); err != nil {
		return err
	}
	usage, err := check(s.runner.Run(ctx, s.fleetCommand(dir, r.tool.Name)))
	if err != nil {
		return err
	}
	if err := allMade(dir); err != nil {
		return err
	}
	r.add(usage, nil)
	_, err = s.meter.take()
	return errors.Join(err, os.RemoveAll(dir))
}

func (s stand) fleetCommand(dir, way string) process.Command {
	names := strings.Join(moduleNames(), "\n") + "\n"
	one := s.byHand(dir, "small")
	script := "cd \"$1\" && { " + one.Args[2] + "; }"
	switch way {
	case sideBySide:
		return s.byLockstep(dir, "apply", "all", "--env", "dev", "--auto-approve")
	case oneByOne:
		return s.byLockstep(dir, "apply", "all", "--env", "dev", "--auto-approve", "--parallelism", "1")
	case loop:
		one.Args = []string{"xargs", "-n", "1", "sh", "-c", script, "one"}
	default:
		one.Args = []string{"xargs", "-n", "1", "-P", fmt.Sprint(standardParallelism), "sh", "-c", script, "one"}
	}
	one.Stdin = names
	return one
}

func moduleNames() []string {
	var names []string
	for i := range moduleCount {
		names = append(names, fmt.Sprintf("m%02d", i))
	}
	return names
}

func (s stand) fleetProject(dir, delay string) error {
	text := "environment \"dev\" {}\n\nchange_set \"all\" {\n"
	for _, name := range moduleNames() {
		if err := s.module(filepath.Join(dir, name), withProvider, delay); err != nil {
			return err
		}
		text += fmt.Sprintf("  terraform %q {\n    source = %q\n  }\n", name, "./"+name)
	}
	return os.WriteFile(filepath.Join(dir, "project.lockstep.hcl"), []byte(text+"}\n"), 0o600)
}

// allMade makes sure that every module's cloud has its object.
func allMade(dir string) error {
	for _, name := range moduleNames() {
		entries, err := os.ReadDir(filepath.Join(dir, name+".cloud", "objects"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if len(entries) != 1 {
			return fmt.Errorf("%s has made %d objects, want 1", name, len(entries))
		}
	}
	return nil
}
