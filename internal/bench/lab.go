package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/internal/bench/contestant"
	"github.com/lockstep-dev/lockstep/internal/bench/planning"
	"github.com/lockstep-dev/lockstep/internal/bench/process"
)

// runLimit ends a run of a tool that does not come to its end.
const runLimit = 10 * time.Minute

// lab is what the parts work with.
type lab struct {
	options
	out    io.Writer
	dir    string // for projects; deleted at the end
	runner *process.Runner
	server *server // nil when no part needs one

	lockstep   contestant.Tool
	psql       contestant.Tool // a transaction a file: the floor
	psqlOnce   contestant.Tool
	psqlNewest contestant.Tool
	peers      []contestant.Tool
	missing    []contestant.Missing
}

func open(ctx context.Context, o options) (l *lab, err error) {
	l = &lab{options: o, out: os.Stdout}
	if l.dir, err = os.MkdirTemp("", "lockstep-bench-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.close())
		}
	}()
	if l.program == "" {
		if l.program, err = build(ctx, l.dir); err != nil {
			return nil, err
		}
	}
	if l.program, err = filepath.Abs(l.program); err != nil {
		return nil, err
	}
	if l.runner, err = process.NewRunner(ctx, l.dir, runLimit); err != nil {
		return nil, err
	}
	version, err := l.firstLine(ctx, l.program, "version")
	if err != nil {
		return nil, err
	}
	l.lockstep = contestant.New(l.program, strings.TrimPrefix(version, "lockstep "))
	if !l.needsServer() {
		return l, nil
	}
	if l.server, err = startServer(ctx); err != nil {
		return nil, err
	}
	return l, l.findOthers(ctx)
}

func build(ctx context.Context, dir string) (string, error) {
	program := filepath.Join(dir, "lockstep")
	cmd := exec.CommandContext(ctx, ".ci/build", "-o", program)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("build lockstep (run this in the repository's top folder): %w", err)
	}
	return program, nil
}

func (l *lab) wants(part string) bool { return len(l.parts) == 0 || slices.Contains(l.parts, part) }

func (l *lab) needsServer() bool {
	for _, name := range []string{"apply", "idle", "blocking", "fleet", "backfill"} {
		if l.wants(name) {
			return true
		}
	}
	return false
}

func (l *lab) findOthers(ctx context.Context) error {
	version, err := l.firstLine(ctx, filepath.Join(l.server.Binaries(), "psql"), "--version")
	if err != nil {
		return fmt.Errorf("psql is the floor of every comparison (install PostgreSQL's client programs): %w", err)
	}
	version = strings.Fields(strings.TrimPrefix(version, "psql (PostgreSQL) "))[0]
	l.psql, l.psqlOnce = contestant.Psql(l.server.Binaries(), version)
	l.psqlNewest = contestant.PsqlNewest(l.server.Binaries(), version)
	folder, err := filepath.Abs(l.options.peers)
	if err != nil {
		return err
	}
	tools, missing := contestant.Install(ctx, folder, func(line string) { fmt.Fprintln(os.Stderr, line) })
	l.missing = missing
	for _, t := range tools {
		if l.chosen(t) {
			l.peers = append(l.peers, t)
		} else {
			l.missing = append(l.missing, contestant.Missing{Name: t.String(), Reason: "-tools leaves it out"})
		}
	}
	return nil
}

// chosen reports whether -tools names the tool, or nothing.
func (l *lab) chosen(t contestant.Tool) bool {
	return len(l.tools) == 0 || slices.ContainsFunc(l.tools, func(name string) bool { return strings.HasPrefix(t.Name, name) })
}

func (l *lab) firstLine(ctx context.Context, args ...string) (string, error) {
	usage, err := l.runner.Run(ctx, process.Command{Args: args})
	if err != nil {
		return "", err
	}
	if usage.Exit != 0 {
		return "", fmt.Errorf("%s: exit code %d: %s", filepath.Base(args[0]), usage.Exit, usage.LastLine())
	}
	line, _, _ := strings.Cut(strings.TrimSpace(usage.Output), "\n")
	return line, nil
}

// close stops and deletes what was started and made.
func (l *lab) close() error {
	var err error
	if l.server != nil {
		err = l.server.Stop()
	}
	if l.keep {
		fmt.Fprintln(os.Stderr, "kept", l.dir)
		return err
	}
	return errors.Join(err, os.RemoveAll(l.dir))
}

// times is how many rounds a part takes.
func (l *lab) times(standard int) int {
	if l.rounds > 0 {
		return l.rounds
	}
	return standard
}

// rotated is the list that begins one further in each round, so that none is
// always the first or always behind the same other.
func rotated[T any](list []T, round int) []T {
	if len(list) == 0 {
		return nil
	}
	k := round % len(list)
	return append(slices.Clone(list[k:]), list[:k]...)
}

func planPart(_ context.Context, l *lab) error {
	only := ""
	if len(l.only) > 0 {
		only = l.only[0]
	}
	return planning.Run(l.out, planning.Options{Program: l.program, Dir: l.dir, Rounds: l.times(5), Only: only, Profile: l.profile})
}

func packagesPart(ctx context.Context, l *lab) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", ".", "-benchmem", "./...")
	var kept filter
	kept.out = l.out
	cmd.Stdout, cmd.Stderr = &kept, os.Stderr
	return cmd.Run()
}

// filter leaves out the packages that have no benchmarks.
type filter struct {
	out  io.Writer
	rest []byte
}

func (f *filter) Write(p []byte) (int, error) {
	f.rest = append(f.rest, p...)
	for {
		line, rest, whole := strings.Cut(string(f.rest), "\n")
		if !whole {
			return len(p), nil
		}
		f.rest = []byte(rest)
		if strings.HasPrefix(line, "Benchmark") {
			if _, err := fmt.Fprintln(f.out, line); err != nil {
				return 0, err
			}
		}
	}
}
