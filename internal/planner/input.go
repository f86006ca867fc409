package planner

import (
	"math"
	"slices"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/plans"
)

// Input is everything that a plan depends on.
type Input struct {
	Tool        string // "lockstep VERSION"
	ChangeSet   *config.Evaluated
	Environment Environment
	// Siblings are the heads of all change sets of the project; the one that
	// is planned may be among them.
	Siblings []Sibling
	// Folders are the migration files by database name.
	Folders      map[string][]plans.MigrationFile
	Observations []plans.Observation
	// Rehearsed is evidence of pending files, by database name and version;
	// Surveys are figures by database name. Both may be missing.
	Rehearsed map[string]map[uint64]Evidence
	Surveys   map[string]plans.Survey
	// NotRehearsed says, by database name, why nothing was; empty where nothing
	// pending would have been.
	NotRehearsed map[string]string
	// Replays spares who plans again with more evidence to read the applied
	// files again; nil keeps nothing. What is planned does not depend on it.
	Replays   *sqlcheck.Replays
	Standing  Standing
	Elsewhere Elsewhere
	Variables []plans.Variable
	// Inputs are the configuration files and the Terraform sources as they
	// are in the project, by role.
	Inputs []plans.Input
}

// Environment is what a plan must know of its environment.
type Environment struct {
	Name      string
	Protected bool
	// Protect are patterns of Terraform addresses and types that no plan may
	// take anything from; * stands for anything.
	Protect []string
	// Upstream are the environments that must have the change set before;
	// environments that it leaves out are already replaced by theirs.
	Upstream []plans.Upstream
}

// Newest is the version of a migration block that names none.
const Newest uint64 = math.MaxUint64

// Sibling is the head of a change set, known without evaluating it.
type Sibling struct {
	Name         string
	DependsOn    []string
	Environments []string // empty: all
	// Versions are the versions of its migration blocks by database name.
	Versions map[string]uint64
	// Order decides between change sets with the same version: lowest first.
	Order int
}

// goesTo reports whether the change set is for the environment.
func (s Sibling) goesTo(environment string) bool {
	return len(s.Environments) == 0 || slices.Contains(s.Environments, environment)
}
