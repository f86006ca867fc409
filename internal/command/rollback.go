package command

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/internal/bundle"
	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/rollout"
)

type rollbackOptions struct {
	applyOptions
	schema         bool
	infrastructure bool
}

func newRollbackCommand(a *app) *cobra.Command {
	o := rollbackOptions{applyOptions: applyOptions{parallelism: 1, wait: -1}}
	c := &cobra.Command{
		Use:   "rollback RUN | rollback CHANGE_SET --env NAME",
		Short: "Undo a finished run: application first, schema and infrastructure only if asked",
		Long: `Shows the way back, asks, and takes it, journalled like a plan. What cannot be
undone is refused before anything changes. By default the expanded schema and
the infrastructure stay: the previous version works with them. Each has a flag of
its own; what Terraform would destroy is planned and shown first. Afterwards what
was taken back is not promoted until it was applied here again.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.rollback(c.Context(), args, o)
		},
	}
	f := c.Flags()
	o.sharedFlags(f)
	f.BoolVar(&o.schema, "with-schema", false, "run the down migrations as well")
	f.BoolVar(&o.infrastructure, "with-infrastructure", false, "undo Terraform's changes as well, also where that destroys what holds data")
	return c
}

func (a *app) rollback(ctx context.Context, args []string, o rollbackOptions) error {
	w, err := openWorkspace()
	if err != nil {
		return err
	}
	store, err := w.store()
	if err != nil {
		return failed(err)
	}
	runs, err := readRuns(store)
	if err != nil {
		return err
	}
	run, err := a.runToUndo(w, runs, args)
	if err != nil {
		return err
	}
	release, err := a.lease(w, run.Environment)
	if err != nil {
		return err
	}
	defer release()
	u := undoing{workspace: w, store: store, options: o}
	// Another process may have changed everything before the lease was ours.
	if u.runs, err = readRuns(store); err != nil {
		return err
	}
	if run, err = a.runToUndo(w, u.runs, args); err != nil {
		return err
	}
	u.run = stillThere(run, u.runs, "")
	if u.bundle, err = bundleOf(store, run); err != nil {
		return err
	}
	return a.undo(ctx, u)
}

// bundleOf opens the plan that a run keeps.
func bundleOf(store *journal.Store, run journal.Run) (*bundle.Bundle, error) {
	b, err := openBundle(filepath.Join(store.RunDir(run.ID), bundleName))
	if err != nil {
		return nil, err
	}
	if b.Digest != run.Plan {
		return nil, blocked(fmt.Sprintf("The plan kept with run %s is not the one that it began with; nothing was changed.", run.ID))
	}
	return b, nil
}

// undoing is one rollback in the making, under the environment's lease.
type undoing struct {
	workspace *workspace
	store     *journal.Store
	runs      []journal.Run // all, oldest first
	run       journal.Run   // the one to undo, without what was undone since
	bundle    *bundle.Bundle
	options   rollbackOptions
}

func (u undoing) howFar() rollout.RollbackOptions {
	return rollout.RollbackOptions{Schema: u.options.schema, Infrastructure: u.options.infrastructure, Named: u.options.infrastructure}
}

func (a *app) undo(ctx context.Context, u undoing) error {
	if err := u.possible(); err != nil {
		return err
	}
	open, err := a.openPlan(u.bundle)
	if err != nil {
		return err
	}
	if err := u.highestInDatabases(ctx, open); err != nil {
		return err
	}
	p := u.bundle.Plan
	if err := a.sayWayBack(p, u.run, u.howFar()); err != nil {
		return err
	}
	if err := a.ask(p, "Roll back", u.options.consent); err != nil {
		return err
	}
	order := u.howFar().Order()
	writer, err := u.store.Create(journal.Header{
		ChangeSet: p.ChangeSet, Environment: p.Environment, Plan: u.bundle.Digest, Content: p.Content,
		Kind: journal.Revert, Of: u.run.ID, Ordered: &order, Tool: tool(), Actor: actor(),
		Prepare: func(dir string) error { return u.bundle.Save(filepath.Join(dir, bundleName)) },
	})
	if err != nil {
		return failed(err)
	}
	s := session{open: open, store: u.store, writer: writer, undoes: u.run, options: u.options.applyOptions, asked: true}
	return a.drive(ctx, s, func(ctx context.Context, c rollout.Config) rollout.Outcome {
		return rollout.Rollback(ctx, c, u.howFar())
	})
}

// runToUndo finds the run by its id, or the one that made the environment have
// the change set.
func (a *app) runToUndo(w *workspace, runs []journal.Run, args []string) (journal.Run, error) {
	if len(args) == 1 {
		for _, run := range runs {
			if run.ID == args[0] {
				return run, nil
			}
		}
	}
	name, err := w.changeSetOf(runs, args)
	if err != nil {
		return journal.Run{}, err
	}
	environment, err := w.environment(a.flags.env)
	if err != nil {
		return journal.Run{}, err
	}
	standing, ok := journal.StandingsOf(runs).Of(environment.Name, name)
	if ok && !standing.Latest.State.Over() {
		return standing.Latest, nil // to be told what to do about it
	}
	if !ok {
		return journal.Run{}, unrecorded(name, environment.Name)
	}
	if !standing.Has {
		return journal.Run{}, blocked(fmt.Sprintf("%s does not have %s; there is nothing to roll back.", environment.Name, name),
			"See what is where: lockstep status")
	}
	for _, run := range runs {
		if run.ID == standing.Run {
			return run, nil
		}
	}
	return journal.Run{}, failed(errors.New("the run that applied it is not in the journal"))
}

// unrecorded: another journal, or one that was lost, may know more; the targets
// do.
func unrecorded(changeSet, environment string) error {
	return blocked(fmt.Sprintf("This journal knows no run of %s in %s. Nothing was changed.", changeSet, environment),
		"See what is where:            lockstep status",
		fmt.Sprintf("See what the targets have:    lockstep plan %s --env %s", changeSet, environment),
		"If another folder applied it, roll back there, or give this one its journal (journal \"file\" { path = ... })",
	)
}

// changeSetOf returns the name of the change set to undo. The project need not
// declare it any more: an older checkout takes back what a newer one brought.
func (w *workspace) changeSetOf(runs []journal.Run, args []string) (string, error) {
	if len(args) == 1 && slices.ContainsFunc(runs, func(r journal.Run) bool { return r.ChangeSet == args[0] }) {
		return args[0], nil
	}
	head, err := w.onlyChangeSet(args)
	return head.Name, err
}
