package dag

import (
	"cmp"
	"container/heap"
	"fmt"
	"strings"
)

// CycleError names a cycle in full. Each key needs the next one; the last is
// the first again.
type CycleError[K cmp.Ordered] struct{ Path []K }

// Error implements error: "a needs b needs a".
func (e *CycleError[K]) Error() string {
	parts := make([]string, 0, len(e.Path))
	for _, k := range e.Path {
		parts = append(parts, fmt.Sprint(k))
	}
	return "cycle: " + strings.Join(parts, " needs ")
}

// Sort returns all nodes so that each comes after everything it needs. Where
// that leaves a choice, the node added first comes first. The error is a
// *CycleError. Time is linear in edges, and n log n in nodes.
func (g *Graph[K]) Sort() ([]K, error) {
	waits := make([]int, len(g.keys)) // by node: needs that are not out yet
	dependents := make([][]int, len(g.keys))
	for i, needs := range g.needs {
		waits[i] = len(needs)
		for _, n := range needs {
			dependents[n] = append(dependents[n], i)
		}
	}
	ready := &lowest{}
	for i, w := range waits {
		if w == 0 {
			*ready = append(*ready, i) // ascending, so a heap already
		}
	}
	out := make([]K, 0, len(g.keys))
	for ready.Len() > 0 {
		at := heap.Pop(ready).(int)
		out = append(out, g.keys[at])
		for _, d := range dependents[at] {
			if waits[d]--; waits[d] == 0 {
				heap.Push(ready, d)
			}
		}
	}
	if len(out) < len(g.keys) {
		return nil, &CycleError[K]{Path: g.keysOf(g.cycle(waits))}
	}
	return out, nil
}

// cycle walks from the first node that never became ready along needs that
// never became ready; such a walk must come back to a node it has passed.
func (g *Graph[K]) cycle(waits []int) []int {
	at := 0
	for waits[at] == 0 {
		at++
	}
	place := map[int]int{}
	var walk []int
	for {
		if first, ok := place[at]; ok {
			return append(walk[first:], at)
		}
		place[at] = len(walk)
		walk = append(walk, at)
		for _, n := range g.needs[at] {
			if waits[n] > 0 {
				at = n
				break
			}
		}
	}
}

// lowest is a heap of nodes; the one added first is on top.
type lowest []int

func (h lowest) Len() int           { return len(h) }
func (h lowest) Less(i, j int) bool { return h[i] < h[j] }
func (h lowest) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *lowest) Push(x any) { *h = append(*h, x.(int)) }

// Pop implements heap.Interface.
func (h *lowest) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
