package rollout_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/memory"
)

// crashes runs prepare on a fresh stand for every length k of the journal
// that a run left, with the first k records kept: the targets are as the run
// left them, the journal lags behind by any number of records.
func crashes(t *testing.T, prepare func(*testing.T) (*stand, string), recovered func(t *testing.T, b *stand, id string)) {
	t.Helper()
	b, id := prepare(t)
	n := len(b.records(id))
	for k := 1; k < n; k++ {
		t.Run(fmt.Sprintf("%02d of %d records", k, n), func(t *testing.T) {
			t.Parallel()
			b, id := prepare(t)
			b.cut(id, k)
			recovered(t, b, id)
		})
	}
}

func oneByOne(c *rollout.Config) { c.Parallelism = 1 }

func TestJournalBehindRealityThenResume(t *testing.T) {
	t.Parallel()
	want := ""
	prepare := func(t *testing.T) (*stand, string) {
		b := newStand(t, shopPlan())
		b.change = oneByOne
		id, out := b.run(t.Context())
		state(t, out, journal.Succeeded)
		return b, id
	}
	reference, _ := prepare(t)
	want = reference.world.Signature()
	crashes(t, prepare, func(t *testing.T, b *stand, id string) {
		state(t, b.resume(t.Context(), id), journal.Succeeded)
		if got := b.world.Signature(); got != want {
			t.Errorf("found\n%s\nexpected\n%s", got, want)
		}
		onceEach(t, b)
		b.lawful(id)
	})
}

func onceEach(t *testing.T, b *stand) {
	t.Helper()
	for _, s := range b.plan.Steps {
		if n := b.world.Effects(s.Address); s.Action.Effect() && n > 1 {
			t.Errorf("%s happened %d times", s.Address, n)
		}
	}
}

// TestCrashAtEveryRecord stops the run itself after k records: neither the
// targets nor the journal know more.
func TestCrashAtEveryRecord(t *testing.T) {
	t.Parallel()
	whole := newStand(t, shopPlan())
	whole.change = oneByOne
	id, _ := whole.run(t.Context())
	n := len(whole.records(id))
	for k := 1; k < n; k++ {
		for _, back := range []bool{false, true} {
			t.Run(fmt.Sprintf("after %02d of %d, rollback %v", k, n, back), func(t *testing.T) {
				t.Parallel()
				b := newStand(t, shopPlan())
				id := b.dieAfter(k, func(c rollout.Config) { rollout.Run(t.Context(), c) })
				b.change = oneByOne
				if !back {
					state(t, b.resume(t.Context(), id), journal.Succeeded)
					if b.world.Signature() != whole.world.Signature() {
						t.Errorf("end state differs:\n%s", b.world.Signature())
					}
					onceEach(t, b)
					b.lawful(id)
					return
				}
				out := b.rollBack(t.Context(), id, rollout.RollbackOptions{Schema: true, Infrastructure: true})
				if out.State == journal.Refused {
					if b.world.Effects("migration.drop") == 0 && b.replay(id).Steps["migration.drop"].Status == "" {
						t.Errorf("refused without a reason: %v", out.Err)
					}
					return
				}
				state(t, out, journal.RolledBack)
				if left := b.world.Signature(); left != "" {
					t.Errorf("left behind:\n%s", left)
				}
				b.lawful(id)
			})
		}
	}
}

// shortJournal takes no record after the k-th, as a dead process writes none.
type shortJournal struct {
	*journal.Writer
	mu   sync.Mutex
	left int
}

func (s *shortJournal) Append(e journal.Entry) (journal.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left == 0 {
		return journal.Record{}, fmt.Errorf("%w: killed", journal.ErrBroken)
	}
	s.left--
	return s.Writer.Append(e)
}

// dieAfter runs until the journal has k records.
func (b *stand) dieAfter(k int, run func(rollout.Config)) string {
	b.t.Helper()
	w := b.create(journal.Apply, "")
	b.die(w, journal.Run{}, k-1, run)
	return w.ID()
}

// die goes on until more records are written.
func (b *stand) die(w *journal.Writer, past journal.Run, more int, run func(rollout.Config)) {
	b.t.Helper()
	cfg := b.config(w, past)
	cfg.Parallelism = 1
	cfg.Journal = &shortJournal{Writer: w, left: more}
	run(cfg)
	b.close(w)
}

func TestCrashInTheRollbackAtEveryRecord(t *testing.T) {
	t.Parallel()
	failing := func(t *testing.T) *stand {
		plan := shopPlan()
		plan.Policy.KeepSchema = false
		b := newStand(t, plan)
		b.checks["check.ready"] = &fakeCheck{green: func() bool { return b.world.Signature("deployment.api") == "" }}
		return b
	}
	whole := failing(t)
	whole.change = oneByOne
	id, out := whole.run(t.Context())
	state(t, out, journal.RolledBack)
	n := len(whole.records(id))
	for k := 1; k < n; k++ {
		t.Run(fmt.Sprintf("after %02d of %d", k, n), func(t *testing.T) {
			t.Parallel()
			b := failing(t)
			id := b.dieAfter(k, func(c rollout.Config) { rollout.Run(t.Context(), c) })
			b.change = oneByOne
			state(t, b.resume(t.Context(), id), journal.RolledBack)
			if left := b.world.Signature(); left != "" {
				t.Errorf("left behind:\n%s", left)
			}
			onceEach(t, b)
			b.lawful(id)
		})
	}
}

func TestCrashInARollbackRunAtEveryRecord(t *testing.T) {
	t.Parallel()
	all := rollout.RollbackOptions{Schema: true, Infrastructure: true}
	applied := func(t *testing.T) (*stand, string) {
		b := newStand(t, without(shopPlan(), "migration.drop"))
		b.change = oneByOne
		id, out := b.run(t.Context())
		state(t, out, journal.Succeeded)
		return b, id
	}
	whole, id := applied(t)
	state(t, whole.rollBack(t.Context(), id, all), journal.RolledBack)
	n := len(whole.records("r-0002"))
	for k := 1; k < n; k++ {
		t.Run(fmt.Sprintf("after %02d of %d", k, n), func(t *testing.T) {
			t.Parallel()
			b, id := applied(t)
			w := b.create(journal.Revert, id)
			undoes := b.replay(id)
			b.die(w, journal.Run{}, k-1, func(c rollout.Config) {
				c.Undoes = undoes
				rollout.Rollback(t.Context(), c, all)
			})
			state(t, b.resume(t.Context(), w.ID()), journal.RolledBack)
			if left := b.world.Signature(); left != "" {
				t.Errorf("left behind:\n%s", left)
			}
		})
	}
}

func TestTwoCrashesOneAfterTheOther(t *testing.T) {
	t.Parallel()
	whole := newStand(t, shopPlan())
	whole.change = oneByOne
	id, _ := whole.run(t.Context())
	n := len(whole.records(id))
	for k := 1; k < n; k += 2 {
		for more := 1; more < n-k+4; more += 3 {
			b := newStand(t, shopPlan())
			id := b.dieAfter(k, func(c rollout.Config) { rollout.Run(t.Context(), c) })
			w, past := b.open(id)
			b.die(w, past, more, func(c rollout.Config) { rollout.Resume(t.Context(), c) })
			state(t, b.resume(t.Context(), id), journal.Succeeded)
			if b.world.Signature() != whole.world.Signature() {
				t.Fatalf("after %d and %d records: end state differs:\n%s", k, more, b.world.Signature())
			}
			onceEach(t, b)
			b.lawful(id)
		}
	}
}

// TestUnknownStaysUnknownUntilSomebodyDecides: resume never guesses.
func TestUnknownStaysUnknownUntilSomebodyDecides(t *testing.T) {
	t.Parallel()
	b := newStand(t, shopPlan())
	b.change = oneByOne
	b.faults = []memory.Fault{
		{Verb: memory.Apply, Address: "migration.b", Nth: 1, Kind: memory.Lost},
		{Verb: memory.Probe, Address: "migration.b", Kind: memory.Lost},
	}
	id, out := b.run(t.Context())
	state(t, out, journal.NeedsPerson)
	state(t, b.resume(t.Context(), id), journal.NeedsPerson)
	w, _ := b.open(id)
	if _, err := w.Append(journal.Entry{Kind: journal.Decided, Step: "migration.b", Data: journal.Decision{As: "done", Reason: "seen in psql"}}); err != nil {
		t.Fatal(err)
	}
	b.close(w)
	state(t, b.resume(t.Context(), id), journal.Succeeded)
	onceEach(t, b)
}

func TestWhatMustNeverRunTwiceDoesNot(t *testing.T) {
	t.Parallel()
	b := newStand(t, shopPlan())
	b.wrap = func(p providers.Provider) providers.Provider { return neverAgain{p} }
	id := b.dieAfter(4, func(c rollout.Config) { rollout.Run(t.Context(), c) }) // begin, phase, intent, handle
	b.world.Remove("terraform.cache")
	state(t, b.resume(t.Context(), id), journal.NeedsPerson)
	equal(t, "applied", b.applied(), []string{"terraform.cache"})
}

// neverAgain declares that no step may run twice.
type neverAgain struct{ providers.Provider }

func (neverAgain) Rerun(plans.Action) providers.Rerun { return providers.RerunNever }
