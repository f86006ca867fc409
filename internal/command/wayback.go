package command

import (
	"fmt"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/plans"
)

// sayWayBack shows what a rollback will undo, in which order, and what stays.
func (a *app) sayWayBack(p *plans.Plan, run journal.Run, schema bool) error {
	if a.wantsJSON() || a.flags.quiet {
		return nil
	}
	out := a.host.Stderr
	fmt.Fprintf(out, "Way back of %s: %s in %s\n\n", run.ID, p.ChangeSet, p.Environment)
	for i := len(p.Steps) - 1; i >= 0; i-- {
		step := p.Steps[i]
		if !step.Action.Effect() || step.Action == plans.ActionFetch || !there(run.Steps[step.Address].Status) {
			continue
		}
		if step.Rollback.Kept && !schema {
			fmt.Fprintf(out, "  keep  %s  stays in place\n", step.Address)
			continue
		}
		fmt.Fprintf(out, "  undo  %s  %s (%s)\n", step.Address, step.Rollback.Reason, step.Rollback.Grade)
	}
	_, err := fmt.Fprintln(out)
	return err
}

func there(s journal.Status) bool { return s == journal.StepDone || s == journal.StepKept }
