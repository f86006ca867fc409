package planner

import (
	"slices"

	"github.com/lockstep-dev/lockstep/plans"
)

// settled says why nothing is to be done. Where every target is as wanted but
// the journal does not know, the checks and bakes stay in the plan, and a run
// of them (or of nothing, when there are none) is what makes the environment
// have the change set.
func (d *draft) settled() plans.Settled {
	if slices.ContainsFunc(d.steps, func(n *node) bool { return n.step.Action.Effect() }) {
		return ""
	}
	taken, ok := d.in.Standing.ChangeSets[d.set.Name]
	switch {
	case len(d.superseded) > 0:
		return plans.Superseded
	case ok && taken.Content == d.digest:
		return plans.AlreadyApplied
	}
	return ""
}

// isLater reports whether another change set comes after the planned one in
// this environment: it was taken later, or builds on it. A content that is
// here already and whose target another one moved was left behind, even when
// its own contract phase ran after that.
func (d *draft) isLater(other string) bool {
	ours, haveOurs := d.in.Standing.ChangeSets[d.set.Name]
	theirs, haveTheirs := d.in.Standing.ChangeSets[other]
	if haveOurs {
		return haveTheirs && (theirs.Order > ours.Order || ours.Content == d.digest)
	}
	return d.buildsOn(other, map[string]bool{})
}

// buildsOn reports whether a change set depends on the planned one, through
// others too, or migrates one of its databases further.
func (d *draft) buildsOn(other string, visited map[string]bool) bool {
	s, known := d.sibling(other)
	if !known || visited[other] {
		return false
	}
	visited[other] = true
	for database, version := range d.self.Versions {
		if theirs, ok := s.Versions[database]; ok && theirs > version {
			return true
		}
	}
	return slices.Contains(s.DependsOn, d.set.Name) ||
		slices.ContainsFunc(s.DependsOn, func(name string) bool { return d.buildsOn(name, visited) })
}
