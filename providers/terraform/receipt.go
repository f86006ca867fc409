package terraform

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// handle is what is journalled before an effect starts.
type handle struct {
	Kind    string       `json:"kind"` // "apply" or "rollback"
	PID     int          `json:"pid"`
	Start   string       `json:"start,omitempty"`
	Before  mark         `json:"before"`
	Plan    plans.Digest `json:"plan"` // of the saved plan that is carried out
	Attempt string       `json:"attempt"`
	// Found are imported objects that were there before the step.
	Found []string `json:"found,omitempty"`
}

const (
	kindApply    = "apply"
	kindRollback = "rollback"
)

// receipt lies beside the state and says which step last worked on it. It
// answers where the state stood before that step, and which serial our own
// rollback left; what is true of the target is always read from the state.
type receipt struct {
	Bundle  plans.Digest `json:"bundle"`
	Step    string       `json:"step"`
	Before  mark         `json:"before"`
	Attempt string       `json:"attempt,omitempty"`
	// Decided is the attempt of whose lost objects somebody said that they
	// are not there.
	Decided string `json:"decided,omitempty"`
	// Unsettled are earlier attempts whose lost objects Attempt imports.
	Unsettled []string `json:"unsettled,omitempty"`
	// RolledBack is where the step's rollback left the state.
	RolledBack *mark `json:"rolled_back,omitempty"`
}

func (m *module) receiptPath() string { return filepath.Join(m.place.state, "receipt.json") }

// receiptOf returns the receipt of the request's step, or nil when the last
// work here was for another one.
func (m *module) receiptOf(req providers.Request) (*receipt, error) {
	b, err := os.ReadFile(m.receiptPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read terraform receipt: %w", err)
	}
	r := new(receipt)
	if err := json.Unmarshal(b, r); err != nil {
		return nil, fmt.Errorf("%s is not readable; remove it to let the state alone decide: %w", m.receiptPath(), err)
	}
	if r.Bundle != req.Plan || r.Step != req.Step.Address {
		return nil, nil
	}
	return r, nil
}

func (m *module) writeReceipt(r receipt) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := renameio.WriteFile(m.receiptPath(), append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("write terraform receipt: %w", err)
	}
	return nil
}

// handles decodes what earlier attempts recorded; others' facts are skipped.
func handles(recorded []json.RawMessage) []handle {
	var found []handle
	for _, raw := range recorded {
		var h handle
		if json.Unmarshal(raw, &h) == nil && (h.Kind == kindApply || h.Kind == kindRollback) {
			found = append(found, h)
		}
	}
	return found
}

// origin is where the state stood before the step first ran; known is false
// when nothing of it ever started.
func origin(req providers.Request, r *receipt) (before mark, known bool) {
	if t := req.Observed.Terraform; t != nil && !rebound(req.Step) {
		return mark{Lineage: t.Lineage, Serial: t.Serial}, true
	}
	if r != nil {
		return r.Before, true
	}
	for _, h := range handles(req.Recorded) {
		if h.Kind == kindApply {
			return h.Before, true
		}
	}
	return mark{}, false
}

// lastAttempt is the folder of the latest attempt of the step, or "".
func lastAttempt(req providers.Request, r *receipt) string {
	if r != nil && r.Attempt != "" {
		return r.Attempt
	}
	if hs := handles(req.Recorded); len(hs) > 0 {
		return hs[len(hs)-1].Attempt
	}
	return ""
}

func (m *module) attemptPath(name string) string {
	return filepath.Join(m.place.state, "attempts", filepath.Base(name))
}

// backupPath is the copy of the state as it stood at a mark.
func (m *module) backupPath(at mark) string {
	return filepath.Join(m.place.state, "backups", at.Lineage+"-"+at.Serial+".tfstate")
}

// backUp copies the state before an effect.
func (m *module) backUp(at mark, state []byte) error {
	if at == (mark{}) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(m.backupPath(at)), 0o700); err != nil {
		return fmt.Errorf("copy the terraform state: %w", err)
	}
	if err := m.keys().WriteFile(m.backupPath(at), state); err != nil {
		return fmt.Errorf("copy the terraform state: %w", err)
	}
	return nil
}

// stateAt returns the state as it stood at a mark, or nil without a copy.
func (m *module) stateAt(at mark) (*stateFile, error) {
	if at == (mark{}) {
		return new(stateFile), nil
	}
	b, err := m.keys().ReadFile(m.backupPath(at))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the copy of the terraform state: %w", err)
	}
	return readState(b)
}
