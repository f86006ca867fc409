// Command stopwatch runs a program and writes down, as JSON on its file
// descriptor 3, what the program and all that it started have used. It is a
// process of its own and a small one: Linux counts the memory of the process
// that starts a program as the program's, so a large one would hide what a
// small program needs.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "Error: stopwatch:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("no program is named")
	}
	syscall.CloseOnExec(3)
	result := os.NewFile(3, "result")
	cmd := exec.Command(args[0], args[1:]...) //nolint:noctx // whoever started us ends the whole group
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	start := time.Now()
	err := cmd.Run()
	wall := time.Since(start)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &usage); err != nil {
		return fmt.Errorf("read what the program used: %w", err)
	}
	return json.NewEncoder(result).Encode(map[string]any{
		"wall": wall, "cpu": usage.Utime.Nano() + usage.Stime.Nano(), "peak": peak(usage), "exit": cmd.ProcessState.ExitCode(),
	})
}

// peak is the largest process's memory in bytes; Linux counts in kilobytes.
func peak(usage syscall.Rusage) int64 {
	if runtime.GOOS == "linux" {
		return usage.Maxrss << 10
	}
	return usage.Maxrss
}
