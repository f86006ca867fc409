package rollout_test

import (
	"context"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/memory"
)

// foretelling is a provider that tells what its rollbacks would do.
type foretelling struct {
	providers.Provider
	back plans.TerraformWayBack
}

func (f foretelling) Unwrap() providers.Provider { return f.Provider }

func (f foretelling) WayBack(context.Context, providers.Request) (plans.TerraformWayBack, error) {
	return *f.back.Judged(), nil
}

func destroying(stateful string) plans.TerraformWayBack {
	return plans.TerraformWayBack{Source: plans.WayBackMeasured, Changes: []plans.ResourceChange{
		{Address: "trial_database.orders", Actions: []string{"delete"}, Stateful: stateful},
	}}
}

// takenBackByItself is a plan whose policy takes everything back.
func takenBackByItself() *plans.Plan {
	plan := without(shopPlan(), "migration.drop")
	plan.Policy.KeepSchema = false
	return plan
}

// A run that fails does not destroy by itself what holds data: the application
// goes back, and a person says what becomes of the rest.
func TestWhatHoldsDataIsTakenBackByNameAlone(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options rollout.RollbackOptions
		end     journal.State
		there   bool
	}{
		"taken back by name": {rollout.RollbackOptions{Infrastructure: true, Named: true}, journal.RolledBack, false},
		"kept":               {rollout.RollbackOptions{Leave: true}, journal.RolledBack, true},
		"with the schema":    {rollout.RollbackOptions{Schema: true}, journal.NeedsPerson, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newStand(t, takenBackByItself())
			b.wrap = func(p providers.Provider) providers.Provider {
				return foretelling{p, destroying("the database and what is in it")}
			}
			b.checks["check.ready"] = &fakeCheck{script: []bool{false, true}}
			id, out := b.run(t.Context())
			state(t, out, journal.NeedsPerson)
			if out.Failure == nil || out.Failure.Held == nil || !strings.Contains(out.Reason, "it destroys trial_database.orders (the database and what is in it)") {
				t.Fatalf("%+v", out)
			}
			if b.world.Signature("deployment.api") != "" || b.world.Signature("terraform.cache") == "" {
				t.Errorf("there is %s", b.world.Signature())
			}
			// To go on changes nothing: nobody has said a word.
			state(t, b.resume(t.Context(), id), journal.NeedsPerson)
			state(t, b.rollBack(t.Context(), id, test.options), test.end)
			if there := b.world.Signature("terraform.cache") != ""; there != test.there {
				t.Errorf("terraform.cache is there: %v", there)
			}
			held := journal.StandingsOf([]journal.Run{b.replay(id)})["dev"].Holds
			if len(held) != 1 || held[0].Content != b.plan.Content {
				t.Errorf("promotion is held by %+v", held)
			}
		})
	}
}

func TestWhatHoldsNothingIsTakenBackByItself(t *testing.T) {
	t.Parallel()
	b := newStand(t, takenBackByItself())
	b.wrap = func(p providers.Provider) providers.Provider { return foretelling{p, destroying("")} }
	b.checks["check.ready"] = &fakeCheck{script: []bool{false, true}}
	before := b.world.Signature()
	_, out := b.run(t.Context())
	state(t, out, journal.RolledBack)
	if after := b.world.Signature(); after != before {
		t.Errorf("left %s", after)
	}
}

// A step that failed half-way is cleaned up by itself, unless that destroys
// what holds data; then it stays as it is.
func TestHalfOfAStepThatHoldsDataStays(t *testing.T) {
	t.Parallel()
	b := newStand(t, takenBackByItself())
	b.wrap = func(p providers.Provider) providers.Provider { return foretelling{p, destroying("what is in it")} }
	b.faults = []memory.Fault{{Verb: memory.Apply, Address: "terraform.cache", Nth: 1, Kind: memory.Halfway}}
	id, out := b.run(t.Context())
	state(t, out, journal.NeedsPerson)
	if out.Failure.Held == nil || out.Failure.Verdict != providers.Partial || len(b.calls(memory.Rollback)) > 0 {
		t.Fatalf("%+v, rollbacks %v", out, b.calls(memory.Rollback))
	}
	if b.replay(id).Undoing() {
		t.Error("the way back has begun")
	}
	// Without the flag an abort keeps it as well, with it it goes.
	state(t, b.rollBack(t.Context(), id, rollout.RollbackOptions{}), journal.NeedsPerson)
	state(t, b.rollBack(t.Context(), id, rollout.RollbackOptions{Infrastructure: true, Named: true}), journal.RolledBack)
	if b.world.Signature("terraform.cache") != "" {
		t.Error("it is still there")
	}
}

// A finished run whose way back is gone is refused before anything changes,
// although its plan foresaw one; and the other way round.
func TestTheWayBackIsPlannedBeforeAnythingIsTakenBack(t *testing.T) {
	t.Parallel()
	none := plans.TerraformWayBack{Source: plans.WayBackNone, Why: "the cloud does not answer"}
	b := newStand(t, takenBackByItself())
	id, out := b.run(t.Context())
	state(t, out, journal.Succeeded)
	b.wrap = func(p providers.Provider) providers.Provider { return foretelling{p, none} }
	before := b.world.Signature()
	out = b.rollBack(t.Context(), id, everything)
	state(t, out, journal.Refused)
	if !strings.Contains(out.Reason, "terraform.cache: the cloud does not answer") || b.world.Signature() != before {
		t.Errorf("%s; there is %s", out.Reason, b.world.Signature())
	}

	b.plan.Step("terraform.cache").Rollback = plans.Rollback{Grade: plans.GradeNone, Terraform: &none}
	run := b.replay(id)
	if rollout.CheckRollback(b.plan, run, everything) == nil {
		t.Error("what has no way back may be taken back")
	}
	s := run.Steps["terraform.cache"]
	measured := destroying("")
	s.Outcome.WayBack = &measured
	run.Steps["terraform.cache"] = s
	if err := rollout.CheckRollback(b.plan, run, everything); err != nil {
		t.Errorf("what was measured does not count: %v", err)
	}
}

// What was found on looking is in the journal with the undoing.
func TestTheWayBackThatWasTakenIsJournalled(t *testing.T) {
	t.Parallel()
	b := newStand(t, takenBackByItself())
	b.wrap = func(p providers.Provider) providers.Provider { return foretelling{p, destroying("")} }
	b.checks["check.ready"] = &fakeCheck{script: []bool{false, true}}
	id, out := b.run(t.Context())
	state(t, out, journal.RolledBack)
	got := b.replay(id).Steps["terraform.cache"]
	if got.Outcome.WayBack != nil || got.Undo.WayBack == nil || len(got.Undo.WayBack.Changes) != 1 || got.Undo.WayBack.Source != plans.WayBackMeasured {
		t.Errorf("journalled are %+v after the step and %+v with its undoing", got.Outcome.WayBack, got.Undo.WayBack)
	}
}
