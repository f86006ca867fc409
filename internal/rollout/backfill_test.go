package rollout_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/memory"
)

// fillPlan is the shop's plan with a backfill behind its deployment.
func fillPlan() *plans.Plan {
	p := shopPlan()
	i := slices.IndexFunc(p.Steps, func(s plans.Step) bool { return s.Address == "deployment.api" })
	fill := plans.Step{
		Address: "backfill.ids", Phase: plans.Deploy, Action: plans.ActionBackfill, Provider: "memory", Target: "database.a",
		Block: "backfill.ids", Needs: []string{"deployment.api"},
		Rollback: plans.Rollback{Grade: plans.GradeNone, Kept: true, Reason: "nobody kept the rows"},
	}
	p.Steps = slices.Insert(p.Steps, i+1, fill)
	return p
}

func TestABackfillThatFailedHalfWayStaysAndTheApplicationGoesBack(t *testing.T) {
	t.Parallel()
	b := newStand(t, fillPlan())
	b.change = func(c *rollout.Config) { c.Parallelism = 1 }
	b.faults = []memory.Fault{{Verb: memory.Apply, Address: "backfill.ids", Kind: memory.Halfway}}
	id, out := b.run(t.Context())
	state(t, out, journal.RolledBack)
	equal(t, "undone", out.RolledBack, []string{"deployment.api"})
	if !slices.Contains(out.Kept, "backfill.ids") || slices.Contains(b.calls(memory.Rollback), "backfill.ids") {
		t.Errorf("kept %v, rolled back %v", out.Kept, b.calls(memory.Rollback))
	}
	b.lawful(id)
}

// The rows have no way back, and that keeps nobody from taking the rest back.
func TestABackfillStaysWhenEverythingElseGoesBack(t *testing.T) {
	t.Parallel()
	b := newStand(t, fillPlan())
	b.plan.Steps = slices.DeleteFunc(b.plan.Steps, func(s plans.Step) bool { return s.Phase == plans.Contract })
	id, out := b.run(t.Context())
	state(t, out, journal.Succeeded)
	out = b.rollBack(t.Context(), id, rollout.RollbackOptions{Schema: true, Infrastructure: true})
	state(t, out, journal.RolledBack)
	if !slices.Equal(out.Kept, []string{"backfill.ids"}) || !slices.Contains(out.RolledBack, "migration.a") {
		t.Errorf("kept %v, undone %v", out.Kept, out.RolledBack)
	}
}

// patient stops at a place of its own as soon as it is asked to.
type patient struct {
	providers.Provider
	begun chan struct{}
	world *memory.World
}

func (p patient) Apply(ctx context.Context, req providers.Request) (providers.Result, error) {
	if req.Step.Address != "backfill.ids" {
		return p.Provider.Apply(ctx, req)
	}
	if req.Stopping() {
		return providers.Result{}, fmt.Errorf("asked before it began")
	}
	half := memory.New(p.world, memory.Fault{Verb: memory.Apply, Address: "backfill.ids", Nth: 1, Kind: memory.Halfway})
	if _, err := half.Apply(ctx, req); err == nil {
		return providers.Result{Summary: "all of it"}, nil
	}
	req.Measure("half of it", map[string]any{"rows": 7})
	close(p.begun)
	for !req.Stopping() {
		if ctx.Err() != nil {
			return providers.Result{}, ctx.Err()
		}
	}
	return providers.Result{}, fmt.Errorf("half of it: %w", providers.ErrStopped)
}

func TestABackfillStopsBetweenTwoBatches(t *testing.T) {
	t.Parallel()
	for request, want := range map[string]journal.State{
		"": journal.Interrupted, journal.RequestPause: journal.Paused, journal.RequestAbort: journal.RolledBack,
	} {
		t.Run(request, func(t *testing.T) {
			t.Parallel()
			b := newStand(t, fillPlan())
			begun, stop := make(chan struct{}), make(chan struct{})
			b.wrap = func(p providers.Provider) providers.Provider { return patient{p, begun, b.world} }
			b.change = func(c *rollout.Config) {
				c.Parallelism, c.Stop = 1, stop
				c.Requests = func() string {
					select {
					case <-begun:
						return request
					default:
						return ""
					}
				}
			}
			if request == "" {
				go func() { <-begun; close(stop) }()
			}
			id, out := b.run(t.Context())
			state(t, out, want)
			if !slices.ContainsFunc(b.events, func(e rollout.Event) bool {
				return e.Kind == rollout.StepProgress && e.Message == "half of it" && e.Figures["rows"] == 7
			}) {
				t.Error("how far it was is not told")
			}
			b.lawful(id)
			if want == journal.RolledBack {
				if kept := b.replay(id).Steps["backfill.ids"]; kept.Status != journal.StepKept || !strings.Contains(kept.Kept, "stays as far as it came") {
					t.Errorf("%+v", kept)
				}
				return
			}
			b.change, b.wrap = nil, nil
			state(t, b.resume(t.Context(), id), journal.Succeeded)
			b.lawful(id)
		})
	}
}
