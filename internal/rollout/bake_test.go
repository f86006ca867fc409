package rollout_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/plans"
)

func bakePlan(d time.Duration) *plans.Plan {
	plan := shopPlan()
	plan.Step("bake.release").Bake = plans.Duration(d)
	return plan
}

func TestAWeekOfBaking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStand(t, bakePlan(168*time.Hour))
		b.checks["check.errors"] = &fakeCheck{interval: time.Minute}
		began := time.Now()
		id, out := b.run(t.Context())
		state(t, out, journal.Succeeded)
		if took := time.Since(began); took != 168*time.Hour {
			t.Errorf("took %s", took)
		}
		if n := len(b.records(id)); n > 1200 {
			t.Errorf("a week left %d records", n)
		}
		if released := b.replay(id).Released; released.Sub(began) != 168*time.Hour {
			t.Errorf("released after %s", released.Sub(began))
		}
	})
}

func TestBakeFailsAfterThreeBadSamplesInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStand(t, bakePlan(time.Hour))
		b.checks["check.errors"] = &fakeCheck{script: []bool{true, false, false, true, false, false, false, true}}
		began := time.Now()
		_, out := b.run(t.Context())
		state(t, out, journal.RolledBack)
		if took := time.Since(began); took != 30*time.Second || out.FailedStep != "bake.release" {
			t.Errorf("failed %s after %s", out.FailedStep, took)
		}
		equal(t, "undone", out.RolledBack, []string{"deployment.api"})
	})
}

func TestBakeDoesNotEndOnABadSample(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStand(t, bakePlan(10*time.Second))
		b.checks["check.errors"] = &fakeCheck{script: []bool{true, true, false, true}}
		began := time.Now()
		_, out := b.run(t.Context())
		state(t, out, journal.Succeeded)
		if took := time.Since(began); took != 15*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

// A bake that is shorter than its checks' interval looks once more at its end.
func TestBakeLooksOnceMoreAtItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStand(t, bakePlan(3*time.Second))
		check := &fakeCheck{script: []bool{true, false, true}}
		b.checks["check.errors"] = check
		began := time.Now()
		_, out := b.run(t.Context())
		state(t, out, journal.Succeeded)
		if took := time.Since(began); took != 8*time.Second || check.n != 3 {
			t.Errorf("took %s and %d samples; the bad one at the end was not looked at again", took, check.n)
		}
	})
}

func TestWaitingGoesOnByTheJournalsClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStand(t, bakePlan(10*time.Hour))
		b.change = func(c *rollout.Config) { c.Wait = time.Hour }
		began := time.Now()
		id, out := b.run(t.Context())
		state(t, out, journal.Waiting)
		if time.Since(began) != time.Hour || out.Waiting != "bake.release" || out.Until.Sub(began) != 10*time.Hour {
			t.Errorf("%s, waiting for %s until %s", time.Since(began), out.Waiting, out.Until.Sub(began))
		}
		time.Sleep(2 * time.Hour)
		out = b.resume(t.Context(), id)
		state(t, out, journal.Waiting)
		if time.Since(began) != 4*time.Hour || out.Until.Sub(began) != 10*time.Hour {
			t.Errorf("%s, until %s", time.Since(began), out.Until.Sub(began))
		}
		time.Sleep(20 * time.Hour)
		state(t, b.resume(t.Context(), id), journal.Succeeded)
		if time.Since(began) != 24*time.Hour {
			t.Errorf("waited although the time was over: %s", time.Since(began))
		}
		if unsampled := time.Duration(b.replay(id).Bakes["bake.release"].Unsampled); unsampled != 2*time.Hour {
			t.Errorf("the last journalled bake says %s unsampled", unsampled)
		}
	})
}

func TestNoWaitingLooksOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStand(t, bakePlan(time.Hour))
		check := &fakeCheck{}
		b.checks["check.errors"] = check
		b.change = func(c *rollout.Config) { c.Wait = 0 }
		_, out := b.run(t.Context())
		state(t, out, journal.Waiting)
		if check.n != 1 {
			t.Errorf("%d samples", check.n)
		}
	})
}

// TestTimeThatNobodyWatchedDoesNotCount: a crash, and a machine that slept.
func TestTimeThatNobodyWatchedDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStand(t, bakePlan(time.Hour))
		stop := make(chan struct{})
		b.change = func(c *rollout.Config) { c.Stop = stop }
		began := time.Now()
		time.AfterFunc(20*time.Minute+time.Second, func() { close(stop) })
		id, out := b.run(t.Context())
		state(t, out, journal.Interrupted)
		time.Sleep(5 * time.Hour)
		b.change = nil
		slept := false
		b.checks["check.errors"] = &fakeCheck{takes: func(n int) time.Duration {
			if n == 10 && !slept {
				slept = true
				return 7 * time.Hour
			}
			return 0
		}}
		state(t, b.resume(t.Context(), id), journal.Succeeded)
		watched := time.Since(began) - 5*time.Hour - 7*time.Hour
		if watched < time.Hour || watched > time.Hour+10*time.Second {
			t.Errorf("watched for %s", watched)
		}
	})
}

func TestPauseAndAbortReachABake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			ask  string
			want journal.State
		}{{journal.RequestPause, journal.Paused}, {journal.RequestAbort, journal.RolledBack}} {
			b := newStand(t, bakePlan(time.Hour))
			began := time.Now()
			b.change = func(cfg *rollout.Config) {
				cfg.Requests = func() string {
					if time.Since(began) > 10*time.Minute {
						return c.ask
					}
					return ""
				}
			}
			_, out := b.run(t.Context())
			state(t, out, c.want)
			if took := time.Since(began); took > 10*time.Minute+2*time.Second {
				t.Errorf("%s took %s", c.ask, took)
			}
		}
	})
}
