package terraform

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/tfchange"
	"github.com/lockstep-dev/lockstep/plans"
)

// planned is one change together with what is needed to compare it.
type planned = tfchange.Change

// outside names the first change whose actions are not allowed; empty if all
// are. An empty list allows everything.
func outside(allowed []string, changes []plans.ResourceChange) string {
	if len(allowed) == 0 {
		return ""
	}
	for _, c := range changes {
		for _, a := range c.Actions {
			if a != "no-op" && !slices.Contains(allowed, a) {
				return fmt.Sprintf("%s would %s, and allowed are only: %s", c.Object(), strings.Join(c.Actions, " and "), strings.Join(allowed, ", "))
			}
		}
	}
	return ""
}

// unfinished spells the replacement of an object that this very step began to
// create, and that an interrupt left tainted, as the create that it completes.
// Objects from before the step are left alone: their loss is nobody's plan.
func unfinished(changes []planned, was, now *stateFile) []planned {
	if was == nil {
		return changes
	}
	before, after := was.managed(), now.managed()
	out := slices.Clone(changes)
	for i, c := range out {
		_, existed := before[c.Address]
		if !existed && after[c.Address].Status == "tainted" && slices.Equal(c.Actions, []string{"delete", "create"}) {
			out[i].Actions = []string{"create"}
		}
	}
	return out
}
