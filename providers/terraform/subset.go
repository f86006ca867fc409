package terraform

import (
	"slices"

	"github.com/lockstep-dev/lockstep/internal/tfchange"
)

// within reports what of the fresh changes the approved ones do not cover.
func within(approved, fresh []planned, s *secrets) string {
	return tfchange.Within(approved, fresh, &s.mask)
}

// equal reports what of two sets of changes differs; empty if nothing does.
func equal(approved, fresh []planned, s *secrets) string {
	return tfchange.Equal(approved, fresh, &s.mask)
}

// agree reports whether two changes plan the same values, as far as they are
// known and not sensitive.
func agree(a, f planned, s *secrets) bool { return tfchange.Agree(a, f, &s.mask) }

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

// at is a list's element, nil past its end.
func at(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return nil
}
