package planner

import (
	"fmt"

	"github.com/lockstep-dev/lockstep/plans"
)

// position is what runs at a deployment's target, and how that is known.
type position struct {
	runs      plans.Digest // empty: nothing, or not known
	knowledge knowledge
}

// knowledge says where a position comes from.
type knowledge int

const (
	observed   knowledge = iota // the target was looked at
	remembered                  // it cannot be looked at; a run deployed it
	unknown                     // it cannot be looked at, and no run is known
	late                        // it is looked at when it is there
)

// position finds out what runs at a target. Commands of the author that have
// no check_command cannot be looked at; what the last run did there is then
// all there is to know. A check_command that names nothing has not said that
// nothing runs.
func (d *draft) position(b *block, isLate bool) position {
	switch {
	case isLate:
		return position{knowledge: late}
	case b.Driver != "exec":
		return position{runs: d.seen[b.Address].Deployment.Current}
	case d.seen[b.Address].Deployment.Current != "":
		return position{runs: d.seen[b.Address].Deployment.Current}
	}
	if last := d.in.Standing.Targets[deploymentTarget(b)]; last != "" && b.args.CheckCommand == nil {
		return position{runs: last, knowledge: remembered}
	}
	return position{knowledge: unknown}
}

func (p position) summary(wanted plans.Digest) string {
	switch {
	case p.knowledge == late:
		return "to " + wanted.Short() + "; what runs there is known after apply"
	case p.knowledge == unknown:
		return "unknown -> " + wanted.Short()
	case p.knowledge == remembered:
		return p.runs.Short() + " -> " + wanted.Short() + " (remembered, not observed)"
	case p.runs == "":
		return "first " + wanted.Short()
	}
	return p.runs.Short() + " -> " + wanted.Short()
}

// noteRemembered says that a target is left alone because of what a run did
// there, and not because somebody looked.
func (d *draft) noteRemembered(b *block, at position) {
	if at.knowledge != remembered {
		return
	}
	d.find(plans.Finding{
		Code: "remembered-target", Severity: plans.SeverityInfo, Address: b.Address,
		Summary: fmt.Sprintf("%s is taken to run %s (remembered, not observed)", b.Address, at.runs.Short()),
		Detail:  "The last run there deployed it; without a check_command nobody can look.",
		Fix:     "add check_command, which prints the digest of what runs",
	})
}
