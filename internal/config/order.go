package config

import "slices"

// sortByNeeds orders names so that each comes after those it needs, and by
// name where that leaves a choice. Needs that are not keys are left out. Names
// on a cycle come last; one cycle is returned in full, its first name again at
// the end.
func sortByNeeds(needs map[string][]string) (order, cycle []string) {
	waiting := map[string]int{}
	users := map[string][]string{}
	var ready []string // in order of name
	for name, list := range needs {
		for _, need := range slices.Compact(slices.Sorted(slices.Values(list))) {
			if _, exists := needs[need]; exists {
				waiting[name]++
				users[need] = append(users[need], name)
			}
		}
		if waiting[name] == 0 {
			ready = insert(ready, name)
		}
	}
	done := map[string]bool{}
	for len(ready) > 0 {
		name := ready[0]
		ready = ready[1:]
		done[name] = true
		order = append(order, name)
		for _, user := range users[name] {
			if waiting[user]--; waiting[user] == 0 {
				ready = insert(ready, user)
			}
		}
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

func insert(sorted []string, name string) []string {
	i, _ := slices.BinarySearch(sorted, name)
	return slices.Insert(sorted, i, name)
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
