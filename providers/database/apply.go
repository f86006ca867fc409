package database

import (
	"context"
	"fmt"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// Apply runs a migrate step's up file and writes its receipt.
func (p *Provider) Apply(ctx context.Context, req providers.Request) (providers.Result, error) {
	if req.Step.Action == plans.ActionBackfill {
		return p.applyBackfill(ctx, req)
	}
	t, err := p.task(req)
	if err != nil {
		return providers.Result{}, err
	}
	var result providers.Result
	err = t.do(ctx, func(ctx context.Context, s Session, state State) (err error) {
		var early bool
		if result, early = t.takeEarly(); early {
			return nil
		}
		if done, err := t.applied(state); err != nil || done {
			t.settled = err == nil
			result.Summary = fmt.Sprintf("%s is already applied", t.migration.Name)
			return err
		}
		if state, err = t.finishDown(ctx, s, state); err != nil {
			return err
		}
		result, err = t.up(ctx, s, state)
		return err
	})
	if err != nil {
		t.tidy(ctx)
		return providers.Result{}, err
	}
	return result, nil
}

// promoted is the result of an up file.
func promoted(before, version uint64, m Measured) providers.Result {
	return providers.Result{
		Summary: fmt.Sprintf("%s -> %s", describeVersion(before), describeVersion(version)),
		Changed: true, Figures: figures(m),
	}
}

func describeVersion(version uint64) string {
	if version == 0 {
		return "nothing"
	}
	return fmt.Sprint(version)
}

// applied reports whether the step is done, or why it cannot be.
func (t *task) applied(state State) (bool, error) {
	if state.Dirty {
		return false, fmt.Errorf("%s says that version %d is dirty: another tool failed half-way; lockstep repair looks at what it left, and mends it",
			t.target.Table, state.Version)
	}
	if row, ok := state.receipt(t.version); ok {
		if row.Up != t.migration.Up {
			return false, &EditedError{Step: t.request.Step.Address, Applied: row, Found: t.migration.Up}
		}
		return len(state.statements(t.version, Down)) == 0, nil
	}
	if _, known := state.receipt(state.Version); state.Version >= t.version && !known {
		return false, fmt.Errorf("%s says version %d, which Lockstep did not apply; plan again to take it over",
			t.target.Table, state.Version)
	}
	return false, nil
}

// finishDown ends a rollback that was interrupted between two statements, so
// that up begins from a known place.
func (t *task) finishDown(ctx context.Context, s Session, state State) (State, error) {
	if len(state.statements(t.version, Down)) == 0 {
		return state, nil
	}
	t.say("finishing the rollback that was begun before")
	if _, err := t.down(ctx, s, state, versionAfterDown(state, t.version)); err != nil {
		return State{}, err
	}
	var err error
	t.state, err = s.State(ctx)
	return t.state, err
}

func (t *task) up(ctx context.Context, s Session, state State) (providers.Result, error) {
	work, stepwise, err := t.upWork(state)
	if err != nil {
		return providers.Result{}, err
	}
	if !stepwise {
		if result, done, err := t.inRow(ctx, s, work); done || err != nil {
			return result, err
		}
	}
	m, err := t.carryOut(ctx, s, work, stepwise)
	return promoted(state.Version, max(state.Version, t.version), m), err
}

// upWork is the up file and what it changes, and whether it has to run one
// statement at a time.
func (t *task) upWork(state State) (work Work, apart bool, err error) {
	if err := t.insideEnvelope(state); err != nil {
		return work, false, err
	}
	text, file, err := t.input(Up, t.migration.Up)
	if err != nil {
		return work, false, err
	}
	down, _, err := t.input(Down, t.migration.Down)
	if err != nil {
		return work, false, err
	}
	if work, err = t.work(Up, file, text); err != nil {
		return work, false, err
	}
	if len(work.Statements) == 0 {
		return work, false, fmt.Errorf("%s: the file has no statement", file)
	}
	work.Change.Receipt = t.receipt(state, string(down))
	work.Change.Receipt.Canonical = plans.DigestOf(sqlscan.Canonical(work.SQL, work.Statements))
	work.Change.Baseline = t.baseline(state)
	work.Change.Version = max(state.Version, t.version)
	work.Change.Next, work.Change.Before = state.isNext(t.version), state.Version
	return work, t.migration.Mode == "statement" || stepwise(work.Statements, text), nil
}

// carryOut runs a file in its mode, and keeps up with what it has entered.
func (t *task) carryOut(ctx context.Context, s Session, work Work, stepwise bool) (m Measured, err error) {
	if stepwise {
		m, err = t.stepwise(ctx, s, work, t.state)
	} else {
		m, err = s.Transact(ctx, work.withoutLockLimits())
	}
	if err == nil {
		t.entered(work.Change)
	}
	return m, err
}

func (t *task) receipt(state State, down string) Receipt {
	req := t.request
	return Receipt{
		Version: t.version, Name: t.migration.Name, Up: t.migration.Up, Down: t.migration.Down, DownSQL: down,
		Phase: req.Step.Phase, Class: t.migration.Class, Mode: t.migration.Mode, ChangeSet: req.ChangeSet,
		Run: req.Run, Step: req.Step.Address, Plan: req.Plan, Actor: req.Actor, Fresh: state.Fresh,
	}
}

// baseline records what another tool applied, so that a rollback finds the
// version below.
func (t *task) baseline(state State) *Receipt {
	if _, known := state.receipt(state.Version); known || state.Version == 0 {
		return nil
	}
	name := "(applied by another tool)"
	if len(state.Applied()) == 0 {
		name = "(baseline)"
	}
	return &Receipt{Version: state.Version, Name: name, Run: t.request.Run, Actor: t.request.Actor}
}
