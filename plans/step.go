package plans

import "encoding/json"

// Step is the smallest unit that runs, is journalled and can be undone.
type Step struct {
	// Address is the block's address inside its change set, for example
	// terraform.cache, migration.orders["0007_add_status"] or
	// check.http.ready. It is unique in a plan.
	Address  string `json:"address"`
	Phase    Phase  `json:"phase"`
	Action   Action `json:"action"`
	Provider string `json:"provider"` // "terraform", "database/postgres", "deployment/directory", "check/http", "bake", ...

	// Summary is the one-line change for people ("orders 0006 -> 0007").
	Summary string `json:"summary"`
	// Why is the sentence that explain prints about the step's position.
	Why string `json:"why"`

	// Block is the address of the block whose settings the step uses; for a
	// migration file it is the migration block's.
	Block string `json:"block,omitempty"`
	// Target names what the step changes (database.orders, the directory's
	// path, ...); steps of one target never run side by side.
	Target string `json:"target,omitempty"`
	// Settings are the block's evaluated arguments with unknown and sensitive
	// values masked. Apply resolves the real ones again.
	Settings json.RawMessage `json:"settings,omitempty"`
	// Inputs are the bundle's files that the step uses, by role.
	Inputs []Input `json:"inputs,omitempty"`
	// Needs are addresses of steps that must be done before, besides all
	// steps of earlier phases.
	Needs []string `json:"needs,omitempty"`

	// Part is set where two steps carry out one Terraform plan.
	Part Part `json:"part,omitempty"`

	Migration  *Migration  `json:"migration,omitempty"`
	Backfill   *Backfill   `json:"backfill,omitempty"`
	Statements []Statement `json:"statements,omitempty"`
	// Rehearsal and Queries are evidence from a throw-away server; nil when
	// nothing was rehearsed.
	Rehearsal *Rehearsal     `json:"rehearsal,omitempty"`
	Queries   *QueryEvidence `json:"queries,omitempty"`
	Risk      Risk           `json:"risk"`
	Rollback  Rollback       `json:"rollback"`
	Timeout   Duration       `json:"timeout,omitempty"`
	// Bake is how long the phase's checks must stay green (action bake).
	Bake Duration `json:"bake,omitempty"`
	// Checks are the addresses of the check blocks that a bake samples.
	Checks []string `json:"checks,omitempty"`

	// Late marks a step whose target or inputs are unknown until an earlier
	// step has run; Envelope says what it may become without a new approval.
	Late     bool      `json:"late,omitempty"`
	Envelope *Envelope `json:"envelope,omitempty"`
}

// OneWay reports whether the step changes something and has no way back.
func (s Step) OneWay() bool {
	return s.Action.Effect() && s.Rollback.Grade == GradeNone && !s.Rollback.Kept
}

// NoReturn reports whether a run that has done the step is not rolled back any
// more: the step has no way back, or the previous version does not work after
// it. The first such step of a plan is its point of no return.
func (s Step) NoReturn() bool {
	return s.OneWay() || (s.Action.Effect() && s.Phase == Contract)
}

// Action is what a step does.
type Action string

// Actions.
const (
	ActionTerraform Action = "terraform" // carries out a saved Terraform plan
	ActionMigrate   Action = "migrate"   // runs one migration file
	ActionBackfill  Action = "backfill"  // changes the rows of a table in batches
	ActionFetch     Action = "fetch"     // brings an artifact here and checks its digest
	ActionDeploy    Action = "deploy"    // makes an artifact run
	ActionCheck     Action = "check"     // samples a check until it passes or fails
	ActionBake      Action = "bake"      // keeps sampling checks for a time
)

// Effect reports whether the action changes a target.
func (a Action) Effect() bool { return a != ActionCheck && a != ActionBake }

// Migration is the file a migrate step runs.
type Migration struct {
	Database string `json:"database"`
	Version  string `json:"version"` // decimal; a string because it can pass 2^53
	Name     string `json:"name"`
	Class    Class  `json:"class"`
	// Reason says why the file has its class, and who said so.
	Reason string `json:"reason"`
	Up     Digest `json:"up"`
	Down   Digest `json:"down,omitempty"`
	// Mode is "transaction", "statement", or "driver" where golang-migrate's
	// own driver gets the file as a whole.
	Mode string `json:"mode"`
	// Before is the version that the database has until then, empty for none;
	// only with mode "driver", whose databases keep no history.
	Before string `json:"before,omitempty"`
	// Irreversible is the author's reason, from the file's header.
	Irreversible string `json:"irreversible,omitempty"`
}

// Class is the side of the deployment a migration belongs on.
type Class string

// Classes of migrations.
const (
	ClassExpand   Class = "expand"   // old code keeps working
	ClassContract Class = "contract" // old code breaks or data is lost
	ClassData     Class = "data"     // rows only
	ClassNeutral  Class = "neutral"  // no contract with code: at any time
	ClassSplit    Class = "split"    // no single place is right: it must be split
	ClassAsk      Class = "ask"      // only the author knows
)

// Statement is one SQL statement of a step and what is known of its locks.
type Statement struct {
	File string `json:"file"`
	Line int    `json:"line"`
	// Column is where it begins in its line, counted in characters from 1; 0
	// stands for 1.
	Column   int      `json:"column,omitempty"`
	SQL      string   `json:"sql"`
	Phase    Phase    `json:"phase"`
	Locks    []Lock   `json:"locks,omitempty"`
	Rewrites []string `json:"rewrites,omitempty"`
	Scans    []string `json:"scans,omitempty"`
	// Code is the code that was seen to run in it on tables without rows: DO,
	// CALL, functions by name. It may do more where there are rows.
	Code []string `json:"code,omitempty"`
	// Source labels the figures: "measured", "rule" or "assumed". With Code they
	// are measured by a rehearsal and assumed of the target.
	Source string `json:"source"`
	// Estimate is how long its locks are held, nil where nothing is known of
	// the relations.
	Estimate *Estimate `json:"estimate,omitempty"`
}

// Lock is a lock by PostgreSQL's own mode name on one relation.
type Lock struct {
	Mode string `json:"mode"`
	// Relation is spelled as SQL spells it, quoted where it has to be and
	// qualified where the statement qualifies it. An index stands for itself
	// and for its table.
	Relation string `json:"relation"`
	// Only says that partitions and child tables of the relation stay free.
	Only bool `json:"only,omitempty"`
}

// Risk is how much a step can hurt, with reasons a reviewer can check.
type Risk struct {
	Level   string   `json:"level"` // "low", "medium", "high"
	Reasons []string `json:"reasons,omitempty"`
}

// Grade says how much of the state before a step its rollback restores.
type Grade string

// Grades of a rollback.
const (
	GradeExact      Grade = "exact"      // the target is as before
	GradeStructural Grade = "structural" // the shape is back, rows or identities may not be
	GradeNone       Grade = "none"       // there is no way back
)

// Rollback is the way back of one step, known before the step runs.
type Rollback struct {
	Grade   Grade  `json:"grade"`
	Summary string `json:"summary"` // "back to 91d0c4aa7e02", "kept (safe to keep)", "NONE - one-way door"
	Reason  string `json:"reason"`
	// Kept is true when a failing run leaves the step's effect in place.
	Kept bool `json:"kept,omitempty"`
	// Locks are what a migration's down file takes, one of a kind.
	Locks []Lock `json:"locks,omitempty"`
	// Terraform is the way back of a Terraform step; nil where it is not known
	// before an earlier step has run.
	Terraform *TerraformWayBack `json:"terraform,omitempty"`
}
