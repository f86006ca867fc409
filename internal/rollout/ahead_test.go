package rollout_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/memory"
)

// together carries out the steps that follow, as a database does, up to one
// that it does not reach.
type together struct {
	providers.Provider
	until string // "" for all
	after func() // the row is done
	lose  bool   // the answer
}

func (p together) Apply(ctx context.Context, req providers.Request) (providers.Result, error) {
	result, err := p.Provider.Apply(ctx, req)
	if err != nil || req.Following == nil {
		return result, err
	}
	row := slices.Collect(req.Following)
	for _, next := range row {
		req.Ahead(next.Step.Address)
	}
	for _, next := range row {
		if next.Step.Address == p.until {
			break
		}
		if _, err := p.Provider.Apply(ctx, next); err != nil {
			return result, err
		}
	}
	if len(row) > 0 && p.after != nil {
		p.after()
	}
	if len(row) > 0 && p.lose {
		return providers.Result{}, errors.New("the answer was lost")
	}
	return result, nil
}

// rowPlan is migrations at one database, and an artifact behind them.
func rowPlan(n int) *plans.Plan {
	p := shopPlan()
	p.Steps = nil
	for i := range n {
		s := step(plans.Expand, plans.ActionMigrate, fmt.Sprintf("migration.%d", i+1))
		s.Target, s.Migration = "database.orders", &plans.Migration{Mode: "transaction"}
		if i > 0 {
			s.Needs = []string{fmt.Sprintf("migration.%d", i)}
		}
		p.Steps = append(p.Steps, s)
	}
	p.Steps = append(p.Steps, step(plans.Deploy, plans.ActionFetch, "artifact.api"))
	return p
}

func addresses(p *plans.Plan) []string {
	var list []string
	for _, s := range p.Steps {
		list = append(list, s.Address)
	}
	return list
}

func TestStepsCarriedOutTogetherAreDoneOnce(t *testing.T) {
	t.Parallel()
	for _, until := range []string{"", "migration.2", "migration.4"} {
		b := newStand(t, rowPlan(5))
		b.wrap = func(p providers.Provider) providers.Provider { return together{Provider: p, until: until} }
		id, out := b.run(t.Context())
		state(t, out, journal.Succeeded)
		for _, address := range addresses(b.plan) {
			if s := b.replay(id).Steps[address]; s.Status != journal.StepDone || s.Attempt != 1 {
				t.Errorf("until %q: %s is %s at attempt %d", until, address, s.Status, s.Attempt)
			}
		}
	}
}

// Whatever ends a run behind a row, the journal has what was carried out and
// nothing else: it can go on, and it can go back.
func TestWhatWasCarriedOutAheadIsNotForgotten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		until  string
		lose   bool
		asked  bool // a pause, else the process is to end
		there  int
		states []journal.State
	}{
		{name: "stopped", there: 5, states: []journal.State{journal.Interrupted, journal.Succeeded}},
		{name: "stopped in the middle", until: "migration.4", there: 3, states: []journal.State{journal.Interrupted}},
		{name: "paused in the middle", until: "migration.3", asked: true, there: 2, states: []journal.State{journal.Paused}},
		{name: "stopped, and the answer lost", until: "migration.4", lose: true, there: 3, states: []journal.State{journal.Interrupted}},
	} {
		for _, back := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, back=%t", c.name, back), func(t *testing.T) {
				t.Parallel()
				b := newStand(t, rowPlan(5))
				stop, request := make(chan struct{}), ""
				b.wrap = func(p providers.Provider) providers.Provider {
					return together{Provider: p, until: c.until, lose: c.lose, after: func() {
						if c.asked {
							request = journal.RequestPause
						} else {
							close(stop)
						}
					}}
				}
				b.change = func(cfg *rollout.Config) {
					cfg.Stop = stop
					cfg.Requests = func() string { return request }
				}
				id, out := b.run(t.Context())
				if !slices.Contains(c.states, out.State) {
					t.Fatalf("%s (%s), expected %q", out.State, out.Reason, c.states)
				}
				for i, address := range addresses(b.plan)[:5] {
					want := journal.StepPending
					if i < c.there {
						want = journal.StepDone
					}
					if got := b.replay(id).Steps[address].Status; got != want {
						t.Errorf("%s is %s, expected %s", address, got, want)
					}
				}
				b.wrap, b.change = nil, nil
				if back {
					state(t, b.rollBack(t.Context(), id, rollout.RollbackOptions{Schema: true}), journal.RolledBack)
					if undone := b.calls(memory.Rollback); len(undone) != c.there {
						t.Errorf("undone: %q", undone)
					}
					return
				}
				state(t, b.resume(t.Context(), id), journal.Succeeded)
			})
		}
	}
}
