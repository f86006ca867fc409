package database

import (
	"context"

	"github.com/lockstep-dev/lockstep/providers"
)

// applyBackfill goes on behind the cursor, to the end.
func (p *Provider) applyBackfill(ctx context.Context, req providers.Request) (providers.Result, error) {
	f, err := p.filling(req)
	if err != nil {
		return providers.Result{}, err
	}
	result, err := f.applyTo(ctx)
	return result, f.wrap(err)
}

func (p *Provider) probeBackfill(ctx context.Context, req providers.Request) (providers.Report, error) {
	f, err := p.filling(req)
	if err != nil {
		return providers.Report{}, err
	}
	report, err := f.probeTarget(ctx)
	return report, f.wrap(err)
}

func (p *Provider) rollbackBackfill(ctx context.Context, req providers.Request) (providers.Result, error) {
	f, err := p.filling(req)
	if err != nil {
		return providers.Result{}, err
	}
	result, err := f.rollBack(ctx)
	return result, f.wrap(err)
}
