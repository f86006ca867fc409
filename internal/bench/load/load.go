// Package load sends queries the way an application's users do: at moments
// that were fixed beforehand, whether or not the queries before have been
// answered (an open loop). A stall makes a queue, and everyone in the queue is
// late: a generator that waits for an answer before it decides to ask again
// would leave exactly those out ("coordinated omission").
package load

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Options say what is sent.
type Options struct {
	// Rate is the mean number of queries a second. The pauses between them are
	// those of independent users (exponential).
	Rate float64
	// Clients is how many queries can be under way at the same time.
	Clients int
	// Seed fixes the moments and the choices: equal seeds, equal load.
	Seed uint64
	// Send sends one query over a client's connection and waits for the answer.
	// Choice is a random number for what to send.
	Send func(ctx context.Context, client int, choice uint64) error
}

// Observation is what became of one query.
type Observation struct {
	// Intended is when a user asked, Sent when a client was free to send it,
	// Done when the answer was there.
	Intended, Sent, Done time.Time
	Err                  error
}

// Own is the query's own time, without the queue before it.
func (o Observation) Own() time.Duration { return o.Done.Sub(o.Sent) }

// Felt is what the user waited: from the intended start, the queue included.
func (o Observation) Felt() time.Duration { return o.Done.Sub(o.Intended) }

// Generator is a load that is under way.
type Generator struct {
	options  Options
	arrivals *arrivals
	stopped  chan struct{}
	clients  sync.WaitGroup

	mutex sync.Mutex
	end   time.Time // zero until it was stopped
	seen  []Observation
}

// Start begins to send. The context ends what is under way; the caller stops
// the generator in any case.
func Start(ctx context.Context, o Options) *Generator {
	g := &Generator{options: o, arrivals: newArrivals(time.Now(), o.Rate, o.Seed), stopped: make(chan struct{})}
	for client := range o.Clients {
		g.clients.Go(func() { g.work(ctx, client) })
	}
	return g
}

// Stop takes no more queries, waits for all that were intended until now, and
// returns every one of them in the order of intention.
func (g *Generator) Stop() []Observation {
	g.mutex.Lock()
	g.end = time.Now()
	g.mutex.Unlock()
	close(g.stopped)
	g.clients.Wait()
	slices.SortFunc(g.seen, func(a, b Observation) int { return a.Intended.Compare(b.Intended) })
	return g.seen
}

func (g *Generator) work(ctx context.Context, client int) {
	for {
		next := g.take()
		if !g.await(next.at) {
			return
		}
		o := Observation{Intended: next.at, Sent: time.Now()}
		o.Err = g.options.Send(ctx, client, next.choice)
		o.Done = time.Now()
		g.mutex.Lock()
		g.seen = append(g.seen, o)
		g.mutex.Unlock()
	}
}

func (g *Generator) take() arrival {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	return g.arrivals.next()
}

// await waits for the moment, and reports whether it lies before the end.
func (g *Generator) await(at time.Time) bool {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-g.stopped:
	}
	g.mutex.Lock()
	defer g.mutex.Unlock()
	return g.end.IsZero() || !at.After(g.end)
}

// arrival is a user who asks.
type arrival struct {
	at     time.Time
	choice uint64
}

// arrivals is the endless list of users, in order. It depends on the start,
// the rate and the seed alone, never on answers.
type arrivals struct {
	last   time.Time
	rate   float64
	random *rand.Rand
}

func newArrivals(start time.Time, rate float64, seed uint64) *arrivals {
	return &arrivals{start, rate, rand.New(rand.NewPCG(seed, 0))}
}

func (a *arrivals) next() arrival {
	a.last = a.last.Add(time.Duration(a.random.ExpFloat64() / a.rate * float64(time.Second)))
	return arrival{a.last, a.random.Uint64()}
}
