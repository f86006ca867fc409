package journal

import (
	"encoding/json"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
)

// RunKind says which way a run goes.
type RunKind string

// Kinds of runs.
const (
	Apply  RunKind = "apply"
	Revert RunKind = "rollback" // undoes an earlier run
)

// Begin opens a run.
type Begin struct {
	Tool    string       `json:"tool"`
	Content plans.Digest `json:"content"`
	Kind    RunKind      `json:"kind"`
	Of      string       `json:"of,omitempty"` // the run that a rollback undoes
	// Ordered is what a rollback is asked to do, so that one that was killed
	// before it began can go on.
	Ordered *Rollback `json:"ordered,omitempty"`
}

// PhaseMark is the begin or the end of a phase.
type PhaseMark struct {
	Phase plans.Phase `json:"phase"`
}

// Intent announces an effect, or the undoing of one. It is durable before
// the effect starts; those of a row of migrations are announced together.
type Intent struct {
	Phase    plans.Phase  `json:"phase"`
	Action   plans.Action `json:"action"`
	Provider string       `json:"provider,omitempty"`
	Target   string       `json:"target,omitempty"`
	Summary  string       `json:"summary,omitempty"`
	// Artifact is the digest that a deployment makes run.
	Artifact plans.Digest `json:"artifact,omitempty"`
	// Database and Version are a migration's.
	Database string `json:"database,omitempty"`
	Version  string `json:"version,omitempty"`
}

// Results of an Outcome.
const (
	ResultDone        = "done"        // the effect (or its undoing) is there
	ResultFailed      = "failed"      // see Verdict for what is left of it
	ResultInterrupted = "interrupted" // cancelled by a person; to be probed
	ResultWithdrawn   = "withdrawn"   // announced ahead of time, and never begun
)

// Outcome is how an effect, or its undoing, ended.
type Outcome struct {
	Result string `json:"result"`
	// Found is true when a probe found the effect done, after a crash.
	Found   bool           `json:"found,omitempty"`
	Changed bool           `json:"changed,omitempty"`
	Summary string         `json:"summary,omitempty"`
	Outputs []plans.Output `json:"outputs,omitempty"` // sensitive ones without their value
	Figures map[string]any `json:"figures,omitempty"`
	Error   string         `json:"error,omitempty"`
	// Verdict is what a probe said after a failure, and Detail what it saw.
	Verdict string         `json:"verdict,omitempty"`
	Detail  string         `json:"detail,omitempty"`
	Took    plans.Duration `json:"took,omitempty"`
	// Lost are objects that may exist unseen, see Decision.
	Lost []Object `json:"lost,omitempty"`
	// WayBack is what undoing a Terraform step would do: measured right after it
	// where the plan could not foresee it, and before it was undone.
	WayBack *plans.TerraformWayBack `json:"way_back,omitempty"`
}

// Object is something within a step's target: a resource of Terraform's.
type Object struct {
	Address string `json:"address"`
	Type    string `json:"type"`
	IDKey   string `json:"id_key,omitempty"`
	ID      string `json:"id,omitempty"`
	// Found: it was there before the step, which a way back lets go of and never
	// destroys.
	Found bool `json:"found,omitempty"`
}

// Probe is what a provider found at a target after a crash.
type Probe struct {
	Verdict string `json:"verdict"`
	Detail  string `json:"detail,omitempty"`
}

// Statuses of a Verdict.
const (
	VerdictPass         = "pass"
	VerdictFail         = "fail"
	VerdictInconclusive = "inconclusive"
	VerdictInterrupted  = "interrupted" // stopped by a person before it was known
)

// Verdict is how a check or a bake ended.
type Verdict struct {
	Status  string `json:"status"`
	Message string `json:"message,omitempty"`
	// Check is the address of the check block.
	Check    string          `json:"check,omitempty"`
	Evidence json.RawMessage `json:"evidence,omitempty"`
	// AfterRollback marks the checks of the old version, which change nothing
	// about the run's state.
	AfterRollback bool           `json:"after_rollback,omitempty"`
	Took          plans.Duration `json:"took,omitempty"`
}

// Bake is how far a bake has come. Elapsed counts from the bake's begin.
type Bake struct {
	Elapsed plans.Duration `json:"elapsed"`
	Of      plans.Duration `json:"of"`
	// Unsampled is the part of Elapsed during which the run was waiting on
	// purpose and nothing sampled the checks.
	Unsampled plans.Duration `json:"unsampled,omitempty"`
	Message   string         `json:"message,omitempty"`
}

// Rollback opens the way back of a run. What is said here holds for a
// rollback that is interrupted and resumed.
type Rollback struct {
	Reason         string `json:"reason"`
	FailedStep     string `json:"failed_step,omitempty"`
	Schema         bool   `json:"schema"`
	Infrastructure bool   `json:"infrastructure"`
	// Named: somebody asked for the infrastructure, so that it goes back even
	// where that destroys what holds data.
	Named bool `json:"named,omitempty"`
	// Leave ends the run with everything as it is.
	Leave bool `json:"leave,omitempty"`
}

// Kept says why an effect stays in place.
type Kept struct {
	Reason string `json:"reason"`
}

// Decision is a person's word about a step whose state nobody could read.
type Decision struct {
	// As is "done" or "absent" for the whole step, or, where there are
	// Objects, "absent" or "imported" for those alone.
	As     string `json:"as"`
	Reason string `json:"reason"`
	// Objects are those that the step had lost. One with an ID is there and
	// comes under the target's care again; one without does not exist.
	Objects []Object `json:"objects,omitempty"`
}

// End is the state in which a process left the run. A later RunResume goes on.
type End struct {
	State      State    `json:"state"`
	Reason     string   `json:"reason,omitempty"`
	FailedStep string   `json:"failed_step,omitempty"`
	Remains    []string `json:"remains,omitempty"`
	// Waiting names the bake that is left, Until when it is over at the
	// earliest.
	Waiting string    `json:"waiting,omitempty"`
	Until   time.Time `json:"until,omitzero"`
}
