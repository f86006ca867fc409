package planner

import "github.com/lockstep-dev/lockstep/plans"

// barriers bounds each phase by its checks: preconditions before everything,
// postconditions after all effects, the bake last. Only the first and the last
// steps of a phase get such needs; the rest follows from theirs.
func (d *draft) barriers() {
	byPhase := map[plans.Phase][]*node{}
	for _, n := range d.steps {
		byPhase[n.step.Phase] = append(byPhase[n.step.Phase], n)
	}
	for _, nodes := range byPhase {
		d.bound(nodes)
	}
}

func (d *draft) bound(nodes []*node) {
	byGate := map[gate][]*node{}
	for _, n := range nodes {
		byGate[n.gate] = append(byGate[n.gate], n)
	}
	first, last := d.ends(byGate[gateNone])
	before := addressesOf(byGate[gateBefore])
	done := before // what the phase has done so far
	if len(first) > 0 {
		wait(first, before)
		done = addressesOf(last)
	}
	if after := byGate[gateAfter]; len(after) > 0 {
		wait(after, done)
		done = addressesOf(after)
	}
	wait(byGate[gateLast], done)
}

func wait(nodes []*node, needs []string) {
	for _, n := range nodes {
		n.step.Needs = append(n.step.Needs, needs...)
	}
}

// ends returns the nodes that need none of the others, and those that none of
// the others needs.
func (d *draft) ends(nodes []*node) (first, last []*node) {
	among := make(map[string]bool, len(nodes))
	for _, n := range nodes {
		among[n.step.Address] = true
	}
	needed := map[string]bool{}
	for _, n := range nodes {
		free := true
		for _, address := range n.step.Needs {
			if among[address] {
				needed[address] = true
				free = false
			}
		}
		if free {
			first = append(first, n)
		}
	}
	for _, n := range nodes {
		if !needed[n.step.Address] {
			last = append(last, n)
		}
	}
	return first, last
}

func addressesOf(nodes []*node) []string {
	out := make([]string, 0, len(nodes))
	for _, n := range nodes {
		out = append(out, n.step.Address)
	}
	return out
}
