package rollout

import (
	"fmt"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/plans"
)

// UndoStep is what a rollback does with one step.
type UndoStep struct {
	Step plans.Step
	// Keep is true when the effect stays. A step whose outcome nobody knows is
	// looked at first: half of it goes back even so.
	Keep bool
	// Reason says why it stays, or what it means to take it back.
	Reason string
	// Terraform is what taking it back does to the objects, as far as known.
	Terraform *plans.TerraformWayBack
}

// WayBack is what a rollback with these options does with everything of the
// run that is there, or may be, in the order in which it does it. The preview
// shows it and the rollback itself obeys it.
func WayBack(plan *plans.Plan, run journal.Run, options RollbackOptions) []UndoStep {
	all := CheckRollback(plan, run, RollbackOptions{Schema: true, Infrastructure: true})
	var way []UndoStep
	for _, step := range undoOrder(plan) {
		s := run.Steps[step.Address]
		if !mayBeThere(s) {
			continue
		}
		u := UndoStep{Step: step, Keep: options.keeps(step), Reason: step.Rollback.Reason, Terraform: TerraformWayBack(step, s)}
		if u.Keep {
			u.Reason = whyKept(step, run, all)
		}
		if s.Status != journal.StepDone && s.Status != journal.StepKept {
			u.Reason = "it is looked at first: " + u.Reason
		}
		way = append(way, u)
	}
	return way
}

// whyKept says what would take the effect back; all is why a rollback of
// everything would be refused.
func whyKept(step plans.Step, run journal.Run, all error) string {
	switch {
	case step.Action == plans.ActionFetch:
		return "nothing to undo"
	case hasNoWayBack(step, run.Steps[step.Address]) && step.Rollback.Reason != "":
		return "stays; there is no way back: " + step.Rollback.Reason
	case hasNoWayBack(step, run.Steps[step.Address]):
		return "stays; there is no way back"
	case all != nil:
		return "stays, because another step of the run has no way back"
	}
	flag := "--with-schema"
	if step.Action == plans.ActionTerraform {
		flag = "--with-infrastructure"
	}
	return fmt.Sprintf("stays; `lockstep rollback %s %s` takes it back", run.ID, flag)
}

// Automatic returns how far a rollback goes that nobody gave options for: as
// far as the change set's policy says, and the application alone where schema
// or infrastructure have no way back. Behind the point of no return, and where
// not even the application can go back, it is a *RefusedError.
func Automatic(plan *plans.Plan, run journal.Run) (RollbackOptions, error) {
	all := !plan.Policy.KeepSchema
	application := CheckRollback(plan, run, RollbackOptions{})
	if application != nil {
		return RollbackOptions{}, application
	}
	options := RollbackOptions{Schema: all, Infrastructure: all}
	if CheckRollback(plan, run, options) != nil {
		return RollbackOptions{}, nil
	}
	return options, nil
}

// AbortFlag returns the flags that an abort of this open run needs so that it
// is not refused: none, those of flagsFor, or "--leave".
func AbortFlag(plan *plans.Plan, run journal.Run) string {
	if run.Kind == journal.Revert || run.Undoing() {
		return "--leave" // to take it back is what resume tries again
	}
	if _, err := Automatic(plan, run); err == nil {
		return ""
	}
	if flags := flagsFor(plan, run); flags != "" {
		return flags
	}
	return "--leave"
}

// flagsFor are the fewest flags with which a rollback is not refused; empty if
// there are none. What contract steps left has to go with the application.
func flagsFor(plan *plans.Plan, run journal.Run) string {
	for _, o := range []RollbackOptions{{Schema: true}, {Infrastructure: true}, {Schema: true, Infrastructure: true}} {
		if oneWay, contract := inTheWay(plan, run, o); len(oneWay)+len(contract) == 0 {
			return o.Flags()
		}
	}
	return ""
}

// Flags are the options as a person types them.
func (o RollbackOptions) Flags() string {
	var flags []string
	for _, f := range []struct {
		on   bool
		name string
	}{{o.Schema, "--with-schema"}, {o.Infrastructure, "--with-infrastructure"}, {o.Leave, "--leave"}} {
		if f.on {
			flags = append(flags, f.name)
		}
	}
	return strings.Join(flags, " ")
}

// AbortCommand is the command that ends this open run.
func AbortCommand(plan *plans.Plan, run journal.Run) string {
	command := "lockstep abort " + run.ID
	if flag := AbortFlag(plan, run); flag != "" {
		command += " " + flag
	}
	return command
}
