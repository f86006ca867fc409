package shim

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
)

// Main is the shim's side: args is the run directory alone. It waits for the
// parent's go on standard input, runs the command and returns its exit code.
// Without a go it returns 0 and has done nothing.
func Main(args []string) int {
	if len(args) != 1 {
		fmt.Fprintln(os.Stderr, "lockstep shim: expected one run directory; this command is for Lockstep itself")
		return 2
	}
	dir := args[0]
	interrupts := make(chan os.Signal, 8)
	signal.Notify(interrupts, syscall.SIGINT)
	// A service manager sends SIGTERM to Terraform as well; a second one
	// through the shim would make it give up its state.
	signal.Ignore(syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	syscall.CloseOnExec(lockDescriptor)

	if !allowed() {
		return 0
	}
	exit := run(dir, interrupts)
	if err := writeJSON(filepath.Join(dir, exitFile), exit); err != nil {
		return 1
	}
	return exit.Code
}

// allowed waits for the one byte that the parent writes after it has recorded
// this process. End of file means that the parent died before.
func allowed() bool {
	n, _ := os.Stdin.Read(make([]byte, 1))
	return n == 1
}

func run(dir string, interrupts <-chan os.Signal) Exit {
	var c command
	if err := readJSON(filepath.Join(dir, commandFile), &c); err != nil {
		return Exit{Code: 1, Failure: err.Error()}
	}
	child, err := start(dir, c)
	if err != nil {
		return Exit{Code: 1, Failure: err.Error()}
	}
	if err := writeJSON(filepath.Join(dir, processFile), Identify(child.Process.Pid)); err != nil {
		_ = child.Process.Signal(syscall.SIGINT)
	}
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }()
	forwarded := false
	for {
		select {
		case err := <-ended:
			return exitOf(err)
		case <-interrupts:
			// Terraform saves its state after the first interrupt and drops
			// everything after the second.
			if !forwarded {
				_ = child.Process.Signal(syscall.SIGINT)
				forwarded = true
			}
		}
	}
}

func start(dir string, c command) (*exec.Cmd, error) {
	if len(c.Arguments) == 0 {
		return nil, errors.New("no command to run")
	}
	stdout, err := appendTo(dir, StdoutFile)
	if err != nil {
		return nil, err
	}
	defer stdout.Close()
	stderr, err := appendTo(dir, StderrFile)
	if err != nil {
		return nil, err
	}
	defer stderr.Close()
	child := exec.Command(c.Arguments[0], c.Arguments[1:]...) //nolint:noctx // it must outlive every context
	child.Dir, child.Stdout, child.Stderr = c.Directory, stdout, stderr
	return child, child.Start()
}

func appendTo(dir, name string) (*os.File, error) {
	return os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}

func exitOf(err error) Exit {
	var failed *exec.ExitError
	if !errors.As(err, &failed) {
		if err != nil {
			return Exit{Code: 1, Failure: err.Error()}
		}
		return Exit{}
	}
	if status, ok := failed.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return Exit{Code: 128 + int(status.Signal()), Signal: status.Signal().String()}
	}
	return Exit{Code: failed.ExitCode()}
}
