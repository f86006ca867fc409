package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// meter is an engine of which every command is written down.
type meter struct{ folder, version string }

// newMeter puts a meter before an engine.
func newMeter(ctx context.Context, dir, engine string) (*meter, error) {
	m := &meter{folder: dir}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", m.binary(), "github.com/lockstep-dev/lockstep/internal/bench/enginemeter")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the meter: %w\n%s", err, out)
	}
	if err := os.Symlink(engine, filepath.Join(dir, "engine")); err != nil {
		return nil, err
	}
	out, err := exec.CommandContext(ctx, m.binary(), "version").Output()
	if err != nil {
		return nil, fmt.Errorf("%s version: %w", engine, err)
	}
	m.version, _, _ = strings.Cut(string(out), "\n")
	_, err = m.take()
	return m, err
}

func (m *meter) binary() string { return filepath.Join(m.folder, "terraform") }

// metered is one command of an engine.
type metered struct {
	Args   []string      `json:"args"`
	Folder string        `json:"folder"`
	Wall   time.Duration `json:"wall"`
	CPU    time.Duration `json:"cpu"`
}

// take returns the commands since the last time.
func (m *meter) take() (list []metered, err error) {
	path := filepath.Join(m.folder, "commands")
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(path)) }()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var c metered
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return nil, fmt.Errorf("read what the meter wrote: %w", err)
		}
		list = append(list, c)
	}
	return list, lines.Err()
}

// purpose is why Lockstep starts a command.
type purpose int

const (
	asByHand   purpose = iota // one of init, plan, show, apply
	forDrift                  // are the objects still as the plan saw them?
	forWayBack                // what would a rollback do?
	forOther
	purposes
)

func (p purpose) String() string {
	return [...]string{"init, plan, show, apply", "the look for drift before apply", "the way back, planned ahead", "more"}[p]
}

// purposesOf tells the commands of one plan and apply apart: each of the four
// is as by hand the first time.
func purposesOf(commands []metered) []purpose {
	seen := map[string]bool{}
	list := make([]purpose, 0, len(commands))
	for _, c := range commands {
		name, p := c.Args[0], forOther
		switch {
		case strings.Contains(c.Folder, filepath.Join("back", "work")):
			p = forWayBack
		case name == "plan" && slices.Contains(c.Args, "-json"), name == "show" && strings.HasSuffix(c.Args[len(c.Args)-1], "refreshed"):
			p = forDrift
		case slices.Contains(fourCommands(), name) && !seen[name]:
			p, seen[name] = asByHand, true
		}
		list = append(list, p)
	}
	return list
}

func fourCommands() []string { return []string{"init", "plan", "show", "apply"} }
