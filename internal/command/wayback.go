package command

import (
	"fmt"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/plans"
)

// sayWayBack shows what a rollback will undo, in which order, and what stays:
// the very steps that the rollback takes.
func (a *app) sayWayBack(p *plans.Plan, run journal.Run, options rollout.RollbackOptions) error {
	if a.wantsJSON() || a.flags.quiet {
		return nil
	}
	out := a.host.Stderr
	fmt.Fprintf(out, "Way back of %s: %s in %s\n\n", run.ID, p.ChangeSet, p.Environment)
	for _, u := range rollout.WayBack(p, run, options) {
		if u.Keep && u.Step.Action == plans.ActionFetch {
			continue
		}
		if u.Keep {
			fmt.Fprintf(out, "  keep  %s  %s\n", u.Step.Address, u.Reason)
			continue
		}
		fmt.Fprintf(out, "  undo  %s  %s (%s)\n", u.Step.Address, u.Reason, u.Step.Rollback.Grade)
	}
	_, err := fmt.Fprintln(out)
	return err
}
