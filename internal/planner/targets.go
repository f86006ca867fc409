package planner

import (
	"fmt"
)

// targets refuses two blocks that change the same thing: no order of them
// could be right.
func (d *draft) targets() {
	first := map[string]*block{}
	for _, b := range d.ordered {
		target := targetOf(b)
		if target == "" {
			continue
		}
		other := first[target]
		if other == nil {
			first[target] = b
			continue
		}
		d.refuse(b.Range, mistake{
			"one-target-twice", fmt.Sprintf("%s and %s change the same target", other.Address, b.Address),
			fmt.Sprintf("Both change %s, and each would undo the other.", target), "Remove one, or give it a target of its own.",
		})
	}
}

func targetOf(b *block) string {
	switch b.Kind {
	case "terraform":
		return terraformTarget(b)
	case "migration":
		return "database." + databaseOf(b)
	case "deployment":
		return deploymentTarget(b)
	}
	return ""
}
