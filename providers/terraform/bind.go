package terraform

import (
	"context"
	"errors"
	"fmt"

	"github.com/lockstep-dev/lockstep/internal/tfchange"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

var _ providers.LateBinder = (*Provider)(nil)

// Bind implements providers.LateBinder: it plans a module whose inputs are
// known by now, from the bundle's sources.
func (p *Provider) Bind(ctx context.Context, req providers.Request) (providers.Observed, error) {
	m, err := p.open(ctx, req)
	if errors.Is(err, errBusy) {
		return providers.Observed{}, fmt.Errorf("%s: %w: %w", req.Step.Address, providers.ErrBlocked, err)
	}
	if err != nil {
		return providers.Observed{}, fmt.Errorf("%s: %w", req.Step.Address, err)
	}
	defer m.close()
	seen, err := m.bind(ctx, req)
	if err != nil {
		return providers.Observed{}, fmt.Errorf("%s: %w", req.Step.Address, m.scrubbed(ctx, err))
	}
	return seen, nil
}

func (m *module) bind(ctx context.Context, req providers.Request) (providers.Observed, error) {
	_, now, err := m.readState(ctx)
	if err != nil {
		return providers.Observed{}, err
	}
	fresh, err := m.plan(ctx)
	if err != nil {
		return providers.Observed{}, err
	}
	identity, err := m.identity()
	if err != nil {
		return providers.Observed{}, err
	}
	state := binding(m.engine, m.workspace, now.mark())
	if state.Changes, err = m.boundChanges(req, now, fresh); err != nil {
		return providers.Observed{}, err
	}
	state.Source = sourcesOf(req)
	state.Drift, state.Checks = tfchange.Public(fresh.Minded(&m.secrets.mask)), fresh.Checks(&m.secrets.mask)
	seen := observed(providers.ObserveRequest{Address: req.Step.Block}, identity, state)
	state.Outputs, seen.Secrets = fresh.Outputs(&m.secrets.mask)
	return seen, nil
}

// boundChanges are what is left to do for the step.
func (m *module) boundChanges(req providers.Request, now *stateFile, fresh *tfchange.Plan) ([]plans.ResourceChange, error) {
	if fresh.Empty() {
		return nil, nil
	}
	left, err := m.left(req, now, fresh)
	return tfchange.Public(left), err
}
