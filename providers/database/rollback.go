package database

import (
	"context"
	"fmt"
	"slices"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// Rollback runs a migrate step's down file and takes its receipt away. The
// file comes from the bundle, or from the receipt when the bundle has none.
func (p *Provider) Rollback(ctx context.Context, req providers.Request) (providers.Result, error) {
	if req.Step.Action == plans.ActionBackfill {
		return p.rollbackBackfill(ctx, req)
	}
	t, err := p.task(req)
	if err != nil {
		return providers.Result{}, err
	}
	var result providers.Result
	err = t.do(ctx, func(ctx context.Context, s Session, state State) error {
		row, applied := state.receipt(t.version)
		if applied && row.Up != t.migration.Up {
			return &EditedError{Step: req.Step.Address, Applied: row, Found: t.migration.Up}
		}
		if !applied {
			absent, err := t.forgetTraces(ctx, s, state)
			if err != nil {
				return err
			}
			if absent {
				result.Summary = fmt.Sprintf("%s is not applied", t.migration.Name)
				return nil
			}
		}
		if state.Dirty {
			return fmt.Errorf("%s says that version %d is dirty: another tool failed half-way; lockstep repair mends it", t.target.Table, state.Version)
		}
		version := versionAfterDown(state, t.version)
		measured, err := t.down(ctx, s, state, version)
		if err != nil {
			return err
		}
		result = providers.Result{
			Summary: fmt.Sprintf("%s -> %s", describeVersion(state.Version), describeVersion(version)),
			Changed: true, Figures: figures(measured),
		}
		return nil
	})
	if err != nil {
		return providers.Result{}, err
	}
	return result, nil
}

// versionAfterDown is the highest version that remains.
func versionAfterDown(state State, undone uint64) uint64 {
	if _, applied := state.receipt(undone); !applied {
		return state.Version
	}
	for _, r := range slices.Backward(state.History) {
		if r.Version <= state.Version && r.Version != undone {
			return r.Version
		}
	}
	return 0
}

func (t *task) down(ctx context.Context, s Session, state State, version uint64) (Measured, error) {
	work, text, err := t.downWork(state)
	if err != nil {
		return Measured{}, err
	}
	work.Change.Receipt = t.receipt(state, "")
	work.Change.Version = version
	_, applied := state.receipt(t.version)
	return t.carryOut(ctx, s, work, !applied || stepwise(work.Statements, text))
}

// downWork is the down file as the bundle has it, or as the receipt does.
func (t *task) downWork(state State) (Work, []byte, error) {
	if t.migration.Irreversible != "" {
		return Work{}, nil, fmt.Errorf("%w: the author says: %s", providers.ErrIrreversible, t.migration.Irreversible)
	}
	text, file, err := t.input(Down, t.migration.Down)
	if err != nil {
		return Work{}, nil, err
	}
	if row, ok := state.receipt(t.version); ok && len(text) == 0 {
		text = []byte(row.DownSQL)
	}
	work, err := t.work(Down, file, text)
	if err != nil {
		return Work{}, nil, err
	}
	if len(work.Statements) == 0 {
		return Work{}, nil, fmt.Errorf("%w: %s has no statement", providers.ErrIrreversible, file)
	}
	return work, text, nil
}
