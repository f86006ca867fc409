package terraform

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"

	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/terraform/shim"
)

// movedUnseen reports whether an attempt of the step changed or destroyed an
// object and could not tell the state of it: Terraform was killed, or the
// provider. The objects themselves are asked. What was made unseen is lost.
func (m *module) movedUnseen(ctx context.Context, req providers.Request, r *receipt) (bool, error) {
	attempts := []string{lastAttempt(req, r)}
	for _, h := range handles(req.Recorded) {
		attempts = append(attempts, h.Attempt)
	}
	begun := map[string]bool{}
	for _, name := range attempts {
		if name == "" {
			continue
		}
		found, err := m.begunUnseen(m.attemptPath(name))
		if err != nil {
			return false, err
		}
		maps.Copy(begun, found)
	}
	if len(begun) == 0 {
		return false, nil
	}
	drift, err := m.refreshed(ctx)
	if err != nil {
		return false, fmt.Errorf("look at what an apply that was killed had begun: %w", err)
	}
	for _, c := range drift {
		if begun[c.Address] {
			return true, nil
		}
	}
	return false, nil
}

// begunUnseen are the objects that an attempt began to change or to destroy,
// where it did not live to say how that ended.
func (m *module) begunUnseen(dir string) (map[string]bool, error) {
	exit, err := shim.ReadExit(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	killed := err != nil || exit.Signal != ""
	a, err := replay(m.keys(), dir)
	if err != nil || !killed && !a.silent {
		return nil, err
	}
	return a.changing, nil
}
