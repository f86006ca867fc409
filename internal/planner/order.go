package planner

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/dag"
	"github.com/lockstep-dev/lockstep/plans"
)

// order sorts the steps: by phase, then by needs, then by a fixed rule that
// does not depend on how anything was handed over.
func (d *draft) order() {
	slices.SortFunc(d.steps, func(a, b *node) int {
		return cmp.Or(
			cmp.Compare(a.step.Phase.Index(), b.step.Phase.Index()),
			cmp.Compare(a.rank, b.rank),
			cmp.Compare(a.step.Block, b.step.Block),
			cmp.Compare(a.number, b.number),
			cmp.Compare(a.step.Address, b.step.Address),
		)
	})
	var sorted []*node
	for _, phase := range plans.Phases() {
		sorted = append(sorted, d.orderPhase(phase)...)
	}
	if d.diags.HasErrors() {
		return
	}
	d.steps = sorted
	place := make(map[string]int, len(sorted))
	for i, n := range sorted {
		place[n.step.Address] = i
	}
	for _, n := range sorted {
		slices.SortFunc(n.step.Needs, func(a, b string) int { return cmp.Compare(place[a], place[b]) })
		n.step.Needs = slices.Compact(n.step.Needs)
	}
}

func (d *draft) orderPhase(phase plans.Phase) []*node {
	var g dag.Graph[string]
	for _, n := range d.steps {
		if n.step.Phase == phase {
			g.Add(n.step.Address)
		}
	}
	for _, n := range d.steps {
		if n.step.Phase != phase {
			continue
		}
		for _, address := range n.step.Needs {
			if d.nodes[address].step.Phase == phase {
				g.Need(n.step.Address, address)
			}
		}
	}
	addresses, err := g.Sort()
	if err != nil {
		d.refuseCycle(err)
		return nil
	}
	out := make([]*node, 0, len(addresses))
	for _, a := range addresses {
		out = append(out, d.nodes[a])
	}
	return out
}

func (d *draft) refuseCycle(err error) {
	var cycle *dag.CycleError[string]
	if !errors.As(err, &cycle) {
		panic("planner: a graph refuses cycles only: " + err.Error())
	}
	at := d.set.Range
	if b := d.blocks[d.nodes[cycle.Path[0]].step.Block]; b != nil {
		at = b.Range
	}
	d.refuse(at, mistake{
		"cycle", "The steps need each other in a circle",
		strings.Join(cycle.Path, " needs ") + ".",
		"Remove one of these references or depends_on. A precondition comes before every other step of its phase, so it cannot use what the phase makes.",
	})
}
