package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/plans"
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
			return a.goOn(c.Context(), args, goingOn{options: o, do: rollout.Resume, agree: a.agreeToResume})
		},
	}
	o.flags(c)
	return c
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

// agreeToResume asks where the environment is protected: elsewhere the run was
// agreed to when it began.
func (a *app) agreeToResume(run journal.Run, p *plans.Plan, c consent) error {
	if p.Protected || (c.confirm != "" && c.confirm != p.Environment) {
		return a.ask(p, "Resume", c)
	}
	return nil
}

// goingOn is how an unfinished run goes on.
type goingOn struct {
	options applyOptions
	do      carrier
	// agree makes sure that somebody wants it, under the lease.
	agree func(journal.Run, *plans.Plan, consent) error
	back  bool // it goes on backwards, as this command asks for
	// decides: the run stands still afterwards, as this command asks for.
	decides bool
}

// goOn opens an unfinished run from its own bundle and journal.
func (a *app) goOn(ctx context.Context, args []string, g goingOn) error {
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
	b, err := bundleOf(store, run)
	if err != nil {
		return err
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
	if err := g.agree(run, b.Plan, g.options.consent); err != nil {
		return err
	}
	s := session{open: open, store: store, options: g.options, asked: g.back, decides: g.decides}
	if err := s.reopen(run.ID); err != nil {
		return failed(err)
	}
	if note := s.writer.Notice(); note != "" {
		fmt.Fprintln(a.host.Stderr, "Note:", note)
	}
	return a.drive(ctx, s, g.do)
}

// reopen reads the run, and the one that it undoes, as they are under the
// lease; drive closes the writer.
func (s *session) reopen(id string) error {
	writer, records, err := s.store.Open(id)
	if err != nil {
		return err
	}
	if s.replayed, err = journal.Replay(records); err == nil && s.replayed.Kind == journal.Revert {
		s.undoes, err = s.undone()
	}
	if err != nil {
		return errors.Join(err, writer.Close())
	}
	s.writer = writer
	return nil
}

// undone is the run that this rollback undoes, without what rollbacks before
// this one took back.
func (s *session) undone() (journal.Run, error) {
	runs, err := s.store.ReadAll()
	if err != nil {
		return journal.Run{}, err
	}
	past, err := s.store.Replay(s.replayed.Of)
	if err != nil {
		return journal.Run{}, err
	}
	return stillThere(past, runs, s.replayed.ID), nil
}
