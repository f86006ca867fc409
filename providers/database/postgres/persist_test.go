package postgres

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// spent returns a budget of 100 s of which a share is gone.
func spent(share float64, limit time.Duration, ages ...time.Duration) *budget {
	b := &budget{limit: limit, begun: time.Now(), deadline: time.Now().Add(100 * time.Second), met: map[string]time.Time{}}
	for _, age := range ages {
		b.holders = append(b.holders, holder{age: age})
	}
	time.Sleep(time.Duration(share * float64(100*time.Second)))
	return b
}

func TestHowLongARequestMayWait(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		budget func() *budget
		failed int
		least  time.Duration
		most   time.Duration
	}{
		{"the first", func() *budget { return spent(0, 2*time.Second) }, 0, 25 * time.Millisecond, 25 * time.Millisecond},
		{"the third", func() *budget { return spent(0.1, 2*time.Second) }, 2, 35 * time.Millisecond, 35 * time.Millisecond},
		{"many, with half of the time left", func() *budget { return spent(0.5, 2*time.Second) }, 1000, 40 * time.Millisecond, 40 * time.Millisecond},
		{"with a quarter left it has grown", func() *budget { return spent(0.75, 2*time.Second) }, 1000, 200 * time.Millisecond, 400 * time.Millisecond},
		{"at the end it is lock_timeout", func() *budget { return spent(1.5, 2*time.Second) }, 1000, 2 * time.Second, 2 * time.Second},
		{"not where it would be in vain", func() *budget { return spent(1.5, 2*time.Second, time.Hour) }, 1000, 40 * time.Millisecond, 40 * time.Millisecond},
		{"never longer than lock_timeout", func() *budget { return spent(0, 7*time.Millisecond) }, 0, 7 * time.Millisecond, 7 * time.Millisecond},
		{"nor at the end", func() *budget { return spent(1, 30*time.Millisecond) }, 1000, 30 * time.Millisecond, 30 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := tt.budget()
				b.failed = tt.failed
				if got := b.queue(); got < tt.least || got > tt.most {
					t.Errorf("got %s, want %s to %s", got, tt.least, tt.most)
				}
			})
		})
	}
}

func TestTheApplicationHasItsRest(t *testing.T) {
	t.Parallel()
	for range 100 {
		for _, wait := range []time.Duration{0, time.Millisecond, 40 * time.Millisecond, 2 * time.Second} {
			if got := rest(wait); got < restPerQueue*wait || got > 2*restPerQueue*max(wait, time.Millisecond) {
				t.Fatalf("after %s: %s", wait, got)
			}
		}
	}
}

// Whose age the server hides is as old as we have known it.
func TestAgeOfATransactionThatIsHidden(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := spent(0, time.Second)
		b.meet([]holder{{transaction: "3/7"}})
		time.Sleep(5 * time.Second)
		b.meet([]holder{{transaction: "3/7"}, {transaction: "3/8"}, {transaction: "4/1", age: time.Minute}})
		for i, want := range []time.Duration{5 * time.Second, 0, time.Minute} {
			if got := b.holders[i].age; got != want {
				t.Errorf("%d: got %s, want %s", i, got, want)
			}
		}
		if b.worthwhile(time.Second) || !b.worthwhile(30*time.Second) {
			t.Error("a wait is worthwhile when nobody has been there for more than twice as long")
		}
	})
}

func TestReportsAreNotRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var said []string
		b := &budget{what: "m/1.up.sql", begun: time.Now(), deadline: time.Now().Add(time.Hour), met: map[string]time.Time{}, limit: time.Second}
		b.say = func(format string, args ...any) { said = append(said, format) }
		poll := func(d time.Duration, list ...holder) int {
			said = nil
			for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
				b.meet(append([]holder(nil), list...))
				b.report.say(b, 0)
			}
			return len(said)
		}
		if n := poll(900*time.Millisecond, holder{transaction: "1/1"}); n != 0 {
			t.Errorf("short waits: %d lines", n)
		}
		if n := poll(100*time.Millisecond, holder{transaction: "1/2", age: time.Hour}); n != 1 {
			t.Errorf("an old transaction is told at once: %d lines", n)
		}
		if n := poll(5*time.Minute, holder{transaction: "1/2", age: time.Hour}); n < 5 || n > 15 {
			t.Errorf("in five minutes: %d lines", n)
		}
		if n := poll(100*time.Millisecond, holder{transaction: "1/3", age: time.Hour}); n != 1 {
			t.Errorf("another one: %d lines", n)
		}
	})
}

func TestWhoMayEndAHolder(t *testing.T) {
	t.Parallel()
	tests := map[string]holder{
		"user app or a member of pg_signal_backend: SELECT pg_terminate_backend(7)": {pid: 7, user: "app"},
		"user root or a superuser: SELECT pg_terminate_backend(7)":                  {pid: 7, user: "root", superuser: true},
		"a superuser: SELECT pg_cancel_backend(7)":                                  {pid: 7, kind: "autovacuum worker", query: "autovacuum: VACUUM public.t"},
		"nobody should end pid 7":                                                   {pid: 7, kind: "autovacuum worker", query: "autovacuum: VACUUM t (to prevent wraparound)"},
		"user app or a superuser: ROLLBACK PREPARED 'it''s'":                        {user: "app", prepared: "it's"},
		"SELECT * FROM pg_prepared_xacts":                                           {},
	}
	for want, h := range tests {
		if got := h.remedy(); !strings.Contains(got, want) {
			t.Errorf("%+v: got %q, want %q in it", h, got, want)
		}
	}
}

func TestManyHoldersAreCounted(t *testing.T) {
	t.Parallel()
	var list []holder
	for _, id := range []string{"1/1", "1/1", "2/1", "3/1", "4/1", "5/1"} {
		list = append(list, holder{transaction: id, pid: 7, user: "app", application: "x", claim: "ShareLock on t"})
	}
	if got := nameAll(list); strings.Count(got, "pid 7") != 3 || !strings.HasSuffix(got, "; and 2 more") {
		t.Errorf("got %q", got)
	}
	if nameAll(nil) != nobody || !strings.Contains(remedies(nil), "nobody has to be ended") {
		t.Errorf("nobody: %q, %q", nameAll(nil), remedies(nil))
	}
}
