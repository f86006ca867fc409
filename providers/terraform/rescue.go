package terraform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lockstep-dev/lockstep/providers/terraform/shim"
)

// rescued is where a state waits that Terraform could not store.
func (m *module) rescued() string { return filepath.Join(m.place.state, erroredFile) }

// rescue saves Terraform's errored.tfstate before its folder is cleared: it is
// the only trace of what was made.
func (m *module) rescue() error {
	errored := filepath.Join(m.root(), erroredFile)
	b, err := os.ReadFile(errored)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("save %s: %w", erroredFile, err)
	}
	if !whole(b) {
		return m.rescueDumped() // there is none, or the disk was full
	}
	if err := os.Rename(errored, m.rescued()); err != nil {
		return fmt.Errorf("save %s: %w", erroredFile, err)
	}
	return nil
}

// whole reports whether a state was written to its end.
func whole(b []byte) bool {
	s, err := readState(b)
	return err == nil && s.Lineage != ""
}

// setTornAside moves a local state away that was cut off where the disk was
// full, where a whole one waits to be stored: Terraform rewrites states in
// place, and does not even initialise beside a cut one.
func (m *module) setTornAside() error {
	if _, err := os.Lstat(m.rescued()); err != nil || !m.config.local() {
		return nil
	}
	path := m.place.localState(m.workspace)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && (len(b) == 0 || json.Valid(b)) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read terraform state: %w", err)
	}
	if err := os.Rename(path, m.rescued()+".torn"); err != nil {
		return fmt.Errorf("set the cut terraform state aside: %w", err)
	}
	return nil
}

// dumpTaken marks an attempt whose dumped state was saved.
const dumpTaken = "dump-taken"

// rescueDumped saves the state that Terraform put into its output, because it
// could not write even errored.tfstate
// (statemgr.Writer failed twice: backendLocal.backupStateForError).
func (m *module) rescueDumped() error {
	attempts, err := m.place.attempts()
	if err != nil || len(attempts) == 0 {
		return err
	}
	dir := attempts[len(attempts)-1]
	if _, err := os.Lstat(filepath.Join(dir, dumpTaken)); err == nil {
		return nil
	}
	if exit, err := shim.ReadExit(dir); err != nil || exit.Code == 0 {
		return nil // not over, killed, or stored
	}
	if sealedAlready(filepath.Join(dir, shim.StdoutFile)) {
		return nil // it was looked at before
	}
	a, err := replay(m.keys(), dir)
	if err != nil || len(a.dumped) == 0 {
		return err
	}
	if _, err := readState(a.dumped); err != nil {
		return fmt.Errorf("terraform could not store its state, and what it put into %s cannot be read: %w", filepath.Join(dir, shim.StdoutFile), err)
	}
	if err := m.keys().WriteFile(m.rescued(), a.dumped); err != nil {
		return fmt.Errorf("save the state that terraform put out: %w", err)
	}
	return os.WriteFile(filepath.Join(dir, dumpTaken), nil, 0o600)
}

// unsaved refuses to go on while a rescued state waits.
func (m *module) unsaved() error {
	if _, err := os.Lstat(m.rescued()); err == nil {
		return fmt.Errorf("%s holds a state that Terraform could not store; resume or roll back the run that left it, or push it with \"terraform state push\" and remove the file", m.rescued())
	}
	return nil
}

// pushRescued stores a rescued state when it continues the stored one.
func (m *module) pushRescued(ctx context.Context) error {
	b, err := m.keys().ReadFile(m.rescued())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", erroredFile, err)
	}
	saved, err := readState(b)
	if err != nil {
		return err
	}
	if err := m.setTornAside(); err != nil {
		return err // an init does that too, where there is one
	}
	_, stored, err := m.readState(ctx)
	if err != nil {
		return err
	}
	if stored.Lineage != "" && (saved.Lineage != stored.Lineage || saved.Serial < stored.Serial) {
		return fmt.Errorf("%s does not continue the stored state (serial %d, stored is %d); compare them and push the right one with \"terraform state push\"", m.rescued(), saved.Serial, stored.Serial)
	}
	err = m.inClear(m.rescued(), func(path string) error {
		_, err := m.program.run(ctx, "state", "push", "-lock=true", path)
		return err
	})
	if err != nil {
		return fmt.Errorf("store the rescued state: %w", err)
	}
	kept := filepath.Join(m.place.state, "backups")
	if err := os.MkdirAll(kept, 0o700); err != nil {
		return fmt.Errorf("keep %s: %w", erroredFile, err)
	}
	return os.Rename(m.rescued(), filepath.Join(kept, fmt.Sprintf("rescued-%d.tfstate", saved.Serial)))
}
