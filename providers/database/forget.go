package database

import (
	"context"
	"slices"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

var _ providers.Forgetter = (*Provider)(nil)

// Forget takes the receipts of statements away that were begun and have left
// nothing: they would hold the next try to the content of this one.
func (p *Provider) Forget(ctx context.Context, req providers.Request) error {
	if req.Step.Action == plans.ActionBackfill {
		return nil // its cursor row is part of what is done
	}
	t, err := p.task(req)
	if err != nil {
		return err
	}
	return t.do(ctx, func(ctx context.Context, s Session, state State) error {
		_, err := t.forgetTraces(ctx, s, state)
		return err
	})
}

// forgetTraces reports whether nothing of the version is there.
func (t *task) forgetTraces(ctx context.Context, s Session, state State) (absent bool, err error) {
	if _, applied := state.receipt(t.version); applied {
		return false, nil
	}
	if begun := state.statements(t.version, Up); len(begun) > 0 {
		found, err := t.probeStatements(ctx, s, begun)
		if err != nil || found.Verdict != providers.Absent {
			return false, err
		}
	}
	traces := slices.Concat(state.statements(t.version, Up), state.statements(t.version, Down))
	if len(traces) == 0 {
		return true, nil
	}
	return true, s.Write(ctx, func(b Books, q Querier) error {
		for _, r := range traces {
			if err := b.Forget(ctx, q, r); err != nil {
				return err
			}
		}
		return nil
	})
}
