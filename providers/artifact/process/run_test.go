package process_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/providers/artifact/process"
)

func output(t *testing.T) *os.File {
	t.Helper()
	f, err := process.Scratch()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestRun(t *testing.T) {
	t.Setenv("LOCKSTEP_VAR_password", "canary-1f1f")
	for _, tc := range []struct {
		args []string
		exit int
		said string
	}{
		{[]string{"echo", "$HOME; ls"}, 0, "$HOME; ls"},
		{[]string{"sh", "-c", "exit 7"}, 7, ""},
		{[]string{"sh", "-c", "kill -9 $$"}, -1, ""},
		{[]string{"sh", "-c", "echo $NAME; env | grep -c canary-1f1f"}, 1, "api\n0"},
	} {
		out := output(t)
		exit, err := process.Run(t.Context(), process.Command{
			Args: tc.args, Env: process.Environment(map[string]string{"NAME": "api"}), Stdout: out, Stderr: out,
		}, nil)
		if err != nil || exit != tc.exit || process.Tail(out, nil) != tc.said {
			t.Errorf("%q gives %d, %q, %v", tc.args, exit, process.Tail(out, nil), err)
		}
	}
}

func TestTailIsSafe(t *testing.T) {
	t.Parallel()
	out := output(t)
	text := strings.Repeat("secret-one ", 1000) + "\x1b[2Jpassword=hunter2hunter2 secret-one"
	if _, err := out.WriteString(text); err != nil {
		t.Fatal(err)
	}
	tail := process.Tail(out, []string{"secret-one"})
	if strings.ContainsAny(tail, "\x1b") || strings.Contains(tail, "secret-one") || strings.Contains(tail, "ecret-one") || len(tail) > 3<<10 {
		t.Errorf("the tail of %d bytes is %q", len(tail), tail)
	}
}

// orphan starts a command as a process does that is killed right behind the
// start: nobody waits, and started never came to journal the process id.
func orphan(t *testing.T, child process.Child) (ended <-chan struct{}, ready string) {
	t.Helper()
	ready = filepath.Join(t.TempDir(), "ready")
	over := make(chan struct{})
	out := output(t)
	go func() {
		defer close(over)
		_, _ = process.Run(context.Background(), process.Command{
			Args: []string{"sh", "-c", "touch " + ready + "; sleep 600"},
			Env:  process.Environment(nil), Stdout: out, Stderr: out, Child: child,
		}, nil)
	}()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(ready); err == nil {
			return over, ready
		}
		if time.Now().After(deadline) {
			t.Fatal("the command did not start")
		}
	}
}

func TestOrphanIsFoundByItsToken(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("this system does not show environments")
	}
	child := process.Expected()
	if child.End() {
		t.Error("a command that was never started was ended")
	}
	ended, _ := orphan(t, child)
	if process.Expected().End() {
		t.Error("another command was ended")
	}
	if !child.End() {
		t.Error("the orphan was not found")
	}
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the orphan still runs")
	}
	if child.End() {
		t.Error("the orphan was ended twice")
	}
}

func TestFailingRecordEndsTheCommand(t *testing.T) {
	t.Parallel()
	out, failure := output(t), errors.New("the disk is full")
	var child process.Child
	_, err := process.Run(t.Context(), process.Command{
		Args: []string{"sleep", "600"}, Env: process.Environment(nil), Stdout: out, Stderr: out, Child: process.Expected(),
	}, func(c process.Child) error {
		child = c
		return failure
	})
	if !errors.Is(err, failure) || child.PID == 0 || child.Running() {
		t.Errorf("got %v, child %+v running %t", err, child, child.Running())
	}
}

// TestReusedProcessID has the right id with another start time.
func TestReusedProcessID(t *testing.T) {
	t.Parallel()
	stranger := process.Child{PID: os.Getpid(), Began: "1"}
	if stranger.Running() || stranger.End() {
		t.Error("a process that only has the same id is taken for the command")
	}
}

// TestBusyProgram runs a program that somebody still has open for writing.
func TestBusyProgram(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "program")
	f, err := os.OpenFile(program, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("#!/bin/sh\nexit 3\n"); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(50*time.Millisecond, func() { f.Close() })
	out := output(t)
	exit, err := process.Run(t.Context(), process.Command{Args: []string{program}, Env: process.Environment(nil), Stdout: out, Stderr: out}, nil)
	if err != nil || exit != 3 {
		t.Errorf("got %d, %v, expected the program's exit code", exit, err)
	}
}
