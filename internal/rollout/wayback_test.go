package rollout_test

import (
	"context"
	"errors"
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

var everything = rollout.RollbackOptions{Schema: true, Infrastructure: true}

// The preview is what happens: the same steps, in the same order.
func TestWayBackIsWhatTheRollbackDoes(t *testing.T) {
	t.Parallel()
	for _, options := range []rollout.RollbackOptions{{}, {Schema: true}, everything, {Leave: true}} {
		b := newStand(t, without(shopPlan(), "migration.drop"))
		id, out := b.run(t.Context())
		state(t, out, journal.Succeeded)
		var undo, keep []string
		for _, u := range rollout.WayBack(b.plan, b.replay(id), options) {
			if u.Keep {
				keep = append(keep, u.Step.Address)
			} else {
				undo = append(undo, u.Step.Address)
			}
		}
		out = b.rollBack(t.Context(), id, options)
		state(t, out, journal.RolledBack)
		equal(t, "undone", out.RolledBack, undo)
		equal(t, "kept", out.Kept, keep)
	}
}

func TestKeptSaysWhatTakesItBack(t *testing.T) {
	t.Parallel()
	b := newStand(t, without(shopPlan(), "migration.drop"))
	id, _ := b.run(t.Context())
	reasons := func() map[string]string {
		found := map[string]string{}
		for _, u := range rollout.WayBack(b.plan, b.replay(id), rollout.RollbackOptions{}) {
			found[u.Step.Address] = u.Reason
		}
		return found
	}
	b.plan.Step("deployment.api").Rollback.Reason = "the link moves back"
	for address, want := range map[string]string{
		"migration.a": "stays; `lockstep rollback r-0001 --with-schema` takes it back", "artifact.api": "nothing to undo",
		"deployment.api": "the link moves back",
	} {
		if found := reasons()[address]; found != want {
			t.Errorf("%s: %q, expected %q", address, found, want)
		}
	}
	b.plan.Step("migration.b").Rollback = plans.Rollback{Grade: plans.GradeNone, Reason: "no down file"}
	for address, want := range map[string]string{
		"migration.a": "another step of the run has no way back", "migration.b": "no way back: no down file",
	} {
		if found := reasons()[address]; !strings.Contains(found, want) || strings.Contains(found, "--with-schema") {
			t.Errorf("%s: %q, expected %q", address, found, want)
		}
	}
}

// What has no way back stays, with all that it needs; the application goes
// back all the same, and where that cannot, nothing is touched.
func TestAutomaticRollbackKnowsItsWayBeforeItBegins(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		oneWay string
		state  journal.State
		undone []string
		abort  string
	}{
		{name: "a migration", oneWay: "migration.a", state: journal.RolledBack, undone: []string{"deployment.api"}},
		{name: "the application", oneWay: "deployment.api", state: journal.NeedsPerson, abort: "lockstep abort r-0001 --leave"},
	} {
		for _, asked := range []bool{false, true} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				b := newStand(t, shopPlan())
				b.plan.Policy.KeepSchema = false
				b.plan.Step(c.oneWay).Rollback.Grade = plans.GradeNone
				if asked {
					b.change = func(cfg *rollout.Config) {
						cfg.Requests = func() string {
							if slices.Contains(b.applied(), "deployment.api") {
								return journal.RequestAbort
							}
							return ""
						}
					}
				} else {
					b.checks["check.ready"] = &fakeCheck{green: func() bool { return b.world.Signature("deployment.api") == "" }}
				}
				id, out := b.run(t.Context())
				state(t, out, c.state)
				equal(t, "undone", out.RolledBack, c.undone)
				equal(t, "rollback calls", b.calls(memory.Rollback), c.undone)
				if out.Abort != c.abort {
					t.Errorf("abort %q", out.Abort)
				}
				b.lawful(id)
				if c.state.Over() {
					return
				}
				if !strings.Contains(strings.Join(out.Remains, " "), "lockstep abort r-0001 --leave") {
					t.Errorf("remains %q", out.Remains)
				}
				var refusal *rollout.RefusedError
				if out := b.rollBack(t.Context(), id, everything); !errors.As(out.Err, &refusal) {
					t.Errorf("found %+v", out)
				}
				state(t, b.rollBack(t.Context(), id, rollout.RollbackOptions{Leave: true}), journal.RolledBack)
				if b.world.Signature("deployment.api") == "" {
					t.Error("something was taken back")
				}
				st, _ := journal.StandingsOf([]journal.Run{b.replay(id)}).Of("dev", "shop")
				if st.Has || st.Text != "given up" {
					t.Errorf("standing %+v", st)
				}
			})
		}
	}
}

// A run that has begun to contract is taken back only when that is asked for.
func TestAbortBehindThePointOfNoReturn(t *testing.T) {
	t.Parallel()
	b := newStand(t, shopPlan())
	b.plan.Policy.KeepSchema = false
	b.plan.Step("migration.drop").Rollback.Grade = plans.GradeStructural
	b.plan.Steps = append(b.plan.Steps, step(plans.Contract, plans.ActionMigrate, "migration.last", "migration.drop"))
	b.faults = []memory.Fault{{Verb: memory.Apply, Address: "migration.last", Kind: memory.Fail}}
	before := b.world.Signature()
	id, out := b.run(t.Context())
	state(t, out, journal.NeedsPerson)
	if out.Abort != "lockstep abort r-0001 --with-schema" {
		t.Errorf("abort %q", out.Abort)
	}
	if _, err := rollout.Automatic(b.plan, b.replay(id)); err == nil || !strings.Contains(err.Error(), "--with-schema") {
		t.Errorf("automatic: %v", err)
	}
	out = b.rollBack(t.Context(), id, everything)
	state(t, out, journal.RolledBack)
	equal(t, "undone", out.RolledBack[:1], []string{"migration.drop"})
	if after := b.world.Signature(); after != before {
		t.Errorf("left behind: %s", after)
	}
	b.lawful(id)
}

func TestRedChecksAfterTheRollbackNeedAPerson(t *testing.T) {
	t.Parallel()
	b := newStand(t, shopPlan())
	b.checks["check.ready"] = &fakeCheck{script: []bool{false}}
	id, out := b.run(t.Context())
	state(t, out, journal.NeedsPerson)
	if out.Failure == nil || out.Failure.Step != "check.ready" || !strings.Contains(out.Reason, "check.ready") {
		t.Errorf("failure %+v, reason %q", out.Failure, out.Reason)
	}
	equal(t, "undone", out.RolledBack, []string{"deployment.api"})
	delete(b.checks, "check.ready")
	out = b.resume(t.Context(), id)
	state(t, out, journal.RolledBack)
	equal(t, "undone", out.RolledBack, []string{"deployment.api"})
	b.lawful(id)
}

// A half-done step that could not be cleaned up is looked at and done again.
func TestResumeAfterAFailedCleaning(t *testing.T) {
	t.Parallel()
	b := newStand(t, shopPlan())
	b.faults = []memory.Fault{
		{Verb: memory.Apply, Address: "migration.b", Nth: 1, Kind: memory.Halfway},
		{Verb: memory.Rollback, Address: "migration.b", Nth: 1, Kind: memory.Fail},
	}
	id, out := b.run(t.Context())
	state(t, out, journal.NeedsPerson)
	b.faults = nil
	state(t, b.resume(t.Context(), id), journal.Succeeded)
	b.lawful(id)
}

// A rollback run that cannot end is given up with what it could not undo.
func TestRollbackRunIsGivenUp(t *testing.T) {
	t.Parallel()
	b := newStand(t, without(shopPlan(), "migration.drop"))
	id, _ := b.run(t.Context())
	b.faults = []memory.Fault{{Verb: memory.Rollback, Address: "migration.a", Kind: memory.Fail}}
	out := b.rollBack(t.Context(), id, everything)
	state(t, out, journal.NeedsPerson)
	if out.Abort != "lockstep abort r-0002 --leave" {
		t.Errorf("abort %q", out.Abort)
	}
	w, past := b.open("r-0002")
	cfg := b.config(w, past)
	cfg.Undoes = b.replay(id)
	out = rollout.Rollback(t.Context(), cfg, rollout.RollbackOptions{Leave: true})
	b.close(w)
	state(t, out, journal.RolledBack)
	equal(t, "kept", out.Kept, []string{"migration.a", "terraform.cache", "artifact.api"})
	equal(t, "undone", out.RolledBack, []string{"deployment.api", "migration.b"})
}

// moved is a target at which another hand deployed something else meanwhile.
type moved struct {
	providers.Provider
	stand *stand
}

func (m moved) Rollback(ctx context.Context, req providers.Request) (providers.Result, error) {
	if req.Step.Address != "deployment.api" {
		return m.Provider.Rollback(ctx, req)
	}
	m.stand.world.Remove("deployment.api")
	return providers.Result{}, fmt.Errorf("deployment.api: v3 runs: %w", providers.ErrForeign)
}

// Absent is not as before: where something else runs nothing was taken back.
func TestSomethingElseRunsInstead(t *testing.T) {
	t.Parallel()
	for _, finished := range []bool{false, true} {
		b := newStand(t, without(shopPlan(), "migration.drop"))
		b.wrap = func(p providers.Provider) providers.Provider { return moved{p, b} }
		if !finished {
			b.checks["check.ready"] = &fakeCheck{script: []bool{false, true}}
		}
		id, out := b.run(t.Context())
		want := journal.NeedsPerson
		if finished {
			state(t, out, journal.Succeeded)
			out = b.rollBack(t.Context(), id, rollout.RollbackOptions{})
			want = journal.Refused
		}
		state(t, out, want)
		if !strings.Contains(out.Reason, "v3 runs") || len(out.RolledBack) != 0 {
			t.Errorf("reason %q, undone %q", out.Reason, out.RolledBack)
		}
		if !finished {
			state(t, b.resume(t.Context(), id), journal.NeedsPerson)
			b.wrap = nil
			state(t, b.resume(t.Context(), id), journal.RolledBack)
			b.lawful(id)
			continue
		}
		runs, err := b.store.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if st, _ := journal.StandingsOf(runs).Of("dev", "shop"); !st.Has {
			t.Errorf("standing %+v", st)
		}
	}
}
