package rollout

import (
	"cmp"
	"slices"

	"github.com/lockstep-dev/lockstep/plans"
)

// undoOrder returns the effect steps in the order in which they are taken
// back: contract steps first, then the application, then the schema newest
// first, then infrastructure, fetched artifacts last. A step is never taken
// back before the steps that need it.
func undoOrder(plan *plans.Plan) []plans.Step {
	var left []plans.Step
	for _, s := range slices.Backward(plan.Steps) {
		if s.Action.Effect() {
			left = append(left, s)
		}
	}
	slices.SortStableFunc(left, func(a, b plans.Step) int { return cmp.Compare(undoRank(a), undoRank(b)) })
	order := make([]plans.Step, 0, len(left))
	for len(left) > 0 {
		i := slices.IndexFunc(left, func(s plans.Step) bool { return !needed(s.Address, left) })
		if i < 0 {
			return append(order, left...) // a cycle; stuck has refused it before
		}
		order = append(order, left[i])
		left = slices.Delete(left, i, i+1)
	}
	return order
}

func undoRank(s plans.Step) int {
	if s.Phase == plans.Contract {
		return 0
	}
	switch s.Action {
	case plans.ActionMigrate:
		return 2
	case plans.ActionTerraform:
		return 3
	case plans.ActionFetch:
		return 4
	}
	return 1
}

func needed(address string, by []plans.Step) bool {
	return slices.ContainsFunc(by, func(s plans.Step) bool { return slices.Contains(s.Needs, address) })
}
