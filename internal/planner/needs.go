package planner

import (
	"fmt"
	"slices"

	"github.com/lockstep-dev/lockstep/plans"
)

// needs turns references and depends_on between blocks into needs between
// steps. A block without a step, because nothing changes, hands on what it
// needs itself.
func (d *draft) needs() {
	reach := map[string][]string{}
	for _, n := range d.steps {
		b := d.blocks[n.step.Block]
		if b == nil || len(n.step.Needs) > 0 { // behind another file of its block
			continue
		}
		for _, address := range d.withSteps(b.Needs, reach) {
			if address != n.step.Block {
				d.need(n, address)
			}
		}
	}
}

// withSteps returns the blocks with steps that the addresses lead to.
func (d *draft) withSteps(addresses []string, reach map[string][]string) []string {
	var out []string
	for _, a := range addresses {
		if len(d.byBlock[a]) > 0 {
			out = append(out, a)
			continue
		}
		b := d.blocks[a]
		if b == nil { // of another change set
			continue
		}
		found, known := reach[a]
		if !known {
			reach[a] = nil // ends a circle of blocks without steps
			found = d.withSteps(b.Needs, reach)
			reach[a] = found
		}
		out = append(out, found...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// need makes a step need the last step of a block that comes no later.
func (d *draft) need(n *node, address string) {
	candidates := d.byBlock[address]
	for _, c := range slices.Backward(candidates) {
		if !n.step.Phase.Before(c.step.Phase) {
			n.step.Needs = append(n.step.Needs, c.step.Address)
			return
		}
	}
	later := candidates[0].step
	if later.Action == plans.ActionMigrate {
		return // the contract part of a migration comes after the deployment by its nature
	}
	d.refuse(d.blocks[n.step.Block].Range, mistake{
		"needs-a-later-phase",
		fmt.Sprintf("%s runs in %s and needs %s, which runs in %s", n.step.Address, n.step.Phase, later.Address, later.Phase),
		fmt.Sprintf("%s runs there because %s.", later.Address, candidates[0].because),
		fmt.Sprintf("Remove the reference, or move %s to a later change set.", later.Address),
	})
}
