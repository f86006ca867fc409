package command

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/internal/bundle"
	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/plans"
)

type rollbackOptions struct {
	applyOptions
	schema bool
}

func newRollbackCommand(a *app) *cobra.Command {
	o := rollbackOptions{applyOptions: applyOptions{parallelism: 1, wait: -1}}
	c := &cobra.Command{
		Use:   "rollback RUN | rollback CHANGE_SET --env NAME",
		Short: "Undo a finished run: application first, schema and infrastructure only if asked",
		Long: `Shows the way back, asks, and takes it, journalled like a plan. What cannot be
undone is refused before anything changes. By default the expanded schema and
the infrastructure stay: the previous version works with them.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.rollback(c.Context(), args, o)
		},
	}
	f := c.Flags()
	f.BoolVar(&o.autoApprove, "auto-approve", false, "do not ask (environments that are not protected)")
	f.StringVar(&o.confirm, "confirm", "", "the environment's `NAME`, instead of being asked for it")
	f.BoolVar(&o.schema, "with-schema", false, "run the down migrations and undo Terraform's changes as well")
	f.StringVar(&o.jsonInto, "json-into", "", "write the events as JSON lines to `FILE` as well")
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
	b, err := openBundle(filepath.Join(store.RunDir(run.ID), bundleName))
	if err != nil {
		return err
	}
	if b.Digest != run.Plan {
		return blocked(fmt.Sprintf("The plan kept with run %s is not the one that it began with; nothing was changed.", run.ID))
	}
	if err := undoable(b.Plan, run, runs, o.schema); err != nil {
		return err
	}
	return a.undo(ctx, undoing{workspace: w, store: store, run: run, options: o}, b)
}

// undoing is one rollback in the making.
type undoing struct {
	workspace *workspace
	store     *journal.Store
	run       journal.Run
	options   rollbackOptions
}

func (a *app) undo(ctx context.Context, u undoing, b *bundle.Bundle) error {
	open, err := a.openPlan(b)
	if err != nil {
		return err
	}
	p := b.Plan
	release, err := a.lease(u.workspace, p.Environment)
	if err != nil {
		return err
	}
	defer release()
	if err := a.sayWayBack(p, u.run, u.options.schema); err != nil {
		return err
	}
	if err := a.ask(p, "Roll back", u.options.consent); err != nil {
		return err
	}
	options := rollout.RollbackOptions{Schema: u.options.schema, Infrastructure: u.options.schema}
	order := options.Order()
	writer, err := u.store.Create(journal.Header{
		ChangeSet: p.ChangeSet, Environment: p.Environment, Plan: b.Digest, Content: p.Content,
		Kind: journal.Revert, Of: u.run.ID, Ordered: &order, Tool: tool(), Actor: actor(),
		Prepare: func(dir string) error { return b.Save(filepath.Join(dir, bundleName)) },
	})
	if err != nil {
		return failed(err)
	}
	s := session{open: open, store: u.store, writer: writer, undoes: u.run, options: u.options.applyOptions}
	return a.drive(ctx, s, func(ctx context.Context, c rollout.Config) rollout.Outcome {
		return rollout.Rollback(ctx, c, options)
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
	head, err := w.onlyChangeSet(args)
	if err != nil {
		return journal.Run{}, err
	}
	environment, err := w.environment(a.flags.env)
	if err != nil {
		return journal.Run{}, err
	}
	standing, ok := journal.StandingsOf(runs).Of(environment.Name, head.Name)
	if !ok || !standing.Has {
		return journal.Run{}, blocked(fmt.Sprintf("%s does not have %s; there is nothing to roll back.", environment.Name, head.Name),
			"See what is where: lockstep status")
	}
	for _, run := range runs {
		if run.ID == standing.Run {
			return run, nil
		}
	}
	return journal.Run{}, failed(errors.New("the run that applied it is not in the journal"))
}

// undoable refuses an impossible rollback before anything changes.
func undoable(p *plans.Plan, run journal.Run, runs []journal.Run, schema bool) error {
	switch {
	case run.Kind == journal.Revert:
		return blocked(fmt.Sprintf("Run %s is a rollback; a rollback is not rolled back. Nothing was changed.", run.ID),
			fmt.Sprintf("Apply the change set again: lockstep apply %s --env %s", run.ChangeSet, run.Environment))
	case !run.State.Over():
		return blocked(fmt.Sprintf("Run %s is not over (%s). Nothing was changed.", run.ID, run.State),
			"Take it back: lockstep abort "+run.ID)
	case run.State == journal.Refused:
		return blocked(fmt.Sprintf("Run %s left nothing to undo (%s). Nothing was changed.", run.ID, run.State))
	}
	if later := builtOn(p, run, runs); len(later) > 0 {
		return blocked(fmt.Sprintf("%s in %s was followed by %s, which builds on it. Nothing was changed.", run.ChangeSet, run.Environment, later[0].ChangeSet),
			fmt.Sprintf("Roll that back first: lockstep rollback %s --env %s", later[0].ChangeSet, run.Environment))
	}
	options := rollout.RollbackOptions{Schema: schema, Infrastructure: schema}
	if err := rollout.CheckRollback(p, run, options); err != nil {
		return &endError{code: exitBlocked, err: err}
	}
	return nil
}

// builtOn lists runs after this one, newest first, whose change sets move the
// same targets and still stand.
func builtOn(p *plans.Plan, run journal.Run, runs []journal.Run) []journal.Run {
	mine := map[string]bool{}
	for _, s := range p.Steps {
		if s.Action.Effect() && s.Action != plans.ActionFetch {
			mine[s.Target] = true
		}
	}
	var later []journal.Run
	standings := journal.StandingsOf(runs)
	for i := len(runs) - 1; i >= 0 && runs[i].ID != run.ID; i-- {
		other := runs[i]
		if other.Environment != run.Environment || other.ChangeSet == run.ChangeSet || other.Kind != journal.Apply {
			continue
		}
		if standing, ok := standings.Of(other.Environment, other.ChangeSet); !ok || standing.Run != other.ID {
			continue
		}
		for _, step := range other.Steps {
			if mine[step.Intent.Target] {
				later = append(later, other)
				break
			}
		}
	}
	return later
}
