package command

import (
	"fmt"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/gate"
	"github.com/lockstep-dev/lockstep/internal/rollout"
)

// checkFrom builds the sampler and the assertions of a check block.
func checkFrom(b config.Block, environment string, querier gate.Querier) (rollout.Check, error) {
	settings, err := b.Settings.Reveal()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Address, err)
	}
	check, err := gate.Configure(b.Driver, settings, gate.Deps{Querier: querier, Root: ".", Environment: environment})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Address, err)
	}
	check.Address = b.Address
	check.Assert = func(self map[string]any) (bool, string, error) { return assertAll(b.Asserts, self) }
	return rollout.Gated(check), nil
}

func assertAll(asserts []config.Assert, self map[string]any) (ok bool, message string, err error) {
	for _, assert := range asserts {
		ok, message, ds := assert.Eval(self)
		if err := ds.Err(); err != nil {
			return false, "", err
		}
		if !ok {
			return false, message, nil
		}
	}
	return true, "", nil
}
