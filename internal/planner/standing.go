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
	// Targets says, by step target, which artifact a run deployed there last,
	// where the journal leaves no doubt.
	Targets map[string]plans.Digest
	// Holds are contents that were taken back here and not applied again since.
	Holds []Hold
	// LastRun is the latest run, whatever became of it.
	LastRun string
	// OpenRun is the oldest run that has not ended; nil when there is none.
	OpenRun *OpenRun
	// Unfinished are the change sets, by name, whose latest run has not ended.
	Unfinished map[string]OpenRun
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
	// State is the journal's word: "running", "waiting", "paused",
	// "interrupted", "blocked" or "needs_person".
	State string
	// Undoing is true once the run is on its way back.
	Undoing bool
	// Pending is true when the change set is released, nothing has failed
	// since, and only its contract phase is left.
	Pending bool
}

// words complete "run r-0003 of app ... in dev".
func (r OpenRun) words() string {
	words := map[string]string{
		"running": "is running", "waiting": "is waiting", "paused": "is paused",
		"interrupted": "was interrupted", "blocked": "is held up", "needs_person": "needs a person",
	}[r.State]
	if words == "" {
		words = "is not over"
	}
	if r.Undoing {
		words += " on its way back"
	}
	return words
}

func (r OpenRun) next() string {
	if r.State == "running" {
		return "lockstep status"
	}
	return "lockstep resume " + r.Run
}

// inDoubt reports whether the run leaves it open what becomes of its change
// set: nothing that is healthy waits for it alone.
func (r OpenRun) inDoubt() bool {
	switch r.State {
	case "waiting", "blocked":
		return r.Undoing
	case "paused":
		return r.Undoing || !r.Pending
	}
	return true
}
