package terraform

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/failpoint"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// forgetReplaced takes the objects out of the state that the imported ones have
// replaced: Terraform imports nothing under an address that it knows. It first
// makes sure that they are gone, so that the state says nothing less than the
// truth afterwards, whatever becomes of the import. It returns the state as it
// is then.
func (m *module) forgetReplaced(ctx context.Context, raw []byte, now *stateFile, imports []providers.Lost) ([]byte, *stateFile, error) {
	var known []string
	for _, l := range imports {
		if _, there := now.managed()[l.Address]; there {
			known = append(known, l.Address)
		}
	}
	if len(known) == 0 {
		return raw, now, nil
	}
	if err := m.areGone(ctx, now, known); err != nil {
		return nil, nil, err
	}
	return m.removeFromState(ctx, raw, now, known)
}

// letGo takes objects out of Terraform's care that were there before the step:
// a way back must not destroy them. What the state does not hold was let go of
// before.
func (m *module) letGo(ctx context.Context, raw []byte, now *stateFile, found []string) ([]byte, *stateFile, error) {
	there := now.managed()
	found = slices.DeleteFunc(slices.Clone(found), func(address string) bool {
		_, ok := there[address]
		return !ok
	})
	if len(found) == 0 {
		return raw, now, nil
	}
	return m.removeFromState(ctx, raw, now, found)
}

// removeFromState makes the state forget objects, after it was copied, and
// returns it as it is then.
func (m *module) removeFromState(ctx context.Context, raw []byte, now *stateFile, addresses []string) ([]byte, *stateFile, error) {
	if err := m.backUp(now.mark(), raw); err != nil {
		return nil, nil, err
	}
	// Terraform itself would leave a copy beside the state each time.
	beside := filepath.Join(m.place.work, "forgotten.backup")
	defer os.Remove(beside)
	arguments := append([]string{"state", "rm", m.lockWait(), "-backup=" + beside}, addresses...)
	if _, err := m.program.run(ctx, arguments...); err != nil {
		return nil, nil, fmt.Errorf("take objects out of the state: %w", m.lockHeld(ctx, err))
	}
	failpoint.Here("terraform: objects forgotten")
	return m.readState(ctx)
}

// areGone refuses where one of the state's objects exists.
func (m *module) areGone(ctx context.Context, now *stateFile, known []string) error {
	drift, err := m.refreshed(ctx)
	if err != nil {
		return err
	}
	stored := slices.Collect(maps.Keys(now.managed()))
	for _, address := range known {
		gone := slices.ContainsFunc(drift, func(c planned) bool { return c.Address == address && c.Kind() == plans.ChangeDelete })
		deposed := slices.ContainsFunc(stored, func(a string) bool { return strings.HasPrefix(a, address+" (deposed ") })
		if !gone || deposed {
			return fmt.Errorf("%s cannot be imported: the state still holds the object that it was to replace, and that exists. Remove the new one where it is, say --as absent, and resume makes it again",
				address)
		}
	}
	return nil
}
