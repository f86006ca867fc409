package command

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/internal/bundle"
	"github.com/lockstep-dev/lockstep/internal/view"
)

func newShowCommand(a *app) *cobra.Command {
	form := "short"
	c := &cobra.Command{
		Use:         "show PLAN|RUN",
		Short:       "Show a saved plan, or the plan of a run",
		Args:        cobra.ExactArgs(1),
		Annotations: map[string]string{formatsNote: planFormats},
		RunE: func(_ *cobra.Command, args []string) error {
			return a.show(args[0], form)
		},
	}
	c.Flags().StringVar(&form, "view", form, "short, full, dba or release")
	return c
}

func (a *app) show(name, form string) error {
	if err := (planOptions{view: form, failOn: "none"}).check(); err != nil {
		return err
	}
	b, err := planOf(name)
	if err != nil {
		return err
	}
	review := view.Review{Plan: b.Plan, Digest: b.Digest, SealedFor: b.SealedFor()}
	if isFile(name) {
		review.Saved = name
	}
	if w, err := openWorkspace(); err == nil {
		runs, err := w.runs()
		if err != nil {
			return err
		}
		review.Blocked = blocksOf(b.Plan, runs, time.Now())
	}
	return a.showReview(review, form)
}

// planOf opens a plan file, or the plan that a run keeps.
func planOf(name string) (*bundle.Bundle, error) {
	if isFile(name) {
		return openBundle(name)
	}
	w, err := openWorkspace()
	if err != nil {
		return nil, err
	}
	store, err := w.store()
	if err != nil {
		return nil, failed(err)
	}
	if _, err := store.Read(name); err != nil {
		return nil, failed(fmt.Errorf("%s is neither a plan file nor a run: %w", name, err))
	}
	return openBundle(filepath.Join(store.RunDir(name), bundleName))
}

// planFor returns the plan of a file, a run, or a change set planned now.
func (a *app) planFor(ctx context.Context, args []string) (*bundle.Bundle, error) {
	if len(args) == 1 && isFile(args[0]) {
		return openBundle(args[0])
	}
	w, err := openWorkspace()
	if err != nil {
		return nil, err
	}
	if len(args) == 1 {
		if store, err := w.store(); err == nil {
			if _, err := store.Read(args[0]); err == nil {
				return planOf(args[0])
			}
		}
	}
	head, err := w.onlyChangeSet(args)
	if err != nil {
		return nil, err
	}
	return a.computePlan(ctx, w, head.Name, a.flags.env)
}
