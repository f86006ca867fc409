package rollout_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/memory"
)

func drawPlan(r *rapid.T) *plans.Plan {
	plan := &plans.Plan{FormatVersion: plans.FormatVersion, ChangeSet: "shop", Environment: "dev"}
	plan.Policy = plans.Policy{OnFailure: rapid.SampledFrom([]string{"auto", "pause"}).Draw(r, "policy"), KeepSchema: rapid.Bool().Draw(r, "keep")}
	actions := []plans.Action{plans.ActionTerraform, plans.ActionMigrate, plans.ActionFetch, plans.ActionDeploy, plans.ActionCheck}
	for i, phase := range plans.Phases() {
		for j := range rapid.IntRange(0, 4).Draw(r, "steps") {
			s := step(phase, rapid.SampledFrom(actions).Draw(r, "action"), fmt.Sprintf("step.%d_%d", i, j))
			s.Target = rapid.SampledFrom([]string{"", "x", "y"}).Draw(r, "target")
			for _, earlier := range plan.Steps {
				if rapid.IntRange(0, 3).Draw(r, "needs") == 0 {
					s.Needs = append(s.Needs, earlier.Address)
				}
			}
			plan.Steps = append(plan.Steps, s)
		}
	}
	return plan
}

func drawFaults(r *rapid.T, plan *plans.Plan) []memory.Fault {
	if len(plan.Steps) == 0 {
		return nil
	}
	kinds := []memory.Kind{memory.Fail, memory.Blocked, memory.Halfway, memory.Lost}
	var faults []memory.Fault
	for range rapid.IntRange(0, 3).Draw(r, "faults") {
		faults = append(faults, memory.Fault{
			Verb:    rapid.SampledFrom([]memory.Verb{memory.Apply, memory.Rollback, memory.Probe}).Draw(r, "verb"),
			Address: rapid.SampledFrom(plan.Steps).Draw(r, "where").Address,
			Nth:     rapid.IntRange(1, 2).Draw(r, "nth"),
			Kind:    rapid.SampledFrom(kinds).Draw(r, "kind"),
		})
	}
	return faults
}

// TestRandomPlansRandomFaults: whatever goes wrong, wherever the process
// dies, the laws hold, and in the end the run comes to rest.
func TestRandomPlansRandomFaults(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		b := newStand(t, drawPlan(r))
		b.faults = drawFaults(r, b.plan)
		id := b.dieAfter(rapid.IntRange(1, 60).Draw(r, "dies after"), func(c rollout.Config) {
			c.Parallelism = rapid.IntRange(1, 4).Draw(r, "parallelism")
			rollout.Run(context.Background(), c)
		})
		for range 12 {
			if b.replay(id).State.Over() {
				break
			}
			b.resume(context.Background(), id)
			b.lawful(id)
		}
		run := b.replay(id)
		if !run.State.Over() {
			r.Fatalf("never came to rest: %s, %s", run.State, run.Reason)
		}
		for _, s := range b.plan.Steps {
			if !s.Action.Effect() {
				continue
			}
			st, there := run.Steps[s.Address].Status, b.world.Signature(s.Address) != ""
			expected := st == journal.StepDone || st == journal.StepKept
			if there != expected {
				r.Fatalf("%s is %q in the journal, there: %v", s.Address, st, there)
			}
			if run.State == journal.RolledBack && st == journal.StepDone {
				r.Fatalf("%s is still there after the rollback", s.Address)
			}
			if run.State == journal.Succeeded && st != journal.StepDone {
				r.Fatalf("%s is %q after success", s.Address, st)
			}
		}
	})
}

// watcher sees which targets are worked on at the same time.
type watcher struct {
	providers.Provider
	mu     *sync.Mutex
	busy   map[string]int
	most   *int
	failed func(string)
}

func (w watcher) Apply(ctx context.Context, req providers.Request) (providers.Result, error) {
	w.mu.Lock()
	w.busy[req.Step.Target]++
	all := 0
	for target, n := range w.busy {
		all += n
		if n > 1 && target != "" {
			w.failed(target)
		}
	}
	*w.most = max(*w.most, all)
	w.mu.Unlock()
	time.Sleep(time.Second)
	defer func() {
		w.mu.Lock()
		w.busy[req.Step.Target]--
		w.mu.Unlock()
	}()
	return w.Provider.Apply(ctx, req)
}

func TestStepsOfOneTargetNeverRunSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan := &plans.Plan{FormatVersion: plans.FormatVersion, ChangeSet: "shop", Environment: "dev"}
		for i := range 12 {
			s := step(plans.Expand, plans.ActionMigrate, fmt.Sprintf("migration.%02d", i))
			s.Target = fmt.Sprintf("database.%d", i%3)
			plan.Steps = append(plan.Steps, s)
		}
		b := newStand(t, plan)
		most, mu := 0, sync.Mutex{}
		busy := map[string]int{}
		b.wrap = func(p providers.Provider) providers.Provider {
			return watcher{p, &mu, busy, &most, func(target string) { t.Errorf("%s has two steps", target) }}
		}
		began := time.Now()
		_, out := b.run(t.Context())
		state(t, out, journal.Succeeded)
		if most != 3 || time.Since(began) != 4*time.Second {
			t.Errorf("%d side by side, took %s", most, time.Since(began))
		}
	})
}

func TestNoGoroutineIsLeftBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, kind := range []memory.Kind{"", memory.Fail, memory.Halfway} {
		b := newStand(t, shopPlan())
		b.faults = []memory.Fault{{Verb: memory.Apply, Address: "deployment.api", Kind: kind}}
		b.run(t.Context())
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		runtime.Gosched()
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}
