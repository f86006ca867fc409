package command

import (
	"fmt"
	"io"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/redact"
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
		sayObjects(out, u.Terraform)
	}
	_, err := fmt.Fprintln(out)
	return err
}

// sayObjects lists what taking a Terraform step back does, and how that is
// known: it is planned again before anything is done.
func sayObjects(out io.Writer, w *plans.TerraformWayBack) {
	if w == nil {
		return
	}
	fmt.Fprintf(out, "          %s: %s\n", w.Source, redact.Escape(w.Words()))
	for _, c := range w.Changes {
		line := fmt.Sprintf("%s %s", c.Kind(), c.Object())
		if c.Destroys() && c.Stateful != "" {
			line += ", lost with it: " + c.Stateful
		}
		fmt.Fprintf(out, "          - %s\n", redact.Escape(line))
	}
}
