package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// session is one process's work on one run.
type session struct {
	open     *opened
	store    *journal.Store
	writer   *journal.Writer
	replayed journal.Run // the run so far, for resume
	undoes   journal.Run // the run that a rollback undoes
	options  applyOptions
	asked    bool // the command itself asks for a rollback
	decides  bool // the command itself leaves the run for another to go on with
}

// carrier is rollout.Run, Resume, Abort or Rollback.
type carrier func(context.Context, rollout.Config) rollout.Outcome

// drive carries the run on until it ends or stops, shows it, and turns its
// outcome into an exit code.
func (a *app) drive(ctx context.Context, s session, do carrier) (err error) {
	defer s.writer.Close()
	ctx, interrupts := watchInterrupts(ctx, a.host.Stderr)
	defer interrupts.end()
	progress, err := a.progress(s)
	if err != nil {
		return err
	}
	if s.replayed.ID != "" || s.undoes.ID != "" {
		if err := s.open.recallSecrets(ctx); err != nil {
			fmt.Fprintln(a.host.Stderr, "Note: sensitive outputs are not known:", a.mask.Error(err))
		}
	}
	outcome := do(ctx, a.rolloutConfig(s, interrupts, progress))
	if err := errors.Join(progress.conclude(outcome), progress.close()); err != nil {
		return failed(err)
	}
	if outcome.Err != nil && outcome.State != journal.Refused {
		return cutShort(s.writer.ID(), outcome)
	}
	return silent(outcomeCode(outcome, s, interrupts))
}

// cutShort is for a run that could not be carried on for a reason of its own:
// its journal cannot be written, or its plan cannot be carried out.
func cutShort(run string, o rollout.Outcome) error {
	return &endError{code: exitNeedsPerson, err: o.Err, next: []string{
		"What is in the journal holds; what was running is looked at again by whoever resumes.",
		"When the cause is gone: lockstep resume " + run,
		"Or take it back:        lockstep abort " + run,
	}}
}

func (a *app) rolloutConfig(s session, i *interrupts, p *progress) rollout.Config {
	b := s.open.bundle
	return rollout.Config{
		Plan: b.Plan, Digest: b.Digest,
		Providers: func(name string) (providers.Provider, bool) {
			provider, err := s.open.registry.provider(name)
			if err != nil {
				fmt.Fprintln(a.host.Stderr, "Error:", a.mask.Error(err))
			}
			return provider, err == nil
		},
		Resolver: s.open.resolver,
		Journal:  maskedJournal{Journal: s.writer, mask: a.mask},
		Replayed: s.replayed,
		Undoes:   s.undoes,
		Previous: func(step plans.Step) json.RawMessage { return a.previousSettings(s, step) },
		Blob:     b.Blob,
		Actor:    actor(),

		Parallelism:  s.options.parallelism,
		Wait:         s.options.wait,
		LockPatience: s.options.lockTimeout,
		Until:        plans.Phase(s.options.until),
		OnFailure:    s.options.onFailure,
		Requests: func() string {
			request, err := s.store.TakeRequest(s.writer.ID())
			if err != nil {
				return ""
			}
			return request
		},
		Late:     latePlanner{app: a, open: s.open},
		Stop:     i.stop,
		Observer: p,
	}
}

// outcomeCode is the exit code of a run's outcome.
func outcomeCode(o rollout.Outcome, s session, i *interrupts) int {
	switch o.State {
	case journal.Succeeded:
		return exitDone
	case journal.RolledBack:
		if s.asked || s.replayed.Kind == journal.Revert {
			return exitDone // it is what this run was for
		}
		return exitRolledBack
	case journal.Refused:
		return exitBlocked
	case journal.Waiting, journal.Blocked:
		return exitTryAgain
	case journal.Interrupted:
		return i.code()
	case journal.Paused:
		if o.Reached != "" || s.decides {
			return exitDone
		}
		return exitNeedsPerson
	default:
		return exitNeedsPerson
	}
}
