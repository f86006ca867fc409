package journal

import (
	"encoding/json"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
)

// State is where a run stands.
type State string

// States of a run.
const (
	Running     State = "running"      // no process has ended it; see Seen
	Waiting     State = "waiting"      // a bake is left; goes on with resume
	Paused      State = "paused"       // stopped on purpose, at a step boundary
	Interrupted State = "interrupted"  // its process died or was stopped
	Blocked     State = "blocked"      // a passing cause; nothing was changed by the step
	Succeeded   State = "succeeded"    // ended
	RolledBack  State = "rolled_back"  // ended: the previous release serves
	Refused     State = "refused"      // ended: impossible, or made for what is not there any more; nothing was changed
	NeedsPerson State = "needs_person" // stopped half-way
)

// Over reports whether nothing is left to do.
func (s State) Over() bool { return s == Succeeded || s == RolledBack || s == Refused }

// Status is where a step stands.
type Status string

// Statuses of a step.
const (
	StepPending    Status = ""
	StepRunning    Status = "running" // an intent without an outcome
	StepDone       Status = "done"
	StepFailed     Status = "failed"
	StepUndoing    Status = "undoing" // an undo's intent without an outcome
	StepUndone     Status = "undone"
	StepKept       Status = "kept"
	StepUndoFailed Status = "undo_failed"
)

// Run is what the records of one run say.
type Run struct {
	ID          string
	ChangeSet   string
	Environment string
	Plan        plans.Digest
	Content     plans.Digest
	Kind        RunKind
	Of          string    // the run that a rollback undoes
	Ordered     *Rollback // what a rollback was asked to do; see Rollback
	Tool        string
	Actor       string // who began it
	Host        string

	State   State
	Phase   plans.Phase // the last one that began
	Started time.Time
	Updated time.Time // the last record
	Ended   time.Time // zero while it can go on

	Reason     string
	FailedStep string
	Remains    []string
	Waiting    string    // what it waits for
	Until      time.Time // when that is over at the earliest

	// Released is when the release phase and its bake got green: since then
	// the environment has the change set.
	Released  time.Time
	PhaseDone map[plans.Phase]time.Time

	Steps map[string]StepState
	// Order lists the steps in the order in which they first began.
	Order []string
	Bakes map[string]BakeState
	// Decisions is how often a person's word was taken for what no target
	// could tell.
	Decisions int
	// Rollback is set once the way back has begun.
	Rollback *Rollback
	// AfterRollback are the checks of the old version, by step.
	AfterRollback map[string]Verdict
}

// StepState is what the records say about one step.
type StepState struct {
	Status  Status
	Attempt int
	Started time.Time
	Ended   time.Time
	// Intent is what was announced; zero for checks and bakes.
	Intent  Intent
	Outcome Outcome
	Undo    Outcome
	Verdict *Verdict // of a check or a bake
	// Recorded are the provider's facts, of all attempts, oldest first.
	Recorded []json.RawMessage
	// Kept says why the effect stayed during a rollback.
	Kept string
}

// BakeState is how far a bake has come.
type BakeState struct {
	Bake
	At time.Time // when that was written
}

// Took is how long the step's last attempt took.
func (s StepState) Took() time.Duration {
	if s.Ended.IsZero() {
		return 0
	}
	return s.Ended.Sub(s.Started)
}

// Undoing reports whether the way back has begun (or is over).
func (r Run) Undoing() bool { return r.Rollback != nil }

// Seen is the run as a reader sees it who knows whether its process lives:
// a run that nobody ended and nobody works on was interrupted.
func (r Run) Seen(live bool) Run {
	if r.State == Running && !live {
		r.State = Interrupted
		r.Reason = "the process that worked on it is gone"
	}
	if live && !r.State.Over() {
		r.State = Running
	}
	return r
}
