package planner

import (
	"time"

	"github.com/lockstep-dev/lockstep/plans"
)

// Standing is what the journal says an environment has. The zero value is an
// environment in which nothing has run.
type Standing struct {
	ChangeSets map[string]Taken // by name
	// Movers says, by step target, which change set moved it last.
	Movers map[string]string
	// Holds are contents that were taken back here and not applied again since.
	Holds []Hold
	// OpenRun is a run that has not ended; nil when there is none.
	OpenRun *OpenRun
}

// Taken is a change set that an environment has: its release phase and that
// bake were green.
type Taken struct {
	Content plans.Digest
	// Order grows with each change set taken; it tells later from earlier.
	Order int
	// Since is when it became healthy; soak counts from there.
	Since time.Time
	Run   string
}

// Hold keeps a content that was taken back from going further.
type Hold struct {
	ChangeSet string
	Content   plans.Digest
	Run       string
}

// OpenRun is a run that is under way, waits or needs a person.
type OpenRun struct {
	Run       string
	ChangeSet string
	Actor     string
	State     string // for people: "running", "waiting", "paused", "needs a person"
}
