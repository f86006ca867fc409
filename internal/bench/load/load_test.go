package load

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func count(seen []Observation, fits func(Observation) bool) int {
	n := 0
	for _, o := range seen {
		if fits(o) {
			n++
		}
	}
	return n
}

// expected is how many users ask from a start to an end.
func expected(start time.Time, length time.Duration, rate float64, seed uint64) int {
	n := 0
	for a := newArrivals(start, rate, seed); !a.next().at.After(start.Add(length)); {
		n++
	}
	return n
}

func TestAStallIsFeltByEveryoneWhoAskedDuringIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const rate, clients, seed = 400.0, 8, 7
		start := time.Now()
		from, until := start.Add(2*time.Second), start.Add(10*time.Second)
		g := Start(t.Context(), Options{Rate: rate, Clients: clients, Seed: seed, Send: func(context.Context, int, uint64) error {
			if now := time.Now(); !now.Before(from) && now.Before(until) {
				time.Sleep(until.Sub(now))
			}
			time.Sleep(time.Millisecond)
			return nil
		}})
		time.Sleep(15 * time.Second)
		seen := g.Stop()

		slow := func(d time.Duration) bool { return d > 250*time.Millisecond }
		own := count(seen, func(o Observation) bool { return slow(o.Own()) })
		felt := count(seen, func(o Observation) bool { return slow(o.Felt()) })
		asked := expected(start, 9750*time.Millisecond, rate, seed) - expected(start, 2*time.Second, rate, seed)
		if own != clients {
			t.Errorf("%d queries took long themselves, want one of each of the %d clients", own, clients)
		}
		if felt < asked {
			t.Errorf("%d users waited long, but %d asked while nothing was answered", felt, asked)
		}
		if longest := slices.MaxFunc(seen, func(a, b Observation) int { return int(a.Felt() - b.Felt()) }).Felt(); longest < 7900*time.Millisecond || longest > 8100*time.Millisecond {
			t.Errorf("the longest wait was %s, want that of a user who came when the stall of 8 s began", longest)
		}
	})
}

func TestEveryUserBeforeTheEndIsAccountedForOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		rate := float64(rapid.IntRange(1, 500).Draw(rt, "rate"))
		clients := rapid.IntRange(1, 12).Draw(rt, "clients")
		seed := rapid.Uint64().Draw(rt, "seed")
		length := time.Duration(rapid.IntRange(0, 5000).Draw(rt, "milliseconds")) * time.Millisecond
		pause := time.Duration(rapid.IntRange(0, 40).Draw(rt, "pause")) * time.Millisecond
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			var under atomic.Int64
			g := Start(t.Context(), Options{Rate: rate, Clients: clients, Seed: seed, Send: func(context.Context, int, uint64) error {
				if n := under.Add(1); n > int64(clients) {
					t.Errorf("%d queries under way with %d clients", n, clients)
				}
				time.Sleep(pause)
				under.Add(-1)
				return nil
			}})
			time.Sleep(length)
			seen := g.Stop()
			if want := expected(start, length, rate, seed); len(seen) != want {
				t.Errorf("%d queries, %d users asked", len(seen), want)
			}
			a := newArrivals(start, rate, seed)
			for i, o := range seen {
				if want := a.next().at; !o.Intended.Equal(want) {
					t.Fatalf("query %d was intended for %s, want %s", i, o.Intended, want)
				}
				if o.Sent.Before(o.Intended) || o.Done.Before(o.Sent) || o.Felt() < o.Own() {
					t.Errorf("query %d: %+v", i, o)
				}
			}
		})
	})
}

func TestErrorsAreKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		lost := errors.New("lost")
		g := Start(t.Context(), Options{Rate: 100, Clients: 2, Seed: 1, Send: func(_ context.Context, _ int, choice uint64) error {
			if choice%2 == 0 {
				return lost
			}
			return nil
		}})
		time.Sleep(time.Second)
		seen := g.Stop()
		failed := count(seen, func(o Observation) bool { return errors.Is(o.Err, lost) })
		if failed == 0 || failed == len(seen) {
			t.Errorf("%d of %d failed, want about half", failed, len(seen))
		}
	})
}

func TestArrivalsKeepTheirRate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rate := float64(rapid.IntRange(1, 2000).Draw(t, "rate"))
		seed := rapid.Uint64().Draw(t, "seed")
		start := time.Unix(0, 0)
		a, again := newArrivals(start, rate, seed), newArrivals(start, rate, seed)
		const n = 10_000
		last := start
		for range n {
			next := a.next()
			if next.at.Before(last) || next != again.next() {
				t.Fatal("the list goes back, or is another one the second time")
			}
			last = next.at
		}
		// The sum of n exponential pauses strays by 1/sqrt(n), 1 % here; six of
		// that does not happen.
		if mean := n / last.Sub(start).Seconds(); mean < 0.94*rate || mean > 1.06*rate {
			t.Errorf("%.1f a second, want %.0f", mean, rate)
		}
	})
}
