package command

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/rollout"
)

func newResumeCommand(a *app) *cobra.Command {
	var o applyOptions
	c := &cobra.Command{
		Use:   "resume RUN",
		Short: "Go on with a run that waits, was paused, interrupted or killed",
		Long: `Reads the run's journal, looks at the targets to learn what really happened, and
goes on from there. An interrupted rollback goes on as a rollback.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return a.goOn(c.Context(), args, o, rollout.Resume)
		},
	}
	o.flags(c)
	return c
}

func newAbortCommand(a *app) *cobra.Command {
	o := applyOptions{parallelism: 4, wait: -1}
	return &cobra.Command{
		Use:   "abort RUN",
		Short: "Stop a run that is not over and undo what it did",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.abort(c.Context(), args, o)
		},
	}
}

// abort asks a living run to take itself back, or does it for a dead one.
func (a *app) abort(ctx context.Context, args []string, o applyOptions) error {
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
	if run.Kind == journal.Revert {
		return blocked(fmt.Sprintf("Run %s is a rollback; half of it is not taken back. Nothing was changed.", run.ID),
			"Go on with it: lockstep resume "+run.ID)
	}
	if store.Live(run.ID) {
		if err := store.Request(run.ID, journal.RequestAbort); err != nil {
			return failed(err)
		}
		_, err := fmt.Fprintf(a.host.Stdout, "Asked %s to stop at the next step boundary and to roll back. Watch it: lockstep log %s\n", run.ID, run.ID)
		return err
	}
	return a.goOn(ctx, []string{run.ID}, o, func(ctx context.Context, c rollout.Config) rollout.Outcome {
		keep := c.Plan.Policy.KeepSchema
		return rollout.Rollback(ctx, c, rollout.RollbackOptions{Schema: !keep, Infrastructure: !keep})
	})
}

// pickOpenRun returns the named run, or the only one that is not over.
func pickOpenRun(store *journal.Store, args []string) (journal.Run, error) {
	if len(args) == 1 {
		run, err := store.Replay(args[0])
		if err != nil {
			return journal.Run{}, failed(err)
		}
		if run.State.Over() {
			return journal.Run{}, failed(fmt.Errorf("run %s %s; there is nothing to go on with", run.ID, ended(run)),
				"Undo a finished run: lockstep rollback "+run.ID)
		}
		return run, nil
	}
	runs, err := readRuns(store)
	if err != nil {
		return journal.Run{}, err
	}
	var open []journal.Run
	var lines []string
	for _, run := range runs {
		if !run.State.Over() {
			open = append(open, run)
			lines = append(lines, fmt.Sprintf("%s  %s -> %s  %s", run.ID, run.ChangeSet, run.Environment, run.State))
		}
	}
	switch len(open) {
	case 0:
		return journal.Run{}, failed(fmt.Errorf("every run is over; there is nothing to go on with"), "See them: lockstep history")
	case 1:
		return open[0], nil
	default:
		return journal.Run{}, failed(fmt.Errorf("which run?"), lines...)
	}
}

// goOn opens an unfinished run from its own bundle and journal.
func (a *app) goOn(ctx context.Context, args []string, o applyOptions, do carrier) error {
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
	b, err := openBundle(filepath.Join(store.RunDir(run.ID), bundleName))
	if err != nil {
		return err
	}
	if b.Digest != run.Plan {
		return blocked(fmt.Sprintf("The plan kept with run %s is not the one that it began with; nothing was changed.", run.ID))
	}
	// A person may have mended the very program that failed, so this is said
	// and not refused.
	for _, changed := range changedPrograms(b) {
		fmt.Fprintln(a.host.Stderr, "Note:", changed)
	}
	open, err := a.openPlan(b)
	if err != nil {
		return err
	}
	release, err := a.lease(w, run.Environment)
	if err != nil {
		return err
	}
	defer release()
	writer, records, err := store.Open(run.ID)
	if err != nil {
		return failed(err)
	}
	replayed, err := journal.Replay(records)
	if err != nil {
		return failed(err)
	}
	s := session{open: open, store: store, writer: writer, replayed: replayed, options: o}
	if replayed.Kind == journal.Revert {
		if s.undoes, err = store.Replay(replayed.Of); err != nil {
			return failed(err)
		}
	}
	if note := writer.Notice(); note != "" {
		fmt.Fprintln(a.host.Stderr, "Note:", note)
	}
	return a.drive(ctx, s, do)
}
