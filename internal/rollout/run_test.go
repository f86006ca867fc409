package rollout_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/memory"
)

func TestRunWalksThePlan(t *testing.T) {
	t.Parallel()
	b := newStand(t, shopPlan())
	b.change = func(c *rollout.Config) { c.Parallelism = 1 }
	id, out := b.run(t.Context())
	state(t, out, journal.Succeeded)
	equal(t, "applied", b.applied(), []string{
		"terraform.cache", "migration.a", "migration.b", "artifact.api", "deployment.api", "migration.drop",
	})
	b.lawful(id)
	run := b.replay(id)
	if run.Released.IsZero() || run.State != journal.Succeeded || len(run.PhaseDone) != 5 {
		t.Errorf("replayed %+v", run)
	}
	st, ok := journal.StandingsOf([]journal.Run{run}).Of("dev", "shop")
	if !ok || !st.Has || st.Text != "contract" || st.Content != b.plan.Content {
		t.Errorf("standing %+v", st)
	}
	sensitive := false
	for _, r := range b.records(id) {
		sensitive = sensitive || strings.Contains(string(r.Data), `"sensitive":true`)
		if strings.Contains(string(r.Data), `"secret"`) {
			t.Errorf("a secret is in the journal: %s", r.Data)
		}
	}
	if !sensitive {
		t.Error("no sensitive output was journalled: the test looks at nothing")
	}
}

func TestPlanThatCannotEndIsRefusedBeforeAnyEffect(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*plans.Plan){
		"unknown need": func(p *plans.Plan) { p.Steps[0].Needs = []string{"terraform.gone"} },
		"cycle":        func(p *plans.Plan) { p.Steps[1].Needs = []string{"migration.b"} },
		"later phase":  func(p *plans.Plan) { p.Steps[1].Needs = []string{"deployment.api"} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newStand(t, shopPlan())
			change(b.plan)
			_, out := b.run(t.Context())
			state(t, out, journal.Refused)
			if !errors.Is(out.Err, rollout.ErrPlan) || len(b.applied()) != 0 {
				t.Errorf("err %v, applied %v", out.Err, b.applied())
			}
		})
	}
}

// failure is what fails in a run, how, and what becomes of the run.
type failure struct {
	name    string
	fault   memory.Fault
	more    []memory.Fault
	plan    func(*plans.Plan)
	state   journal.State
	undone  []string
	kept    []string
	remains string
}

func failures() []failure {
	return []failure{
		{name: "first step", fault: memory.Fault{Address: "terraform.cache", Kind: memory.Fail}, state: journal.RolledBack},
		{
			name: "deployment", fault: memory.Fault{Address: "deployment.api", Kind: memory.Fail}, state: journal.RolledBack,
			kept: []string{"migration.b", "migration.a", "terraform.cache", "artifact.api"},
		},
		{
			name: "deployment, schema not kept", fault: memory.Fault{Address: "deployment.api", Kind: memory.Fail},
			plan: func(p *plans.Plan) { p.Policy.KeepSchema = false }, state: journal.RolledBack,
			undone: []string{"migration.b", "migration.a", "terraform.cache", "artifact.api"},
		},
		{
			name: "half a migration is cleaned up", fault: memory.Fault{Address: "migration.b", Kind: memory.Halfway},
			state: journal.RolledBack, undone: []string{"migration.b"}, kept: []string{"migration.a", "terraform.cache"},
		},
		{
			name: "half a migration that cannot be cleaned up", fault: memory.Fault{Address: "migration.b", Kind: memory.Halfway},
			more:  []memory.Fault{{Verb: memory.Rollback, Address: "migration.b", Kind: memory.Fail}},
			state: journal.NeedsPerson, remains: "migration.b is partial",
		},
		{name: "a lost answer", fault: memory.Fault{Address: "migration.a", Kind: memory.Lost}, state: journal.Succeeded},
		{
			name: "nobody knows", fault: memory.Fault{Address: "migration.b", Kind: memory.Lost},
			more:  []memory.Fault{{Verb: memory.Probe, Address: "migration.b", Kind: memory.Lost}},
			state: journal.NeedsPerson, remains: "migration.b is unknown",
		},
		{
			name: "probe fails", fault: memory.Fault{Address: "migration.b", Kind: memory.Lost},
			more:  []memory.Fault{{Verb: memory.Probe, Address: "migration.b", Kind: memory.Fail}},
			state: journal.NeedsPerson, remains: "migration.b is unknown",
		},
		{
			name: "contract never rolls back", fault: memory.Fault{Address: "migration.drop", Kind: memory.Fail},
			state: journal.NeedsPerson, remains: "deployment.api is done",
		},
		{
			name: "pause", fault: memory.Fault{Address: "deployment.api", Kind: memory.Fail},
			plan: func(p *plans.Plan) { p.Policy.OnFailure = "pause" }, state: journal.Paused, remains: "migration.b is done",
		},
		{name: "blocked at the start", fault: memory.Fault{Address: "terraform.cache", Kind: memory.Blocked}, state: journal.Blocked},
		{
			name: "blocked later", fault: memory.Fault{Address: "migration.b", Kind: memory.Blocked}, state: journal.RolledBack,
			kept: []string{"migration.a", "terraform.cache"},
		},
		{name: "moved by hand at the start", fault: memory.Fault{Address: "terraform.cache", Kind: memory.Foreign}, state: journal.Refused},
		{
			name: "moved by hand later", fault: memory.Fault{Address: "migration.b", Kind: memory.Foreign}, state: journal.RolledBack,
			kept: []string{"migration.a", "terraform.cache"},
		},
		{name: "moved by hand in contract", fault: memory.Fault{Address: "migration.drop", Kind: memory.Foreign}, state: journal.NeedsPerson},
		{name: "blocked in contract", fault: memory.Fault{Address: "migration.drop", Kind: memory.Blocked}, state: journal.Blocked},
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	for _, c := range failures() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.try(t)
		})
	}
}

func (c failure) try(t *testing.T) {
	t.Helper()
	b := newStand(t, shopPlan())
	b.change = func(c *rollout.Config) { c.Parallelism = 1 }
	if c.plan != nil {
		c.plan(b.plan)
	}
	c.fault.Verb = memory.Apply
	b.faults = append([]memory.Fault{c.fault}, c.more...)
	id, out := b.run(t.Context())
	state(t, out, c.state)
	equal(t, "undone", out.RolledBack, c.undone)
	equal(t, "kept", out.Kept, c.kept)
	if !strings.Contains(strings.Join(out.Remains, "\n"), c.remains) {
		t.Errorf("remains %q, expected %q", out.Remains, c.remains)
	}
	if c.state != journal.Succeeded && out.FailedStep != c.fault.Address {
		t.Errorf("failed step %q", out.FailedStep)
	}
	b.lawful(id)
	if got := b.replay(id).State; got != c.state {
		t.Errorf("the journal says %s", got)
	}
}

func TestFailedCheckRollsBackAndLooksAtTheOldVersion(t *testing.T) {
	t.Parallel()
	b := newStand(t, shopPlan())
	b.checks["check.ready"] = &fakeCheck{script: []bool{false, true}}
	id, out := b.run(t.Context())
	state(t, out, journal.RolledBack)
	equal(t, "undone", out.RolledBack, []string{"deployment.api"})
	if out.Failure == nil || string(out.Failure.Evidence) != `{"status_code":500}` || out.FailedStep != "check.ready" {
		t.Errorf("failure %+v", out.Failure)
	}
	if v := out.AfterRollback["check.ready"]; v.Status != journal.VerdictPass {
		t.Errorf("after rollback: %+v", v)
	}
	run := b.replay(id)
	st, _ := journal.StandingsOf([]journal.Run{run}).Of("dev", "shop")
	if st.Has || st.Text != "rolled back" {
		t.Errorf("standing %+v", st)
	}
	if holds := journal.StandingsOf([]journal.Run{run})["dev"].Holds; len(holds) != 1 || holds[0].Content != b.plan.Content {
		t.Errorf("holds %+v", holds)
	}
}

func TestFailedUndoNeedsAPersonAndIsTriedAgain(t *testing.T) {
	t.Parallel()
	b := newStand(t, shopPlan())
	b.checks["check.ready"] = &fakeCheck{script: []bool{false, true}}
	b.faults = []memory.Fault{{Verb: memory.Rollback, Address: "deployment.api", Nth: 1, Kind: memory.Fail}}
	id, out := b.run(t.Context())
	state(t, out, journal.NeedsPerson)
	if len(b.calls(memory.Rollback)) != 1 || !strings.Contains(strings.Join(out.Remains, " "), "deployment.api is done") {
		t.Errorf("calls %v, remains %q", b.calls(memory.Rollback), out.Remains)
	}
	state(t, b.resume(t.Context(), id), journal.RolledBack)
	b.lawful(id)
}

// outside lets a step find that its target is not what was approved.
type outside struct{ providers.Provider }

func (o outside) Apply(ctx context.Context, req providers.Request) (providers.Result, error) {
	if req.Step.Address == "migration.b" {
		return providers.Result{}, fmt.Errorf("database is not empty: %w", providers.ErrOutsideEnvelope)
	}
	return o.Provider.Apply(ctx, req)
}

func TestOutsideOfTheEnvelopeStopsBeforeAnyFurtherEffect(t *testing.T) {
	t.Parallel()
	b := newStand(t, shopPlan())
	b.wrap = func(p providers.Provider) providers.Provider { return outside{p} }
	_, out := b.run(t.Context())
	state(t, out, journal.NeedsPerson)
	if len(b.calls(memory.Rollback)) != 0 || len(b.applied()) != 2 {
		t.Errorf("applied %v, undone %v", b.applied(), b.calls(memory.Rollback))
	}
}

func TestUntilStopsAfterThePhase(t *testing.T) {
	t.Parallel()
	b := newStand(t, shopPlan())
	b.change = func(c *rollout.Config) { c.Until = plans.Deploy }
	id, out := b.run(t.Context())
	state(t, out, journal.Paused)
	if out.Reached != plans.Deploy || len(b.applied()) != 5 {
		t.Errorf("reached %q, applied %v", out.Reached, b.applied())
	}
	state(t, b.resume(t.Context(), id), journal.Paused)
	b.change = nil
	state(t, b.resume(t.Context(), id), journal.Succeeded)
	b.lawful(id)
}

func TestRequestsActAtStepBoundaries(t *testing.T) {
	t.Parallel()
	b := newStand(t, shopPlan())
	asked := []string{"", "", journal.RequestPause}
	b.change = func(c *rollout.Config) {
		c.Parallelism = 1
		c.Requests = func() string {
			if len(asked) == 0 {
				return ""
			}
			next := asked[0]
			asked = asked[1:]
			return next
		}
	}
	id, out := b.run(t.Context())
	state(t, out, journal.Paused)
	equal(t, "applied", b.applied(), []string{"terraform.cache", "migration.a"})
	asked = []string{"", journal.RequestAbort}
	state(t, b.resume(t.Context(), id), journal.RolledBack)
	equal(t, "applied", b.applied(), []string{"terraform.cache", "migration.a", "migration.b"})
	b.lawful(id)
}

func TestStopEndsTheRunningStepsAndCancelTheEffect(t *testing.T) {
	t.Parallel()
	for _, hard := range []bool{false, true} {
		b := newStand(t, shopPlan())
		reached, release := make(chan struct{}), make(chan struct{})
		b.faults = []memory.Fault{{Verb: memory.Apply, Address: "migration.a", Nth: 1, Kind: memory.Hang, Reached: reached, Release: release}}
		stop := make(chan struct{})
		b.change = func(c *rollout.Config) { c.Parallelism, c.Stop = 1, stop }
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-reached
			close(stop)
			if hard {
				cancel()
			} else {
				close(release)
			}
		}()
		id, out := b.run(ctx)
		cancel()
		state(t, out, journal.Interrupted)
		done := b.replay(id).Steps["migration.a"].Status == journal.StepDone
		if done == hard {
			t.Errorf("hard %v: done %v", hard, done)
		}
		b.change, b.faults = nil, nil
		state(t, b.resume(t.Context(), id), journal.Succeeded)
		for _, s := range b.plan.Steps {
			if n := b.world.Effects(s.Address); s.Action.Effect() && n != 1 {
				t.Errorf("hard %v: %s happened %d times", hard, s.Address, n)
			}
		}
		b.lawful(id)
	}
}

func TestRollbackOfAFinishedRun(t *testing.T) {
	t.Parallel()
	b := newStand(t, without(shopPlan(), "migration.drop"))
	before := b.world.Signature()
	id, out := b.run(t.Context())
	state(t, out, journal.Succeeded)
	out = b.rollBack(t.Context(), id, rollout.RollbackOptions{})
	state(t, out, journal.RolledBack)
	equal(t, "undone", out.RolledBack, []string{"deployment.api"})
	runs, err := b.store.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	standings := journal.StandingsOf(runs)
	if st, _ := standings.Of("dev", "shop"); st.Has || st.Text != "rolled back" || len(standings["dev"].Targets) != 0 {
		t.Errorf("standing %+v", standings["dev"])
	}
	out = b.rollBack(t.Context(), id, rollout.RollbackOptions{Schema: true, Infrastructure: true})
	state(t, out, journal.RolledBack)
	if after := b.world.Signature(); after != before {
		t.Errorf("not as before: %s", after)
	}
}

func TestImpossibleRollbackIsRefusedBeforeAnythingChanges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		grade   plans.Grade
		options rollout.RollbackOptions
		refused bool
	}{
		{"one-way door", plans.GradeNone, rollout.RollbackOptions{Schema: true}, true},
		{"contract schema would stay", plans.GradeStructural, rollout.RollbackOptions{}, true},
		{"contract schema goes back", plans.GradeStructural, rollout.RollbackOptions{Schema: true}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newStand(t, shopPlan())
			b.plan.Step("migration.drop").Rollback.Grade = c.grade
			id, out := b.run(t.Context())
			state(t, out, journal.Succeeded)
			before := b.world.Signature()
			out = b.rollBack(t.Context(), id, c.options)
			var refusal *rollout.RefusedError
			if errors.As(out.Err, &refusal) != c.refused {
				t.Fatalf("found %v", out.Err)
			}
			if c.refused && b.world.Signature() != before {
				t.Error("something changed")
			}
			if !c.refused && out.RolledBack[0] != "migration.drop" {
				t.Errorf("contract steps are not undone first: %v", out.RolledBack)
			}
		})
	}
}
