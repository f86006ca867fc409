// Package process runs programs to measure them: wall-clock time, processor
// time and memory of the program and of all that it starts, taken by a small
// process between it and us (see stopwatch).
package process

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Command is a program to run.
type Command struct {
	Args []string
	// Env is added to our own environment.
	Env []string
	// Dir is the folder it runs in; ours when empty.
	Dir string
	// Stdin is what it reads.
	Stdin string
}

// Usage is what a program and all that it started have used.
type Usage struct {
	Wall time.Duration `json:"wall"`
	// CPU is user and system time of all its processes.
	CPU time.Duration `json:"cpu"`
	// Peak is the memory of its largest process in bytes.
	Peak int64 `json:"peak"`
	// Exit is the exit code, -1 after a signal.
	Exit int `json:"exit"`
	// Output is what it printed, on both streams.
	Output string `json:"-"`
}

// LastLine is the last line it printed: as a rule the one that says why.
func (u Usage) LastLine() string { return u.LastLines(1) }

// LastLines are the last n lines that say something, in one.
func (u Usage) LastLines(n int) string {
	var lines []string
	for line := range strings.Lines(u.Output) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(len(lines)-n, 0):], " | ")
}

// Runner runs programs under a stopwatch.
type Runner struct {
	stopwatch string
	limit     time.Duration
}

// NewRunner builds the stopwatch into a folder. Every run is ended after the
// limit.
func NewRunner(ctx context.Context, folder string, limit time.Duration) (*Runner, error) {
	r := &Runner{filepath.Join(folder, "stopwatch"), limit}
	build := exec.CommandContext(ctx, "go", "build", "-o", r.stopwatch, "github.com/lockstep-dev/lockstep/internal/bench/process/stopwatch")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the stopwatch: %w\n%s", err, out)
	}
	return r, nil
}

// Running is a program that was started.
type Running struct {
	cmd    *exec.Cmd
	cancel context.CancelFunc
	output bytes.Buffer
	result *os.File
	// Started is when.
	Started time.Time
}

// Start starts a program. The caller waits for it.
func (r *Runner) Start(ctx context.Context, c Command) (*Running, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer write.Close()
	run := &Running{result: read}
	ctx, run.cancel = context.WithTimeout(ctx, r.limit)
	cmd := exec.CommandContext(ctx, r.stopwatch, c.Args...)
	cmd.Dir, cmd.Env, cmd.Stdin = c.Dir, append(os.Environ(), c.Env...), strings.NewReader(c.Stdin)
	cmd.Stdout, cmd.Stderr = &run.output, &run.output
	cmd.ExtraFiles = []*os.File{write}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	run.cmd, run.Started = cmd, time.Now()
	if err := cmd.Start(); err != nil {
		run.cancel()
		return nil, errors.Join(fmt.Errorf("start %s: %w", filepath.Base(c.Args[0]), err), read.Close())
	}
	return run, nil
}

// Wait waits for the end. An exit code other than 0 is no error; that the
// program could not be run to its end is one.
func (run *Running) Wait() (Usage, error) {
	defer run.cancel()
	defer run.result.Close()
	err := run.cmd.Wait()
	usage := Usage{Exit: -1, Output: run.output.String()}
	if err != nil {
		usage.Wall = time.Since(run.Started)
		return usage, fmt.Errorf("%w after %s: %s", err, usage.Wall.Round(time.Second), usage.LastLine())
	}
	line, err := io.ReadAll(run.result)
	if err != nil {
		return usage, err
	}
	if err := json.Unmarshal(line, &usage); err != nil {
		return usage, fmt.Errorf("read what the stopwatch wrote: %w", err)
	}
	return usage, nil
}

// Run is Start and Wait.
func (r *Runner) Run(ctx context.Context, c Command) (Usage, error) {
	run, err := r.Start(ctx, c)
	if err != nil {
		return Usage{}, err
	}
	return run.Wait()
}
