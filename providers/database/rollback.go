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
			absent, err := t.clear(ctx, s, state)
			if err != nil || absent {
				result.Summary = fmt.Sprintf("%s is not applied", t.migration.Name)
				return err
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

// clear reports whether nothing of the version is there, and takes the receipts
// back of statements that were begun and left nothing: they would hold the next
// try to the content of this one.
func (t *task) clear(ctx context.Context, s Session, state State) (bool, error) {
	begun := state.statements(t.version, Up)
	if len(begun) == 0 {
		return true, nil
	}
	found, err := t.probeStatements(ctx, s, begun)
	if err != nil || found.Verdict != providers.Absent {
		return false, err
	}
	return true, s.Write(ctx, func(b Books, q Querier) error {
		for _, r := range begun {
			if err := b.Forget(ctx, q, r); err != nil {
				return err
			}
		}
		return nil
	})
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
