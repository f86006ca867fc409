// Command bench measures Lockstep, beside other tools where there are some: it
// builds Lockstep, installs the others at pinned versions, starts a throw-away
// PostgreSQL that commits durably, and prints one table for each question. The
// goal stands beside the figures. See "make bench" and CONTRIBUTING.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	o, err := parse(os.Args[1:])
	if err == nil {
		err = run(ctx, o)
	}
	interrupted := ctx.Err() != nil
	stop()
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
	case interrupted:
		fmt.Fprintln(os.Stderr, "Interrupted; everything that was started is stopped again.")
		os.Exit(130)
	default:
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

// options are the flags. Zero values mean the part's own default.
type options struct {
	parts      []string
	rounds     int
	sizes      []int
	only       []string
	tools      []string
	hold       time.Duration
	databases  int
	rows       int
	peers      string
	peerRounds int
	program    string
	profile    string
	full       bool
	keep       bool
}

func parse(args []string) (options, error) {
	var o options
	var sizes string
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	list := func(into *[]string, name, usage string) {
		f.Func(name, usage, func(text string) error {
			*into = strings.Split(text, ",")
			return nil
		})
	}
	list(&o.parts, "part", "measure these `PARTS` alone, separated by commas: "+strings.Join(partNames(), ", "))
	list(&o.only, "only", "measure these `SCENARIOS` of a part alone (plan, blocking)")
	list(&o.tools, "tools", "run these `TOOLS` alone beside Lockstep, by the start of their names; a floor that others are measured against always runs")
	f.IntVar(&o.rounds, "rounds", 0, "how often each figure is taken (default: the part's own)")
	f.StringVar(&sizes, "sizes", "", "`NUMBERS` of migrations, separated by commas (apply, lint: 1000; idle: 1000,10000)")
	f.IntVar(&o.peerRounds, "peer-rounds", 0, "how often the other tools meet a scenario, and the baseline after the first one (blocking; default: as often as Lockstep)")
	f.DurationVar(&o.hold, "hold", 8*time.Second, "how long the table is held (blocking)")
	f.IntVar(&o.databases, "databases", 200, "how many databases a fleet has (fleet)")
	f.IntVar(&o.rows, "rows", 1_000_000, "how many rows are changed (backfill)")
	f.StringVar(&o.peers, "peers", ".tools/peers", "the `FOLDER` in which the other tools are, or are installed")
	f.StringVar(&o.program, "lockstep", "", "measure this `PROGRAM` instead of building one")
	f.StringVar(&o.profile, "profile", "", "write a CPU profile of the rounds inside of one process to `FILE` (plan)")
	f.BoolVar(&o.full, "full", false, "all tools in every scenario, not in the first alone (blocking)")
	f.BoolVar(&o.keep, "keep", false, "keep the folder with projects and outputs")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	for text := range strings.SplitSeq(sizes, ",") {
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return o, fmt.Errorf("-sizes: %q is not a number of migrations", text)
		}
		o.sizes = append(o.sizes, n)
	}
	return o, known(o.parts)
}

func known(names []string) error {
	for _, name := range names {
		if _, ok := partOf(name); !ok {
			return fmt.Errorf("-part: %q is not known; expected %s", name, strings.Join(partNames(), ", "))
		}
	}
	return nil
}

// part is one question, and how it is answered.
type part struct {
	name, about string
	run         func(context.Context, *lab) error
}

// parts are in the order of the report.
func parts() []part {
	return []part{
		{"plan", "Lockstep's own work: planning and looking", planPart},
		{"apply", "small migrations into an empty database", applyPart},
		{"idle", "nothing to do, and status", idlePart},
		{"blocking", "what an application feels of a migration while somebody holds the table", blockingPart},
		{"fleet", "the same migrations into many databases of one server", fleetPart},
		{"rehearse", "every migration up, down and up again on a throw-away server", rehearsePart},
		{"backfill", "all rows of a large table, under load and with a replica", backfillPart},
		{"lint", "SQL judged without a server, beside other linters", lintPart},
		{"terraform", "Lockstep around the commands of Terraform and OpenTofu", terraformPart},
		{"packages", "the benchmarks of single packages", packagesPart},
	}
}

func partNames() []string {
	var names []string
	for _, p := range parts() {
		names = append(names, p.name)
	}
	return names
}

func partOf(name string) (part, bool) {
	for _, p := range parts() {
		if p.name == name {
			return p, true
		}
	}
	return part{}, false
}

func run(ctx context.Context, o options) (err error) {
	l, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	if err := l.header(ctx); err != nil {
		return err
	}
	for _, p := range parts() {
		if !l.wants(p.name) {
			continue
		}
		began := time.Now()
		fmt.Fprintf(l.out, "\n## %s: %s\n\n", p.name, p.about)
		fmt.Fprintf(l.out, "Other work on this machine just before: %s.\n\n", busyBefore())
		if err := p.run(ctx, l); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		fmt.Fprintf(l.out, "\n(%s took %s)\n", p.name, time.Since(began).Round(time.Second))
	}
	return nil
}
