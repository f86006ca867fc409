package rollout

import (
	"slices"

	"github.com/lockstep-dev/lockstep/plans"
)

// ready knows which steps of a phase may start. It is kept up as steps end,
// so that a phase of many steps costs no more for each of them.
type ready struct {
	steps []plans.Step
	// list are the steps that wait for nothing, by their place in the plan.
	list []int
	// missing counts what a step still waits for, by its place.
	missing map[int]int
	// behind are the steps that wait for an address.
	behind map[string][]int
}

func (w *walk) readyIn(phase plans.Phase) *ready {
	r := &ready{steps: w.plan.Steps, missing: map[int]int{}, behind: map[string][]int{}}
	for i, step := range w.plan.Steps {
		if step.Phase != phase || w.done(step.Address) {
			continue
		}
		for _, address := range step.Needs {
			if !w.done(address) {
				r.missing[i]++
				r.behind[address] = append(r.behind[address], i)
			}
		}
		if r.missing[i] == 0 {
			r.list = append(r.list, i)
		}
	}
	return r
}

// take returns the first step, in the plan's order, whose target is free.
func (r *ready) take(busy map[string]bool) (plans.Step, bool) {
	for n, i := range r.list {
		if step := r.steps[i]; step.Target == "" || !busy[step.Target] {
			r.list = slices.Delete(r.list, n, n+1)
			return step, true
		}
	}
	return plans.Step{}, false
}

// done lets those begin that waited for the step alone.
func (r *ready) done(address string) {
	for _, i := range r.behind[address] {
		if r.missing[i]--; r.missing[i] == 0 {
			at, _ := slices.BinarySearch(r.list, i)
			r.list = slices.Insert(r.list, at, i)
		}
	}
	delete(r.behind, address)
}
