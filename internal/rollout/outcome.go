package rollout

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// Outcome is how a call of Run, Resume or Rollback ended.
type Outcome struct {
	State journal.State
	// Reason is one sentence for people.
	Reason     string
	FailedStep string
	Failure    *Failure
	// RolledBack and Kept are addresses, in the order in which they were
	// dealt with.
	RolledBack []string
	Kept       []string
	// Remains are sentences about what a person has to look at.
	Remains []string
	// Waiting names the bake that is left, Until when it is over at the
	// earliest.
	Waiting string
	Until   time.Time
	// Abort is the command that ends a run that is not over.
	Abort string
	// Reached is set when the run stopped because Config.Until was done.
	Reached plans.Phase
	// AfterRollback are the verify phase's checks against the old version.
	AfterRollback map[string]journal.Verdict
	// Err is set when the run could not be carried on for a reason of its
	// own: the journal, the plan, an impossible rollback (*RefusedError).
	Err error
}

// Failure is why a step failed.
type Failure struct {
	Step    string
	Phase   plans.Phase
	Message string
	// Verdict is how much of the step is there; Absent for checks and bakes.
	Verdict providers.Verdict
	Detail  string
	// Lost are objects that may exist unseen; see Decide.
	Lost []providers.Lost
	// Held is what undoing the step would do, where a person has to say whether
	// it may.
	Held *plans.TerraformWayBack
	// Evidence is what a check saw.
	Evidence json.RawMessage
	// Outside are sentences about what was not approved, where that is why.
	Outside []string

	blocked, outside, foreign bool
}

// ErrPlan is wrapped when a plan cannot be carried out as it stands; nothing
// was done.
var ErrPlan = errors.New("plan cannot be carried out")

// RefusedError says why a rollback is impossible. Nothing was changed.
type RefusedError struct {
	// Steps are the addresses that have no way back, each with why where that
	// is known; Reason names others.
	Steps  []string
	Reason string
	Fix    string
}

// Error implements error.
func (e *RefusedError) Error() string {
	which := ""
	if len(e.Steps) > 0 {
		which = " (" + strings.Join(e.Steps, "; ") + ")"
	}
	return fmt.Sprintf("rollback refused, nothing was changed: %s%s. %s", e.Reason, which, e.Fix)
}
