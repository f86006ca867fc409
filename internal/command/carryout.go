package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/internal/bundle"
	"github.com/lockstep-dev/lockstep/internal/failpoint"
	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/lock"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/internal/version"
	"github.com/lockstep-dev/lockstep/internal/view"
	"github.com/lockstep-dev/lockstep/plans"
)

const bundleName = "plan"

// carryOut checks everything that could forbid the plan, asks, and runs it.
// Until the first step's intent is in the journal nothing has been changed.
func (a *app) carryOut(ctx context.Context, b *bundle.Bundle, o applyOptions) error {
	open, err := a.openPlan(b)
	if err != nil {
		return err
	}
	store, err := open.workspace.store()
	if err != nil {
		return failed(err)
	}
	settled, err := a.settled(b, store)
	if settled || err != nil {
		return err
	}
	release, err := a.lease(open.workspace, b.Plan.Environment)
	if err != nil {
		return a.notBegun(b, err)
	}
	defer release()
	go func() { _, _ = b.Encode() }() // it takes its time, and so do the targets that are asked
	if err := a.allowed(ctx, open, store, o); err != nil {
		return a.notBegun(b, err)
	}
	writer, err := store.Create(journal.Header{
		ChangeSet: b.Plan.ChangeSet, Environment: b.Plan.Environment,
		Plan: b.Digest, Content: b.Plan.Content,
		Kind: journal.Apply, Tool: tool(), Actor: actor(),
		Prepare: func(dir string) error { return b.Save(filepath.Join(dir, bundleName)) },
	})
	if err != nil {
		return failed(err)
	}
	return a.drive(ctx, session{open: open, store: store, writer: writer, options: o}, rollout.Run)
}

// allowed is every question that is asked before a run begins.
func (a *app) allowed(ctx context.Context, open *opened, store *journal.Store, o applyOptions) error {
	if err := a.permit(ctx, open, store); err != nil {
		return err
	}
	if err := a.sayPlanBeforeRun(open.bundle, o); err != nil {
		return err
	}
	return a.ask(open.bundle.Plan, "Apply", o.consent)
}

// notBegun tells scripts, too, why no run began.
func (a *app) notBegun(b *bundle.Bundle, cause error) error {
	if !a.wantsJSON() {
		return cause
	}
	var next []string
	if e, ok := errors.AsType[*endError](cause); ok {
		next = e.next
	}
	if err := a.events(b).NotBegun("blocked", cause.Error(), next); err != nil {
		return failed(err)
	}
	return cause
}

func (a *app) events(b *bundle.Bundle) *view.Events {
	return view.NewEvents(a.host.Stdout, view.Head{Plan: b.Plan, Digest: b.Digest, Actor: actor()}, time.Now())
}

// settled says that there is nothing to do, as long as the journal agrees with
// the plan; what it says otherwise is among the blocks.
func (a *app) settled(b *bundle.Bundle, store *journal.Store) (bool, error) {
	if b.Plan.Settled == "" {
		return false, nil
	}
	runs, err := readRuns(store)
	if err != nil {
		return false, err
	}
	standing, ok := journal.StandingsOf(runs).Of(b.Plan.Environment, b.Plan.ChangeSet)
	if b.Plan.Settled == plans.AlreadyApplied && (!ok || !standing.Has || standing.Content != b.Plan.Content) {
		return false, nil
	}
	if a.wantsJSON() {
		reason := fmt.Sprintf("nothing to do: %s", strings.ReplaceAll(string(b.Plan.Settled), "_", " "))
		return true, a.events(b).NotBegun("settled", reason, nil)
	}
	return true, a.showReview(view.Review{Plan: b.Plan, Digest: b.Digest}, "short")
}

// sayPlanBeforeRun shows a plan that nobody has seen yet.
func (a *app) sayPlanBeforeRun(b *bundle.Bundle, o applyOptions) error {
	if o.reviewed || a.wantsJSON() || a.flags.quiet {
		return nil
	}
	review := view.Review{Plan: b.Plan, Digest: b.Digest, Running: true}
	return view.Plan{Out: a.streams().Err}.Short(review)
}

// permit refuses a plan that may not run now: used before, blocked by another
// environment, or made for a world that has moved on.
func (a *app) permit(ctx context.Context, open *opened, store *journal.Store) error {
	b := open.bundle
	if err := policyHolds(b.Plan); err != nil {
		return err
	}
	if err := a.canOpen(open.workspace); err != nil {
		return err
	}
	runs, err := readRuns(store)
	if err != nil {
		return err
	}
	if blocks := blocksOf(b.Plan, runs, time.Now()); len(blocks) > 0 {
		return blockedBy(blocks)
	}
	for _, run := range runs {
		if run.Plan == b.Digest && run.Kind == journal.Apply {
			return blocked(fmt.Sprintf("Plan %s was used by run %s; a plan is used once. Nothing was changed.", b.Digest.Short(), run.ID),
				"See what it did: lockstep log "+run.ID,
				fmt.Sprintf("Plan again: lockstep plan %s --env %s", b.Plan.ChangeSet, b.Plan.Environment))
		}
	}
	differences, err := open.stale(ctx)
	if err != nil {
		return err
	}
	if len(differences) > 0 {
		return blocked("The plan is stale: what it saw is not there any more. Nothing was changed.",
			append(differences, fmt.Sprintf("Plan again: lockstep plan %s --env %s", b.Plan.ChangeSet, b.Plan.Environment))...)
	}
	return nil
}

func blockedBy(blocks []plans.Block) error {
	var lines []string
	for _, b := range blocks {
		line := b.Summary + " (" + b.Who + ")"
		if b.Next != "" {
			line += ": " + b.Next
		}
		lines = append(lines, line)
	}
	return blocked("Blocked; nothing was changed.", lines...)
}

// lease takes the environment for this command; the caller gives it back.
func (a *app) lease(w *workspace, environment string) (release func(), err error) {
	failpoint.Here("lease: before it is taken")
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	owner := lock.Owner{Actor: actor(), Host: host, PID: os.Getpid()}
	lease, err := lock.Acquire(w.settings.JournalPath, environment, owner)
	if held, ok := errors.AsType[*lock.HeldError](err); ok {
		return nil, &endError{code: exitTryAgain, err: held, next: []string{
			"Nothing was changed. Wait for it to end and try again, or ask " + held.Owner.Actor + ".",
			"See what runs:  lockstep status",
		}}
	}
	if err != nil {
		return nil, failed(err)
	}
	failpoint.Here("lease: after it was taken")
	// The lock ends with the process in any case; what may stay is a name.
	return func() { _ = lease.Release() }, nil
}

func tool() string { return "lockstep " + version.Number }
