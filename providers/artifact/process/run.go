package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// grace is how long a group may take to end after SIGTERM, before SIGKILL.
const grace = 5 * time.Second

// busyAttempts is how often a program that is being written is tried again:
// for about half a second.
const busyAttempts = 10

// Command is one program with its arguments.
type Command struct {
	Args   []string
	Dir    string
	Env    []string // the whole environment; see Environment
	Stdout *os.File
	Stderr *os.File
	// Child is who the command will be, from Expected.
	Child Child
}

// Environment returns this process's environment without Lockstep's own
// variables (they may hold secrets of other blocks), and with the given ones.
func Environment(variables map[string]string) []string {
	var env []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "LOCKSTEP_") {
			env = append(env, pair)
		}
	}
	for name, value := range variables {
		env = append(env, name+"="+value)
	}
	return env
}

// Run runs the command to its end and returns its exit code. started, which
// may be nil, is told which process runs, so that a later Probe can find it;
// when it fails, the command is ended at once. When ctx is done the command's group gets SIGTERM
// and, after a grace of five seconds, SIGKILL.
func Run(ctx context.Context, c Command, started func(Child) error) (exit int, err error) {
	if len(c.Args) == 0 || c.Args[0] == "" {
		return -1, errors.New("the command is empty, expected a program and its arguments")
	}
	if err := ctx.Err(); err != nil {
		return -1, err
	}
	cmd, err := start(c)
	if err != nil {
		return -1, fmt.Errorf("%s could not be started: %w", c.Args[0], bare(err))
	}
	var waited error // once ended is closed
	ended := make(chan struct{})
	go func() { waited = cmd.Wait(); close(ended) }()
	if started != nil {
		if err := started(c.Child.running(cmd.Process.Pid)); err != nil {
			endGroup(cmd.Process.Pid, ended)
			return -1, err
		}
	}
	select {
	case <-ended:
		err = waited
	case <-ctx.Done():
		endGroup(cmd.Process.Pid, ended)
		return -1, fmt.Errorf("%s was ended: %w", c.Args[0], context.Cause(ctx))
	}
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	if err != nil {
		return -1, fmt.Errorf("%s: %w", c.Args[0], bare(err))
	}
	return 0, nil
}

// start starts the command. A program that this process has just written may
// be busy for a moment, until a child that was forked meanwhile has closed its
// copy of the file (https://go.dev/issue/22315).
func start(c Command) (*exec.Cmd, error) {
	for attempt := 0; ; attempt++ {
		cmd := exec.Command(c.Args[0], c.Args[1:]...) //nolint:noctx // Run ends the whole group, not this process alone
		cmd.Dir, cmd.Stdout, cmd.Stderr = c.Dir, c.Stdout, c.Stderr
		cmd.Env = append(slices.Clone(c.Env), c.Child.mark()...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		err := cmd.Start()
		if !errors.Is(err, syscall.ETXTBSY) || attempt == busyAttempts {
			return cmd, err
		}
		time.Sleep(time.Duration(attempt) * 10 * time.Millisecond)
	}
}

// bare drops the path that os/exec repeats.
func bare(err error) error {
	if e := new(exec.Error); errors.As(err, &e) {
		return e.Err
	}
	if e := new(os.PathError); errors.As(err, &e) {
		return e.Err
	}
	return err
}

func endGroup(pid int, ended <-chan struct{}) {
	_ = syscall.Kill(-pid, syscall.SIGTERM)
	over := false
	select {
	case <-ended:
		over = true
	case <-time.After(grace):
	}
	// Also what ignored SIGTERM behind a leader that did not.
	_ = syscall.Kill(-pid, syscall.SIGKILL)
	if over {
		return
	}
	select {
	case <-ended:
	case <-time.After(grace): // a process in uninterruptible sleep
	}
}
