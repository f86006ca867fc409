package rollout_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// latePlan is shopPlan with a database that the first step makes.
func latePlan() *plans.Plan {
	p := shopPlan()
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Action == plans.ActionMigrate {
			s.Late, s.Envelope = true, &plans.Envelope{Database: &plans.DatabaseBound{}, Reason: "made by this plan"}
			s.Needs = append(s.Needs, "terraform.cache")
		}
	}
	return p
}

// scripted is a LatePlanner that answers in order, the last answer again.
type scripted struct {
	answers []journal.Barrier
	err     error
	asked   [][]string
}

func (s *scripted) PlanLate(_ context.Context, late []providers.Request, _ rollout.Outputs) (journal.Barrier, error) {
	var names []string
	for _, req := range late {
		names = append(names, req.Step.Address)
	}
	s.asked = append(s.asked, names)
	answer := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	return answer, s.err
}

func lateStand(t *testing.T, planner *scripted) *stand {
	t.Helper()
	b := newStand(t, latePlan())
	b.change = func(cfg *rollout.Config) { cfg.Late = planner }
	return b
}

func asApproved() journal.Barrier { return journal.Barrier{Plan: plans.DigestOf([]byte("rest"))} }

func notApproved() journal.Barrier {
	return journal.Barrier{Plan: plans.DigestOf([]byte("other")), Outside: []string{"database.orders is at version 3; approved was an empty database"}}
}

func (b *stand) barriers(id string) (found int) {
	for _, r := range b.records(id) {
		if r.Kind == journal.BarrierPlan {
			found++
		}
	}
	return found
}

func TestOneBarrierCoversAllThatIsKnown(t *testing.T) {
	t.Parallel()
	planner := &scripted{answers: []journal.Barrier{asApproved()}}
	b := lateStand(t, planner)
	id, out := b.run(t.Context())
	state(t, out, journal.Succeeded)
	if len(planner.asked) != 1 {
		t.Fatalf("asked %q", planner.asked)
	}
	equal(t, "asked of", planner.asked[0], []string{"migration.a", "migration.b", "migration.drop"})
	if b.barriers(id) != 1 {
		t.Errorf("%d barriers in the journal", b.barriers(id))
	}
	records := b.records(id)
	at := func(kind journal.Kind, step string) int {
		return slices.IndexFunc(records, func(r journal.Record) bool { return r.Kind == kind && (step == "" || r.Step == step) })
	}
	if made, barrier, begun := at(journal.StepOutcome, "terraform.cache"), at(journal.BarrierPlan, ""), at(journal.StepIntent, "migration.a"); made > barrier || barrier > begun {
		t.Errorf("made %d, barrier %d, begun %d", made, barrier, begun)
	}
}

func TestOutsideStopsBeforeAnythingAndIsComparedAgain(t *testing.T) {
	t.Parallel()
	planner := &scripted{answers: []journal.Barrier{notApproved(), notApproved(), asApproved()}}
	b := lateStand(t, planner)
	id, out := b.run(t.Context())
	for range 2 {
		state(t, out, journal.NeedsPerson)
		if out.FailedStep != "migration.a" || out.Failure == nil || !slices.Equal(out.Failure.Outside, notApproved().Outside) || !strings.Contains(out.Reason, "approved was an empty database") {
			t.Errorf("failed at %q: %+v, %s", out.FailedStep, out.Failure, out.Reason)
		}
		equal(t, "applied", b.applied(), []string{"terraform.cache"})
		if s := b.replay(id).Steps["migration.a"]; s.Status != journal.StepPending {
			t.Errorf("migration.a is %q", s.Status)
		}
		out = b.resume(t.Context(), id)
	}
	state(t, out, journal.Succeeded)
	if len(planner.asked) != 3 || b.barriers(id) != 3 {
		t.Errorf("asked %d times, %d barriers in the journal", len(planner.asked), b.barriers(id))
	}
	b.lawful(id)
}

func TestABarrierThatCannotBePlannedFollowsThePolicy(t *testing.T) {
	t.Parallel()
	b := lateStand(t, &scripted{answers: []journal.Barrier{{}}, err: errors.New("connection refused")})
	_, out := b.run(t.Context())
	state(t, out, journal.RolledBack)
	if out.Failure == nil || out.Failure.Message != "connection refused" {
		t.Errorf("failure %+v", out.Failure)
	}
	blocked := lateStand(t, &scripted{answers: []journal.Barrier{{}}, err: providers.ErrBlocked})
	blocked.plan.Steps = slices.DeleteFunc(blocked.plan.Steps, func(s plans.Step) bool { return s.Address == "terraform.cache" })
	for i := range blocked.plan.Steps {
		s := &blocked.plan.Steps[i]
		s.Needs = slices.DeleteFunc(s.Needs, func(n string) bool { return n == "terraform.cache" })
	}
	_, out = blocked.run(t.Context())
	state(t, out, journal.Blocked)
}

func TestAKilledRunPassesTheBarrierAgain(t *testing.T) {
	t.Parallel()
	all := lateStand(t, &scripted{answers: []journal.Barrier{asApproved()}})
	id, _ := all.run(t.Context())
	for k := 1; k < len(all.records(id)); k++ {
		planner := &scripted{answers: []journal.Barrier{asApproved()}}
		b := lateStand(t, planner)
		run := b.dieAfter(k, func(cfg rollout.Config) { rollout.Run(context.Background(), cfg) })
		begun := b.replay(run).Steps["migration.drop"].Status != journal.StepPending
		planner.asked = nil
		state(t, b.resume(t.Context(), run), journal.Succeeded)
		if !begun && len(planner.asked) != 1 {
			t.Errorf("after %d records %d barriers were planned", k, len(planner.asked))
		}
		b.lawful(run)
	}
}
