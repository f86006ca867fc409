package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/lockstep-dev/lockstep/internal/bench/figures"
	"github.com/lockstep-dev/lockstep/internal/bench/process"
)

const ownGoal = 0.15 // issue 5: Lockstep's own time around one init, plan, show, apply

// spent is time and processor time.
type spent struct{ wall, cpu time.Duration }

func (s *spent) add(wall, cpu time.Duration) { s.wall, s.cpu = s.wall+wall, s.cpu+cpu }

// change is one plan and apply, by hand and by Lockstep.
type change struct {
	size, about string
	hand, total []spent
	parts       [purposes][]spent // of total
	own         []spent           // total without the parts
	counts      [purposes]int     // commands in the last round
}

// overhead measures the first apply of a module and a change of it.
func (s stand) overhead(ctx context.Context, kind moduleKind) error {
	changes := []*change{
		{size: "small", about: "first apply: the state is empty"},
		{size: "big", about: "change of what is there"},
	}
	for round := range s.times(9) {
		if err := s.overheadRound(ctx, kind, round, changes); err != nil {
			return err
		}
	}
	fmt.Fprintf(s.out, "A module with %s, local state, a new folder each round, %s, by hand and by Lockstep in turn. By hand is a shell with `init`, `plan -out`, "+
		"`show -json` and `apply`; Lockstep is `lockstep plan --out` and `lockstep apply`. Its own time is what is left without the engine's commands, "+
		"each of which a meter in between has measured.\n\n", kind, plural(s.times(9), "round"))
	for _, c := range changes {
		c.print(s)
	}
	return nil
}

func (s stand) overheadRound(ctx context.Context, kind moduleKind, round int, changes []*change) (err error) {
	dir, err := os.MkdirTemp(s.dir, "round-")
	if err != nil {
		return err
	}
	hand, project := filepath.Join(dir, "hand"), filepath.Join(dir, "project")
	if err := s.module(hand, kind, ""); err != nil {
		return err
	}
	if err := s.project(project, kind); err != nil {
		return err
	}
	for _, c := range changes {
		ways := []func() error{
			func() error { return s.handOnce(ctx, c, hand) },
			func() error { return s.lockstepOnce(ctx, c, project) },
		}
		for _, way := range rotated(ways, round) {
			if err := way(); err != nil {
				return fmt.Errorf("%s, %s: %w", kind, c.about, err)
			}
		}
	}
	return os.RemoveAll(dir)
}

// project is a Lockstep project with one module and a change set for each size.
func (s stand) project(dir string, kind moduleKind) error {
	if err := s.module(filepath.Join(dir, "infra"), kind, ""); err != nil {
		return err
	}
	text := "environment \"dev\" {}\n"
	for _, size := range []string{"small", "big"} {
		text += fmt.Sprintf("\nchange_set %q {\n  terraform \"main\" {\n    source = \"./infra\"\n    inputs = { size = %q }\n  }\n}\n", size, size)
	}
	return os.WriteFile(filepath.Join(dir, "project.lockstep.hcl"), []byte(text), 0o600)
}

func (s stand) handOnce(ctx context.Context, c *change, dir string) error {
	usage, err := check(s.runner.Run(ctx, s.byHand(dir, c.size)))
	if err != nil {
		return err
	}
	commands, err := s.meter.take()
	if err != nil {
		return err
	}
	if len(commands) != len(fourCommands()) {
		return fmt.Errorf("by hand %d commands ran, expected %d", len(commands), len(fourCommands()))
	}
	c.hand = append(c.hand, spent{usage.Wall, usage.CPU})
	return nil
}

func (s stand) lockstepOnce(ctx context.Context, c *change, dir string) error {
	var total spent
	for _, command := range []process.Command{
		s.byLockstep(dir, "plan", c.size, "--env", "dev", "--out", c.size+".plan"),
		s.byLockstep(dir, "apply", c.size+".plan", "--auto-approve"),
	} {
		usage, err := check(s.runner.Run(ctx, command))
		if err != nil {
			return err
		}
		total.add(usage.Wall, usage.CPU)
	}
	commands, err := s.meter.take()
	if err != nil {
		return err
	}
	own := total
	var parts [purposes]spent
	c.counts = [purposes]int{}
	for i, p := range purposesOf(commands) {
		parts[p].add(commands[i].Wall, commands[i].CPU)
		own.add(-commands[i].Wall, -commands[i].CPU)
		c.counts[p]++
	}
	if !slices.ContainsFunc(commands, func(m metered) bool { return m.Args[0] == "apply" }) {
		return fmt.Errorf("nothing was applied: %v", commands)
	}
	for p := range parts {
		c.parts[p] = append(c.parts[p], parts[p])
	}
	c.total, c.own = append(c.total, total), append(c.own, own)
	return nil
}

func walls(list []spent) []time.Duration {
	var all []time.Duration
	for _, s := range list {
		all = append(all, s.wall)
	}
	return all
}

func cpus(list []spent) []time.Duration {
	var all []time.Duration
	for _, s := range list {
		all = append(all, s.cpu)
	}
	return all
}

func (c *change) print(s stand) {
	g := newGrid(c.about, "commands", "time", "times by hand", "processor time", "times by hand")
	row := func(name string, count int, list []spent) {
		shown := "-"
		if count > 0 {
			shown = fmt.Sprint(count)
		}
		g.row(name, shown, wholeMilliseconds(figures.Of(walls(list))), times(figures.Pairwise(walls(list), walls(c.hand))),
			wholeMilliseconds(figures.Of(cpus(list))), times(figures.Pairwise(cpus(list), cpus(c.hand))))
	}
	row("by hand", len(fourCommands()), c.hand)
	all := 0
	for _, n := range c.counts {
		all += n
	}
	row("Lockstep", all, c.total)
	for p, list := range c.parts {
		if c.counts[p] > 0 {
			row("- "+purpose(p).String(), c.counts[p], list)
		}
	}
	row("- **Lockstep itself**", 0, c.own)
	g.print(s.out)
	c.judge(s)
}

// judge compares what Lockstep adds with the commands by hand: all of it, and
// without the engine's commands that nobody runs by hand.
func (c *change) judge(s stand) {
	say := func(what string, list []spent) {
		wall, cpu := figures.Pairwise(walls(list), walls(c.hand)), figures.Pairwise(cpus(list), cpus(c.hand))
		fmt.Fprintf(s.out, "- goal: at most %.0f %% of the time by hand (median of the rounds' ratios) for %s: time %.0f %%, %s; processor time %.0f %%, %s\n",
			100*ownGoal, what, 100*wall.Median, verdict(wall.Rounds > 0 && wall.Median <= ownGoal), 100*cpu.Median, verdict(cpu.Rounds > 0 && cpu.Median <= ownGoal))
	}
	say("Lockstep itself", c.own)
	added := slices.Clone(c.own)
	extra := false
	for p := forDrift; p < purposes; p++ {
		for i, part := range c.parts[p] {
			added[i].add(part.wall, part.cpu)
		}
		extra = extra || c.counts[p] > 0
	}
	if extra {
		say("Lockstep with the engine's commands that nobody runs by hand", added)
	}
	fmt.Fprintln(s.out)
}
