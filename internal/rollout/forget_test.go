package rollout_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// noted keeps a note of each try, as a database does of a statement that it
// has begun.
type noted struct {
	providers.Provider
	forgotten *atomic.Int32
	fails     error // of Forget
}

func (p noted) Probe(ctx context.Context, req providers.Request) (providers.Report, error) {
	report, err := p.Provider.Probe(ctx, req)
	report.Traces = report.Verdict == providers.Absent
	return report, err
}

func (p noted) Forget(context.Context, providers.Request) error {
	p.forgotten.Add(1)
	return p.fails
}

// A run that died between its intent and the effect: whichever way it is
// ended, the target forgets the try; when it cannot, that is said, and the run
// ends all the same.
func TestATryThatLeftNothingIsForgotten(t *testing.T) {
	t.Parallel()
	for _, fails := range []error{nil, errors.New("another tool holds its lock")} {
		for _, how := range []rollout.RollbackOptions{{Schema: true}, {}, {Leave: true}} {
			t.Run(fmt.Sprintf("%+v, %v", how, fails), func(t *testing.T) {
				t.Parallel()
				forgotten := new(atomic.Int32)
				b := newStand(t, rowPlan(1))
				b.wrap = func(p providers.Provider) providers.Provider { return noted{p, forgotten, fails} }
				id := b.dieAfter(b.recordsUntil(journal.StepIntent, "migration.1"), func(c rollout.Config) { rollout.Run(t.Context(), c) })
				out := b.rollBack(t.Context(), id, how)
				state(t, out, journal.RolledBack)
				if n := forgotten.Load(); n != 1 {
					t.Errorf("forgotten %d times", n)
				}
				told := slices.ContainsFunc(b.events, func(e rollout.Event) bool { return strings.Contains(e.Message, "lockstep repair shows it") })
				if told != (fails != nil) {
					t.Errorf("told of what is left: %t", told)
				}
			})
		}
	}
}

// recordsUntil is how many records a whole run has until that one.
func (b *stand) recordsUntil(kind journal.Kind, step string) int {
	b.t.Helper()
	whole := newStand(b.t, b.plan)
	id, _ := whole.run(b.t.Context())
	for i, r := range whole.records(id) {
		if r.Kind == kind && r.Step == step {
			return i + 1
		}
	}
	b.t.Fatalf("no %s of %s", kind, step)
	return 0
}

// sender sends steps ahead beside the one whose turn it is, as a database
// does, and leaves what is under way open.
type sender struct {
	providers.Provider
	closed *atomic.Int32 // how often something under way at database.orders was ended
	sent   *[]string
	before func(address string) // the step's turn ends
}

type underWay struct {
	s      sender
	target string
}

func (u underWay) Close() error {
	if u.target == "database.orders" {
		u.s.closed.Add(1)
	}
	return nil
}

func (s sender) Apply(ctx context.Context, req providers.Request) (providers.Result, error) {
	if req.Held == nil || req.Step.Action != plans.ActionMigrate {
		return s.Provider.Apply(ctx, req)
	}
	req.Held.Take()
	result, err := s.Provider.Apply(ctx, req)
	if s.before != nil {
		s.before(req.Step.Address)
	}
	for next := range req.Following {
		*s.sent = append(*s.sent, next.Step.Address)
		req.Ahead(next.Step.Address)
		break
	}
	req.Held.Leave(underWay{s, req.Step.Target})
	return result, err
}

// Nothing is sent ahead of its turn once a run is to stop, and what is under
// way is ended before the run says how it ended.
func TestARunThatIsToStopSendsNothingAhead(t *testing.T) {
	t.Parallel()
	b := newStand(t, rowPlan(4))
	request, closed := "", new(atomic.Int32)
	var sent []string
	b.wrap = func(p providers.Provider) providers.Provider {
		return sender{p, closed, &sent, func(address string) {
			if address == "migration.2" {
				request = journal.RequestPause
			}
		}}
	}
	b.change = func(cfg *rollout.Config) {
		oneByOne(cfg)
		cfg.Requests = func() string { return request }
	}
	id, out := b.run(t.Context())
	state(t, out, journal.Paused)
	if closed.Load() == 0 {
		t.Error("what was under way was not ended")
	}
	if got := b.replay(id).Steps["migration.3"].Status; got != journal.StepPending {
		t.Errorf("migration.3 is %s: nothing of it is there", got)
	}
}

// What is under way at a target is not cut off while the run goes on and only
// another target's step keeps it from its turn.
func TestWhatIsUnderWayOutlivesAnotherTargetsTurn(t *testing.T) {
	t.Parallel()
	b := newStand(t, rowPlan(3))
	other := step(plans.Expand, plans.ActionMigrate, "migration.other")
	other.Target, other.Migration = "database.other", &plans.Migration{Mode: "transaction"}
	other.Needs = []string{"migration.1"}
	// It comes first once migration.1 is done, and there is one place.
	b.plan.Steps = slices.Insert(b.plan.Steps, 1, other)
	closed := new(atomic.Int32)
	var sent, cut []string
	b.wrap = func(p providers.Provider) providers.Provider {
		return sender{p, closed, &sent, func(address string) {
			if closed.Load() > 0 && address != "migration.3" {
				cut = append(cut, address)
			}
		}}
	}
	b.change = oneByOne
	_, out := b.run(t.Context())
	state(t, out, journal.Succeeded)
	if len(cut) > 0 || len(sent) == 0 {
		t.Errorf("ended before the turn of %q; sent %q", cut, sent)
	}
}
