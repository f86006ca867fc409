package memory

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/lockstep-dev/lockstep/plans"
)

// World holds the targets. It is safe for concurrent use; the zero value is
// an empty world.
type World struct {
	mu      sync.Mutex
	things  map[string]thing
	effects map[string]int
	calls   []Call
}

// thing is what a step makes: it has two halves, so that there is something
// between absent and done.
type thing struct {
	value string
	whole bool
}

// Call is one call of a verb, in the order in which they came.
type Call struct {
	Verb    Verb
	Address string
}

func (w *World) called(verb Verb, address string) (nth int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, Call{Verb: verb, Address: address})
	for _, c := range w.calls {
		if c.Verb == verb && c.Address == address {
			nth++
		}
	}
	return nth
}

// Calls returns all calls so far, oldest first.
func (w *World) Calls() []Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.calls)
}

// Effects returns how often the step at address was really carried out.
func (w *World) Effects(address string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.effects[address]
}

// Put makes the step at address done with a value, as if somebody else had
// done it.
func (w *World) Put(address, value string) { w.put(address, thing{value: value, whole: true}) }

// Remove makes the step at address absent.
func (w *World) Remove(address string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.things, address)
}

func (w *World) put(address string, it thing) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.things == nil {
		w.things, w.effects = map[string]thing{}, map[string]int{}
	}
	w.things[address] = it
	if it.whole {
		w.effects[address]++
	}
}

func (w *World) get(address string) (thing, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	it, ok := w.things[address]
	return it, ok
}

// Signature describes the state of the steps at the addresses, or of all.
func (w *World) Signature(addresses ...string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var lines []string
	for address, it := range w.things {
		if len(addresses) > 0 && !slices.Contains(addresses, address) {
			continue
		}
		lines = append(lines, fmt.Sprintf("%s = %q whole=%t", address, it.value, it.whole))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// state is what an observation says about the step at address.
func (w *World) state(address string) *plans.DeploymentState {
	it, ok := w.get(address)
	if !ok {
		return &plans.DeploymentState{}
	}
	return &plans.DeploymentState{Current: plans.DigestOf(fmt.Append(nil, it.value, it.whole))}
}
