// Command enginemeter stands before Terraform or OpenTofu and writes down what
// each command has used: one JSON line in the file "commands" of the folder in
// which it lies. The engine is the file "engine" of that folder.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	code, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error: enginemeter:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

func run() (int, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	folder := filepath.Dir(self)
	working, err := os.Getwd()
	if err != nil {
		return 0, err
	}
	// What interrupts us interrupts the engine as well; we wait for its end.
	signal.Ignore(syscall.SIGINT)
	cmd := exec.Command(filepath.Join(folder, "engine"), os.Args[1:]...) //nolint:noctx // whoever started us ends the whole group
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	start := time.Now()
	err = cmd.Run()
	wall := time.Since(start)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 0, err
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &usage); err != nil {
		return 0, fmt.Errorf("read what the engine used: %w", err)
	}
	line, err := json.Marshal(map[string]any{
		"args": os.Args[1:], "folder": working, "wall": wall, "cpu": usage.Utime.Nano() + usage.Stime.Nano(),
	})
	if err != nil {
		return 0, err
	}
	log, err := os.OpenFile(filepath.Join(folder, "commands"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	if _, err := log.Write(append(line, '\n')); err != nil {
		return 0, errors.Join(err, log.Close())
	}
	return cmd.ProcessState.ExitCode(), log.Close()
}
