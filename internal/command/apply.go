package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lockstep-dev/lockstep/internal/bundle"
	"github.com/lockstep-dev/lockstep/plans"
)

// applyOptions are the flags of the verbs that carry out a plan.
type applyOptions struct {
	consent
	until       string
	wait        time.Duration
	lockTimeout time.Duration
	parallelism int
	onFailure   string
	jsonInto    string
}

// sharedFlags are those of every verb that changes a target.
func (o *applyOptions) sharedFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.autoApprove, "auto-approve", false, "do not ask (environments that are not protected)")
	f.StringVar(&o.confirm, "confirm", "", "the environment's `NAME`, instead of being asked for it")
	f.StringVar(&o.jsonInto, "json-into", "", "write the events as JSON lines to `FILE` as well")
}

func (o *applyOptions) flags(c *cobra.Command) {
	f := c.Flags()
	o.sharedFlags(f)
	f.StringVar(&o.until, "until", "", "stop after `PHASE`: expand, deploy, verify, release or contract")
	f.DurationVar(&o.wait, "wait", -1, "how long to wait for bakes before ending with 75 (default: to the end)")
	f.DurationVar(&o.lockTimeout, "lock-timeout", 0, "how long to wait for other migrations of a database before ending with 75 (default: the step's timeout)")
	f.IntVar(&o.parallelism, "parallelism", 4, "how many steps run side by side")
	f.StringVar(&o.onFailure, "on-failure", "", "auto or pause; the change set's own word by default")
}

func (o *applyOptions) check() error {
	if o.until != "" && plans.Phase(o.until).Index() < 0 {
		return usageError("--until %q is no phase: expected expand, deploy, verify, release or contract", o.until)
	}
	if o.onFailure != "" && o.onFailure != "auto" && o.onFailure != "pause" {
		return usageError("--on-failure %q is not known: expected auto or pause", o.onFailure)
	}
	if o.lockTimeout < 0 {
		return usageError("--lock-timeout %s: expected a duration above zero, such as 30s", o.lockTimeout)
	}
	if o.parallelism < 1 {
		return usageError("--parallelism %d: expected 1 or more", o.parallelism)
	}
	return o.checkEventFile()
}

// checkEventFile tries to create the file before anything begins.
func (o *applyOptions) checkEventFile() error {
	if o.jsonInto == "" {
		return nil
	}
	file, err := os.OpenFile(o.jsonInto, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return failed(fmt.Errorf("--json-into: %w", err))
	}
	return file.Close()
}

func newApplyCommand(a *app) *cobra.Command {
	var o applyOptions
	c := &cobra.Command{
		Use:   "apply PLAN | apply CHANGE_SET --env NAME",
		Short: "Carry out a saved plan, or plan a change set and carry that out",
		Example: `  lockstep plan order_status --env production --out order_status.plan
  lockstep apply order_status.plan --confirm production
  lockstep apply order_status --env dev --auto-approve`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return a.apply(c.Context(), args, o)
		},
	}
	o.flags(c)
	a.rehearseFlag(c.Flags())
	return c
}

func (a *app) apply(ctx context.Context, args []string, o applyOptions) error {
	if len(args) == 1 && isFile(args[0]) {
		b, err := openBundle(args[0])
		if err != nil {
			return err
		}
		if a.flags.env != "" && a.flags.env != b.Plan.Environment {
			return blocked("The plan is for " + b.Plan.Environment + ", --env says " + a.flags.env + "; nothing was changed.")
		}
		o.reviewed = true
		return a.carryOut(ctx, b, o)
	}
	w, err := openWorkspace()
	if err != nil {
		return err
	}
	head, err := w.onlyChangeSet(args)
	if err != nil {
		return err
	}
	a.planned = w
	b, err := a.computePlan(ctx, w, head.Name, a.flags.env)
	if err != nil {
		return err
	}
	return a.carryOut(ctx, b, o)
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// openBundle opens a plan file; one that cannot be trusted is exit 3.
func openBundle(name string) (*bundle.Bundle, error) {
	b, err := bundle.Open(name)
	switch {
	case errors.Is(err, bundle.ErrRefused):
		return nil, &endError{code: exitBlocked, err: err, next: []string{
			"Nothing was changed. Whoever made the plan makes it again: lockstep plan CHANGE_SET --env NAME --out " + name,
		}}
	case errors.Is(err, fs.ErrPermission):
		return nil, &endError{code: exitBlocked, err: err}
	case err != nil:
		return nil, failed(err)
	}
	return b, nil
}
