package memory_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/memory"
	"github.com/lockstep-dev/lockstep/providers/providertest"
)

// bench is a world with a tap in it: Interrupt closes it, so that Apply waits
// between its halves.
type bench struct {
	world   memory.World
	counter atomic.Int64
	wrap    func(providers.Provider, *memory.World) providers.Provider
	faults  faultList
	grade   plans.Grade
}

func (b *bench) provider(*testing.T) providers.Provider {
	p := providers.Provider(memory.New(&b.world, b.faults.all()...))
	if b.wrap != nil {
		p = b.wrap(p, &b.world)
	}
	return p
}

func (b *bench) target(*testing.T) providertest.Fixture {
	address := fmt.Sprintf("deployment.memory.n%d", b.counter.Add(1))
	return providertest.Fixture{
		Step: plans.Step{
			Address: address, Action: plans.ActionDeploy, Phase: plans.Deploy, Provider: "memory",
			Rollback: plans.Rollback{Grade: b.grade},
		},
		Settings:     json.RawMessage(`{"value":"v2","outputs":{"url":"http://x"},"password":"canary-7f3a"}`),
		Observe:      providers.ObserveRequest{Environment: "dev", ChangeSet: "c", Address: address},
		Signature:    func(*testing.T) string { return b.world.Signature(address) },
		Secret:       "canary-7f3a",
		Irreversible: b.grade == plans.GradeNone,
		Interrupt:    b.interrupt,
		Crash:        b.crash,
		Break:        b.unplug,
	}
}

func (b *bench) interrupt(*testing.T) (underWay, release func()) {
	reached := make(chan struct{}, 1)
	b.faults.add(memory.Fault{Verb: memory.Apply, Kind: memory.Hang, Reached: reached})
	return func() { <-reached }, b.faults.clear
}

// faultList is what is ordered now.
type faultList struct {
	mu   sync.Mutex
	list []memory.Fault
}

func (l *faultList) add(f memory.Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, f)
}

func (l *faultList) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = nil
}

func (l *faultList) all() []memory.Fault {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.list)
}

func (b *bench) crash(t *testing.T, _ providers.Provider, req providers.Request) {
	half := memory.New(&b.world, memory.Fault{Verb: memory.Apply, Kind: memory.Halfway})
	if _, err := half.Apply(t.Context(), req); !errors.Is(err, memory.ErrOrdered) {
		t.Fatalf("Apply returns %v, expected the ordered fault", err)
	}
}

func (b *bench) run(t *testing.T) {
	providertest.Run(t, providertest.Case{New: b.provider, Target: b.target})
}

// unplug makes every verb fail until the subtest ends.
func (b *bench) unplug(t *testing.T) {
	for _, verb := range []memory.Verb{memory.Observe, memory.Apply, memory.Probe} {
		b.faults.add(memory.Fault{Verb: verb, Kind: memory.Fail})
	}
	t.Cleanup(b.faults.clear)
}

func TestConformance(t *testing.T) {
	t.Parallel()
	(&bench{grade: plans.GradeExact}).run(t)
}

func TestConformanceWithoutAWayBack(t *testing.T) {
	t.Parallel()
	(&bench{grade: plans.GradeNone}).run(t)
}

func TestFaults(t *testing.T) {
	t.Parallel()
	step := plans.Step{Address: "a"}
	for _, tc := range []struct {
		fault   memory.Fault
		verdict providers.Verdict
		err     error
	}{
		{memory.Fault{Verb: memory.Apply, Kind: memory.Fail}, providers.Absent, memory.ErrOrdered},
		{memory.Fault{Verb: memory.Apply, Kind: memory.Blocked}, providers.Absent, providers.ErrBlocked},
		{memory.Fault{Verb: memory.Apply, Kind: memory.Halfway}, providers.Partial, memory.ErrOrdered},
		{memory.Fault{Verb: memory.Apply, Kind: memory.Lost}, providers.Done, memory.ErrOrdered},
		{memory.Fault{Verb: memory.Apply, Kind: memory.Lie}, providers.Absent, nil},
		{memory.Fault{Verb: memory.Apply, Address: "b", Kind: memory.Fail}, providers.Done, nil},
		{memory.Fault{Verb: memory.Apply, Nth: 2, Kind: memory.Fail}, providers.Done, nil},
		{memory.Fault{Verb: memory.Probe, Kind: memory.Lie}, providers.Done, nil},
		{memory.Fault{Verb: memory.Probe, Kind: memory.Lost}, providers.Unknown, nil},
	} {
		t.Run(fmt.Sprintf("%s/%s/%s/%d", tc.fault.Verb, tc.fault.Kind, tc.fault.Address, tc.fault.Nth), func(t *testing.T) {
			t.Parallel()
			p := memory.New(new(memory.World), tc.fault)
			req := providers.Request{Step: step}
			if _, err := p.Apply(t.Context(), req); !errors.Is(err, tc.err) {
				t.Errorf("Apply returns %v, expected %v", err, tc.err)
			}
			report, err := p.Probe(t.Context(), req)
			if err != nil || report.Verdict != tc.verdict {
				t.Errorf("Probe says %q, %v, expected %q", report.Verdict, err, tc.verdict)
			}
		})
	}
}

func TestEffectsAreCounted(t *testing.T) {
	t.Parallel()
	var world memory.World
	p := memory.New(&world)
	req := providers.Request{Step: plans.Step{Address: "a"}}
	for range 3 {
		if _, err := p.Apply(context.Background(), req); err != nil {
			t.Fatal(err)
		}
	}
	if n := world.Effects("a"); n != 1 {
		t.Errorf("three Applies had %d effects, expected 1", n)
	}
	if n := len(world.Calls()); n != 3 {
		t.Errorf("there were %d calls, expected 3", n)
	}
}
