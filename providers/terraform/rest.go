package terraform

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lockstep-dev/lockstep/internal/seal"
	"github.com/lockstep-dev/lockstep/providers/terraform/shim"
)

// This file is about what lies in the kept folder between two steps: copies of
// states, releases, outputs of applies. All of it may hold secrets. Where there
// are recipients it is sealed for them; Terraform's own local state, which
// Terraform reads, stays as it is, for its owner alone.

func (m *module) keys() *seal.Keys { return m.provider.options.Keys }

// rest seals what was written in clear, also before there were recipients, and
// takes the state from others. An output is left alone as long as somebody
// writes to it, and until the state that it may hold is rescued.
func (m *module) rest() error {
	for _, state := range []string{m.place.localState(m.workspace), m.place.localState(m.workspace) + ".backup"} {
		if err := os.Chmod(state, 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("make the terraform state private: %w", err)
		}
	}
	if len(m.keys().Recipients()) == 0 {
		return nil
	}
	if err := m.rescue(); err != nil {
		return err
	}
	folders := []string{filepath.Join(m.place.state, "backups"), filepath.Join(m.place.state, "releases"), m.rescued()}
	attempts, err := m.place.attempts()
	if err != nil {
		return err
	}
	for _, attempt := range attempts {
		if running, err := shim.Running(attempt); err == nil && !running {
			folders = append(folders, filepath.Join(attempt, shim.StdoutFile), filepath.Join(attempt, shim.StderrFile))
		}
	}
	for _, folder := range folders {
		if err := m.sealBelow(folder); err != nil {
			return err
		}
	}
	return nil
}

// sealBelow seals a file, or all files of a folder; one that is not there is
// none.
func (m *module) sealBelow(folder string) error {
	return filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && entry.Type().IsRegular() {
			err = m.keys().SealFile(path)
		}
		if err != nil {
			return fmt.Errorf("seal %s: %w", path, err)
		}
		return nil
	})
}

// sealedAlready reports whether an output was looked at and sealed.
func sealedAlready(path string) bool {
	b, err := os.ReadFile(path)
	return err == nil && seal.Sealed(b)
}

// inClear gives a command the path of a file that it can read.
func (m *module) inClear(path string, use func(path string) error) error {
	if !sealedAlready(path) {
		return use(path)
	}
	content, err := m.keys().ReadFile(path)
	if err != nil {
		return err
	}
	clear := filepath.Join(m.place.work, "in-clear")
	defer os.Remove(clear)
	if err := seal.WritePrivate(clear, content); err != nil {
		return err
	}
	return use(clear)
}
