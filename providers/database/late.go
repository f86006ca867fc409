package database

import (
	"context"
	"fmt"
	"strconv"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

var _ providers.LateBinder = (*Provider)(nil)

// Bind implements providers.LateBinder. It reads the database, or the rows of
// a backfill.
func (p *Provider) Bind(ctx context.Context, req providers.Request) (providers.Observed, error) {
	if req.Step.Action == plans.ActionBackfill {
		return p.observeBackfill(ctx, providers.ObserveRequest{
			Environment: req.Environment, ChangeSet: req.ChangeSet, Address: req.Step.Block, Settings: req.Settings,
		})
	}
	t, err := p.task(req)
	if err != nil {
		return providers.Observed{}, err
	}
	state, err := p.driver.State(ctx, t.target)
	if err != nil {
		return providers.Observed{}, fmt.Errorf("%s: %w", req.Step.Address, HideURL(t.target.URL, err))
	}
	if state.Dirty && state.Migrating != "" {
		return providers.Observed{}, fmt.Errorf("%s: %w", req.Step.Target, &MigratingError{state.Version, state.Migrating})
	}
	return providers.Observed{Observation: plans.Observation{
		Address: req.Step.Target, Provider: "database/" + p.driver.Name(), Identity: state.Identity,
		Database: t.beforeRun(state).observation(p.driver.Name()), Informative: state.Informative,
	}}, nil
}

// beforeRun is the state without what this run of this plan has done.
func (t *task) beforeRun(state State) State {
	before := state
	before.History, before.Statements = nil, nil
	own, fresh := false, false
	for _, r := range state.History {
		if !t.isOwn(r) {
			before.History = append(before.History, r)
			continue
		}
		own, fresh = true, fresh || r.Fresh
	}
	for _, s := range state.Statements {
		if s.Run == t.request.Run {
			own = true
			continue
		}
		before.Statements = append(before.Statements, s)
	}
	if !own {
		return state
	}
	if n := len(before.History); n > 0 {
		before.Version = before.History[n-1].Version
		return before
	}
	if len(state.History) == 0 {
		fresh = state.Version == 0 // the first file has been begun, and it begins in an approved state alone
	}
	before.Version, before.Fresh = 0, fresh
	return before
}

// isOwn reports whether a row of the history is this run's. Runs of other
// journals may have the same id, and have another plan.
func (t *task) isOwn(r Receipt) bool {
	return r.Run == t.request.Run && r.Plan == t.request.Plan && r.Up != ""
}

// insideEnvelope: what could not be looked at when it was approved must be
// found as it was approved.
func (t *task) insideEnvelope(state State) error {
	step := t.request.Step
	if !step.Late || step.Envelope == nil {
		return nil
	}
	before := t.beforeRun(state)
	if bound := step.Envelope.Database; bound != nil {
		if why := unlike(*bound, before); why != "" {
			return fmt.Errorf("%w: approved was %s, and %s", providers.ErrOutsideEnvelope, bound.Words(), why)
		}
		return nil
	}
	if !step.Envelope.NonDestructive || t.migration.Class != plans.ClassContract || before.Fresh {
		return nil
	}
	return fmt.Errorf("%w: %s is a contract migration (%s), and the database was not empty before this run; plan again now that it can be looked at",
		providers.ErrOutsideEnvelope, t.migration.Name, t.migration.Reason)
}

// unlike says why a state is not what is bounded, or "".
func unlike(bound plans.DatabaseBound, found State) string {
	version := ""
	if found.Version > 0 {
		version = strconv.FormatUint(found.Version, 10)
	}
	switch {
	case found.Dirty:
		return fmt.Sprintf("it is marked dirty at version %s", version)
	case version != bound.Version && version != "":
		return "it is at version " + version
	case bound.Version == "" && !found.Fresh:
		return "it has tables that no history knows of"
	case bound.Version != "" && found.Fresh:
		return "it is empty"
	case bound.Version != "" && version == "":
		return "it has no version"
	}
	return ""
}
