package providers

import (
	"context"

	"github.com/lockstep-dev/lockstep/plans"
)

// Decider is a Provider that takes a person's word about the objects that
// Report.Lost names, because its target cannot tell what became of them.
type Decider interface {
	// Decide makes the step go on from what the decision says. An error that
	// comes before Decision.Agree means that nothing was changed. Done says
	// that the whole step is carried out.
	Decide(ctx context.Context, req Request, d Decision) (Decided, error)
}

// Decision is what somebody who looked says about lost objects. Each of them
// is either not there or is taken under the target's care again.
type Decision struct {
	// Absent lists addresses of objects that do not exist; AllAbsent says it
	// of all.
	Absent    []string
	AllAbsent bool
	// Imports are the ids of objects that exist, by address. Those whose id
	// Report.Lost tells need not be named.
	Imports map[string]string
	// Found are addresses of imported objects that were there before the step.
	// All others are the step's own.
	Found []string
	// Agree is shown what will be done to the target, before it is done; an
	// error keeps everything as it is. It is not called when nothing will be.
	Agree func(settled []Lost, changes []plans.ResourceChange) error
	// Begin is called right before the target changes, and once only; it
	// makes the decision durable. An error keeps everything as it is.
	Begin func(settled []Lost) error
}

// Decided is what became of a decision.
type Decided struct {
	// Settled are the objects that were decided about.
	Settled []Lost
	// Done is set when the step is carried out with Result.
	Done   bool
	Result Result
}
