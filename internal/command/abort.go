package command

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/plans"
)

type abortOptions struct {
	applyOptions
	schema         bool
	infrastructure bool
	leave          bool
}

func newAbortCommand(a *app) *cobra.Command {
	o := abortOptions{applyOptions: applyOptions{parallelism: 4, wait: -1}}
	c := &cobra.Command{
		Use:   "abort RUN",
		Short: "Stop a run that is not over and undo what it did",
		Long: `Undoes the run in its own journal. How far it goes back is the change set's own
word; behind the point of no return it needs --with-schema or --with-infrastructure.
What Terraform made and holds data is destroyed with --with-infrastructure alone;
without it the way back stops there. What has no way back is ended with --leave:
nothing is undone, and the next change set goes forward from there.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if (o.schema || o.infrastructure) && o.leave {
				return usageError("%s takes back and --leave does not; give one of them", o.flags())
			}
			if err := o.check(); err != nil {
				return err
			}
			return a.abort(c.Context(), args, o)
		},
	}
	f := c.Flags()
	o.sharedFlags(f)
	f.BoolVar(&o.schema, "with-schema", false, "run the down migrations as well")
	f.BoolVar(&o.infrastructure, "with-infrastructure", false, "undo Terraform's changes as well, also where that destroys what holds data")
	f.BoolVar(&o.leave, "leave", false, "end the run with everything as it is")
	return c
}

// abort asks a living run to take itself back, or does it for a dead one.
func (a *app) abort(ctx context.Context, args []string, o abortOptions) error {
	w, err := openWorkspace()
	if err != nil {
		return err
	}
	store, err := w.store()
	if err != nil {
		return failed(err)
	}
	run, err := pickOpenRun(store, args)
	if err != nil {
		return err
	}
	if run.Kind == journal.Revert && !o.leave {
		return blocked(fmt.Sprintf("Run %s is a rollback; half of it is not taken back. Nothing was changed.", run.ID),
			"Go on with it: lockstep resume "+run.ID,
			"Or end it:     lockstep abort "+run.ID+" --leave")
	}
	if store.Live(run.ID) {
		return a.askToAbort(store, run, o)
	}
	return a.goOn(ctx, []string{run.ID}, goingOn{
		options: o.applyOptions, back: true,
		agree: func(run journal.Run, p *plans.Plan, c consent) error {
			if err := a.sayAbort(run, p, o); err != nil {
				return err
			}
			return a.ask(p, "Abort", c)
		},
		do: func(ctx context.Context, c rollout.Config) rollout.Outcome {
			options, err := o.howFar(c.Replayed, c.Plan)
			if err != nil {
				return rollout.Outcome{State: journal.Refused, Reason: err.Error(), Err: err}
			}
			return rollout.Rollback(ctx, c, options)
		},
	})
}

// askToAbort leaves a request for the process that works on the run.
func (a *app) askToAbort(store *journal.Store, run journal.Run, o abortOptions) error {
	if o.schema || o.infrastructure || o.leave {
		return blocked(fmt.Sprintf("Run %s is being worked on; only an abort as the change set says can be asked of it. Nothing was changed.", run.ID),
			"Pause it first: lockstep pause "+run.ID)
	}
	b, err := bundleOf(store, run)
	if err != nil {
		return err
	}
	if err := a.ask(b.Plan, "Abort", o.consent); err != nil {
		return err
	}
	if err := store.Request(run.ID, journal.RequestAbort); err != nil {
		return failed(err)
	}
	_, err = fmt.Fprintf(a.host.Stdout, "Asked %s to stop at the next step boundary and to roll back. Watch it: lockstep log %s\n", run.ID, run.ID)
	return err
}

// howFar is what the flags say, and without one what the run's policy and its
// steps allow.
func (o abortOptions) howFar(run journal.Run, p *plans.Plan) (rollout.RollbackOptions, error) {
	switch {
	case o.leave:
		return rollout.RollbackOptions{Leave: true}, nil
	case o.schema || o.infrastructure:
		return o.asked(), nil
	case run.Undoing():
		return rollout.RollbackOptions{}, nil // as it began
	}
	return rollout.Automatic(p, run)
}

// asked are the options that the flags stand for.
func (o abortOptions) asked() rollout.RollbackOptions {
	return rollout.RollbackOptions{Schema: o.schema, Infrastructure: o.infrastructure, Named: o.infrastructure}
}

func (o abortOptions) flags() string { return o.asked().Flags() }

// sayAbort shows the way back, or refuses where there is none.
func (a *app) sayAbort(run journal.Run, p *plans.Plan, o abortOptions) error {
	if run.Kind == journal.Revert {
		return nil
	}
	options, err := o.howFar(run, p)
	if err == nil {
		err = rollout.CheckRollback(p, run, options)
	}
	if err != nil {
		return &endError{code: exitBlocked, err: err, next: []string{
			"Go on with it: lockstep resume " + run.ID,
			"Or end it:     " + rollout.AbortCommand(p, run),
		}}
	}
	return a.sayWayBack(p, run, options)
}
