package shim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// The files of a run directory.
const (
	StdoutFile  = "stdout"
	StderrFile  = "stderr"
	commandFile = "command.json"
	processFile = "process.json"
	exitFile    = "exit.json"
)

// lockDescriptor is where the shim finds the lock it inherits.
const lockDescriptor = 3

// command is what a shim runs. The environment is the shim's own.
type command struct {
	Arguments []string `json:"arguments"`
	Directory string   `json:"directory"`
}

// Exit tells how the command ended.
type Exit struct {
	Code int `json:"code"`
	// Signal is the signal that ended the command; empty for a normal end.
	Signal string `json:"signal,omitempty"`
	// Failure says why the command could not be started; empty if it was.
	Failure string `json:"failure,omitempty"`
}

// Process identifies a process beyond the reuse of its number.
type Process struct {
	ID int `json:"id"`
	// Start is the kernel's start time of the process; empty where the
	// system does not tell.
	Start string `json:"start,omitempty"`
}

// ReadExit returns how the command of a run directory ended. The error wraps
// fs.ErrNotExist when it has not ended, or was ended together with its shim.
func ReadExit(dir string) (Exit, error) {
	var e Exit
	return e, readJSON(filepath.Join(dir, exitFile), &e)
}

// Running reports whether the command of a run directory is still alive, even
// when its shim is not.
func Running(dir string) (bool, error) {
	var p Process
	err := readJSON(filepath.Join(dir, processFile), &p)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if _, err := ReadExit(dir); err == nil {
		return false, nil
	}
	return p.Alive(), nil
}

func readJSON(path string, into any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	return nil
}

func writeJSON(path string, value any) error {
	b, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return renameio.WriteFile(path, append(b, '\n'), 0o600)
}
