package config

import "slices"

// sortByNeeds orders names so that each comes after those it needs, and by
// name where that leaves a choice. Needs that are not keys are left out. Names
// on a cycle come last; one cycle is returned in full, its first name again at
// the end.
func sortByNeeds(needs map[string][]string) (order, cycle []string) {
	done := map[string]bool{}
	for len(order) < len(needs) {
		next := ""
		for _, name := range sortedKeys(needs) {
			if !done[name] && ready(name, needs, done) {
				next = name
				break
			}
		}
		if next == "" {
			break
		}
		done[next] = true
		order = append(order, next)
	}
	var rest []string
	for _, name := range sortedKeys(needs) {
		if !done[name] {
			rest = append(rest, name)
		}
	}
	if len(rest) > 0 {
		cycle = findCycle(rest[0], needs, done)
	}
	return append(order, rest...), cycle
}

func ready(name string, needs map[string][]string, done map[string]bool) bool {
	for _, need := range needs[name] {
		if _, exists := needs[need]; exists && !done[need] {
			return false
		}
	}
	return true
}

// findCycle walks from a name whose needs can never be done; such a walk ends
// in a cycle.
func findCycle(from string, needs map[string][]string, done map[string]bool) []string {
	var walk []string
	for name := from; ; {
		if i := slices.Index(walk, name); i >= 0 {
			return append(walk[i:], name)
		}
		walk = append(walk, name)
		for _, need := range slices.Sorted(slices.Values(needs[name])) {
			if _, exists := needs[need]; exists && !done[need] {
				name = need
				break
			}
		}
	}
}
