package config

import (
	"time"

	"github.com/lockstep-dev/lockstep/internal/diag"
	"github.com/lockstep-dev/lockstep/plans"
)

// Evaluated is a change set with its expressions evaluated for one
// environment. Values that are not known yet stay unknown inside Settings.
type Evaluated struct {
	Name         string
	Description  string
	Owner        string
	Links        []string
	DependsOn    []string // other change sets
	Environments []string // empty: all
	// Source is the text of the change_set block as written.
	Source []byte
	Range  diag.Range

	// Blocks are the terraform, migration, backfill, artifact, deployment and check
	// blocks in order of address.
	Blocks []Block
	// Databases are the databases that Blocks refer to, in order of address.
	Databases []Block
	Phases    map[plans.Phase]PhaseRules
	Rollback  RollbackRules
	// Lint are the project's own words on single rules for SQL, by code.
	Lint []LintRule
}

// Block is one evaluated block. Its Settings hold every argument by name with
// defaults filled in; durations are normalised ("1h30m0s"); a reference to
// another block is that block's exported object.
type Block struct {
	Kind    string // "terraform", "migration", "backfill", "artifact", "deployment", "check", "database"
	Driver  string // first label of two ("file", "http", "directory", "exec", "sql"); a database's driver; else ""
	Name    string
	Address string // "terraform.cache", "migration.orders", "artifact.file.api", "database.orders"
	// Needs are addresses of the blocks this one refers to or depends_on.
	Needs []string
	// Reads are what it refers to there, in full: "terraform.db.outputs.url".
	Reads    []string
	Settings Settings
	Timeout  time.Duration // zero: none given
	Range    diag.Range
	Asserts  []Assert // check blocks
	// Text is where the SQL of a backfill begins.
	Text diag.Range
}

// PhaseRules are the arguments of a phase block.
type PhaseRules struct {
	Preconditions  []string // addresses of check blocks
	Postconditions []string
	BakeTime       time.Duration
	Range          diag.Range
}

// RollbackRules are the arguments of a rollback block, with defaults.
type RollbackRules struct {
	OnFailure  string // "auto" or "pause"
	KeepSchema bool
	Timeout    time.Duration
}
