package rollout

import (
	"cmp"
	"context"
	"fmt"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/plans"
)

// Rollback undoes a run by its plan and its replayed journal. A run that is
// not over is undone in its own journal (Config.Replayed); a finished one in
// the journal of a new run of kind journal.Revert (Config.Undoes). What is
// impossible is refused before anything changes (*RefusedError).
func Rollback(ctx context.Context, cfg Config, options RollbackOptions) Outcome {
	switch {
	case cfg.Replayed.Kind == journal.Revert:
		return resumeRevert(ctx, cfg, options)
	case cfg.Undoes.ID != "":
		return revert(ctx, cfg, options)
	}
	past, how := cfg.Replayed, options.Order()
	if past.Rollback != nil {
		how = widened(*past.Rollback, options)
		past = reopenKept(past)
	}
	if err := CheckRollback(cfg.Plan, past, optionsOf(how)); err != nil {
		return refuse(cfg, err)
	}
	w := newWalk(cfg, past)
	if err := w.again(); err != nil {
		return fatal(err)
	}
	return w.goBack(ctx, how)
}

// revert undoes a finished run in a journal of its own.
func revert(ctx context.Context, cfg Config, options RollbackOptions) Outcome {
	past := cfg.Undoes
	if !past.State.Over() {
		return refuse(cfg, fmt.Errorf("%w: run %s is not over; it is undone in its own journal", ErrPlan, past.ID))
	}
	past = reopenKept(past)
	if err := CheckRollback(cfg.Plan, past, options); err != nil {
		return refuse(cfg, err)
	}
	w := newWalk(cfg, past)
	w.tell(Event{Kind: RunStarted, Message: "rolling back " + past.ID + ": " + past.ChangeSet + " in " + past.Environment})
	way := WayBack(cfg.Plan, past, options)
	if err := cmp.Or(w.lookBack(ctx, way), w.tryBack(ctx, way)); err != nil {
		return refuse(cfg, err)
	}
	return w.goBack(ctx, options.Order())
}

// Order is what the journal says of a rollback with these options.
func (o RollbackOptions) Order() journal.Rollback {
	reason := "rolled back on request"
	if o.Leave {
		reason = "given up on request; everything stays as it is"
	}
	return journal.Rollback{Reason: reason, Schema: o.Schema, Infrastructure: o.Infrastructure, Named: o.Named, Leave: o.Leave}
}

// widened is a rollback that has begun, with what is asked for now on top.
func widened(how journal.Rollback, options RollbackOptions) journal.Rollback {
	if options.Leave {
		return options.Order()
	}
	how.Schema = how.Schema || options.Schema
	how.Infrastructure = how.Infrastructure || options.Infrastructure
	how.Named = how.Named || options.Named
	return how
}

func optionsOf(how journal.Rollback) RollbackOptions {
	return RollbackOptions{Schema: how.Schema, Infrastructure: how.Infrastructure, Named: how.Named, Leave: how.Leave}
}

// reopenKept lets a rollback take back what an earlier one kept.
func reopenKept(past journal.Run) journal.Run {
	steps := make(map[string]journal.StepState, len(past.Steps))
	for address, s := range past.Steps {
		if s.Status == journal.StepKept {
			s.Status = journal.StepDone
		}
		steps[address] = s
	}
	past.Steps = steps
	return past
}

// refuse ends a rollback run that was created for nothing; the journal of
// the run itself is left as it is.
func refuse(cfg Config, err error) Outcome {
	out := Outcome{State: journal.Refused, Reason: err.Error(), Err: err}
	if cfg.Undoes.ID == "" {
		return out
	}
	return newWalk(cfg, journal.Run{}).finish(out)
}

// resumeRevert goes on with an interrupted rollback run: what it undid so far
// lies over what the earlier run did.
func resumeRevert(ctx context.Context, cfg Config, options RollbackOptions) Outcome {
	own := cfg.Replayed
	asked := own.Rollback
	if asked == nil {
		asked = own.Ordered
	}
	if asked == nil {
		return fatal(fmt.Errorf("%w: run %s does not say what it was asked to undo", ErrPlan, own.ID))
	}
	how := widened(*asked, options)
	both := reopenKept(cfg.Undoes)
	for address, s := range own.Steps {
		before := both.Steps[address]
		s.Recorded = append(before.Recorded[:len(before.Recorded):len(before.Recorded)], s.Recorded...)
		s.Outcome = before.Outcome
		both.Steps[address] = s
	}
	w := newWalk(cfg, both)
	if err := w.again(); err != nil {
		return fatal(err)
	}
	if own.Rollback == nil {
		// It was killed before anything was undone, perhaps before this was
		// asked.
		if err := CheckRollback(cfg.Plan, both, optionsOf(how)); err != nil {
			return w.finish(Outcome{State: journal.Refused, Reason: err.Error(), Err: err})
		}
	}
	return w.goBack(ctx, how)
}

// CheckRollback says whether a run can be undone with these options, from
// its plan and journal alone; the error is a *RefusedError.
func CheckRollback(plan *plans.Plan, run journal.Run, options RollbackOptions) error {
	oneWay, contract := inTheWay(plan, run, options)
	if len(oneWay) > 0 {
		return &RefusedError{Steps: oneWay, Reason: "there is no way back from a step that has run", Fix: forward(run)}
	}
	if len(contract) == 0 {
		return nil
	}
	if err := CheckRollback(plan, run, RollbackOptions{Schema: true, Infrastructure: true}); err != nil {
		return err
	}
	return &RefusedError{
		Steps: contract, Reason: "the previous version cannot run on the schema or infrastructure that contract steps left",
		Fix: "Take these back as well (" + flagsFor(plan, run) + "), or go forward with a new change set",
	}
}

// inTheWay lists steps that have no way back, with the reason, and contract
// steps that these options keep.
func inTheWay(plan *plans.Plan, run journal.Run, options RollbackOptions) (oneWay, contract []string) {
	if options.Leave {
		return nil, nil
	}
	for _, step := range plan.Steps {
		s := run.Steps[step.Address]
		if !step.Action.Effect() || !mayBeThere(s) {
			continue
		}
		switch {
		case hasNoWayBack(step, s) && (step.Phase == plans.Contract || !options.keeps(step)):
			oneWay = append(oneWay, withReason(step, s))
		case step.Phase == plans.Contract && options.keeps(step):
			contract = append(contract, step.Address)
		}
	}
	return oneWay, contract
}

func withReason(step plans.Step, s journal.StepState) string {
	if w := s.Outcome.WayBack; w != nil && w.Why != "" {
		return step.Address + ": " + w.Why
	}
	if step.Rollback.Reason == "" {
		return step.Address
	}
	return step.Address + ": " + step.Rollback.Reason
}

// forward is what to do where there is no way back.
func forward(run journal.Run) string {
	if run.ID == "" || run.State.Over() {
		return "Go forward instead: write a change set that brings back what is needed, and apply it"
	}
	return fmt.Sprintf("Go forward instead: mend the cause and go on (lockstep resume %s), or end the run with everything as it is (lockstep abort %s --leave) and apply a change set that brings back what is needed", run.ID, run.ID)
}

// mayBeThere reports whether the step's effect is there, or may be.
func mayBeThere(s journal.StepState) bool {
	switch s.Status {
	case journal.StepDone, journal.StepRunning, journal.StepUndoing, journal.StepUndoFailed, journal.StepKept:
		return true
	case journal.StepFailed:
		return s.Intent.Action != "" && s.Outcome.Verdict != "absent"
	}
	return false
}
