package terraform

import (
	"context"
	"fmt"
	"maps"
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
	if err := m.backUp(now.mark(), raw); err != nil {
		return nil, nil, err
	}
	if _, err := m.program.run(ctx, append([]string{"state", "rm", m.lockWait()}, known...)...); err != nil {
		return nil, nil, fmt.Errorf("take what is gone out of the state: %w", m.lockHeld(ctx, err))
	}
	failpoint.Here("terraform: replaced object forgotten")
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
