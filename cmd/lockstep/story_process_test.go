package main

import (
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// patience bounds every wait of a story; a story that needs it all has failed.
const patience = 20 * time.Second

type storyJobs struct{}

// jobs are the processes that a story has begun and not awaited, by name.
type jobs map[string]*job

type job struct {
	command *exec.Cmd
	done    chan error
	release func()
}

// exits CODE COMMAND...: the command must end with exactly this exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	expectCode(ts, args[0], ts.Exec(args[1], args[2:]...))
}

func expectCode(ts *testscript.TestScript, want string, err error) {
	code := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(code) != want {
		ts.Fatalf("exit code %d, expected %s", code, want)
	}
}

// begin NAME COMMAND...: start a command whose output goes to NAME.out, in a
// process group of its own, and go on.
func begin(ts *testscript.TestScript, _ bool, args []string) {
	out, err := os.Create(ts.MkAbs(args[0] + ".out"))
	ts.Check(err)
	defer out.Close()
	command := exec.Command(args[1], args[2:]...)
	command.Dir = ts.MkAbs(".")
	command.Env = []string{"PATH=" + ts.Getenv("PATH"), "HOME=" + ts.Getenv("HOME"), "TMPDIR=" + ts.Getenv("TMPDIR")}
	if path, err := lookPath(args[1], ts.Getenv("PATH")); err == nil {
		command.Path, command.Err = path, nil
	}
	command.Stdout, command.Stderr = out, out
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	ts.Check(command.Start())
	j := &job{command: command, done: make(chan error, 1)}
	go func() { j.done <- command.Wait() }()
	ts.Value(storyJobs{}).(jobs)[args[0]] = j
	ts.Defer(func() { _ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }) // usually gone already
}

func lookPath(name, path string) (string, error) {
	for _, folder := range strings.Split(path, string(os.PathListSeparator)) {
		candidate := folder + "/" + name
		if info, err := os.Stat(candidate); err == nil && info.Mode()&0o111 != 0 {
			return candidate, nil
		}
	}
	return "", exec.ErrNotFound
}

// signal INT|TERM|KILL NAME: send a signal to a begun command alone, as a
// person at a terminal or the kernel would.
func signal(ts *testscript.TestScript, _ bool, args []string) {
	number, ok := map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL}[args[0]]
	if !ok {
		ts.Fatalf("usage: signal INT|TERM|KILL NAME")
	}
	ts.Check(find(ts, args[1]).command.Process.Signal(number))
}

func find(ts *testscript.TestScript, name string) *job {
	j, ok := ts.Value(storyJobs{}).(jobs)[name]
	if !ok {
		ts.Fatalf("nothing was begun as %s", name)
	}
	return j
}

// ends CODE NAME: wait for a begun command; a killed one has the code -1.
func ends(ts *testscript.TestScript, _ bool, args []string) {
	j := find(ts, args[1])
	select {
	case err := <-j.done:
		ts.Logf("%s", ts.ReadFile(args[1]+".out"))
		expectCode(ts, args[0], err)
	case <-time.After(patience):
		ts.Fatalf("%s does not end:\n%s", args[1], ts.ReadFile(args[1]+".out"))
	}
	delete(ts.Value(storyJobs{}).(jobs), args[1])
}

// until PATTERN FILE, or until PATTERN COMMAND...: poll until the file, or the
// command's output, matches.
func until(ts *testscript.TestScript, _ bool, args []string) {
	pattern := regexp.MustCompile("(?m)" + args[0])
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		var text string
		if len(args) > 2 {
			_ = ts.Exec(args[1], args[2:]...) // its output decides
			text = ts.ReadFile("stdout") + ts.ReadFile("stderr")
		} else if content, err := os.ReadFile(ts.MkAbs(args[1])); err == nil {
			text = string(content)
		}
		if pattern.MatchString(text) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("no match of %s in:\n%s", args[0], text)
		}
	}
}
