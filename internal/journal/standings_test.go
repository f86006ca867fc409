package journal

import (
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
)

// moved is a run of change set "app" in dev with one deployment and one migration.
func moved(id string, status Status, artifact, version string) Run {
	at := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	return Run{
		ID: id, ChangeSet: "app", Environment: "dev", Kind: Apply, State: Succeeded, Started: at, Updated: at,
		Order: []string{"migration.m", "deployment.d"},
		Steps: map[string]StepState{
			"migration.m":  {Status: status, Ended: at, Intent: Intent{Action: plans.ActionMigrate, Database: "main", Version: version}},
			"deployment.d": {Status: status, Ended: at, Intent: Intent{Action: plans.ActionDeploy, Target: "d", Artifact: plans.Digest(artifact)}},
		},
	}
}

func takenBack(id, of string, status Status) Run {
	run := moved(id, status, "", "")
	run.Kind, run.Of, run.Rollback = Revert, of, new(Rollback)
	return run
}

func TestWhatIsThere(t *testing.T) {
	t.Parallel()
	first := moved("r-1", StepDone, "one", "1")
	tests := []struct {
		name             string
		later            []Run
		artifact, schema string
		inDoubt          bool
	}{
		{"only the first", nil, "one", "1", false},
		{"a second", []Run{moved("r-2", StepDone, "two", "2")}, "two", "2", false},
		{"kept", []Run{moved("r-2", StepKept, "two", "2")}, "two", "2", false},
		{"undone", []Run{moved("r-2", StepUndone, "two", "2")}, "one", "1", false},
		{"the undoing failed", []Run{moved("r-2", StepUndoFailed, "two", "2")}, "two", "2", true},
		{"the undoing was cut", []Run{moved("r-2", StepUndoing, "two", "2")}, "two", "2", true},
		{"begun", []Run{moved("r-2", StepRunning, "two", "2")}, "one", "1", true},
		{"failed", []Run{moved("r-2", StepFailed, "two", "2")}, "one", "1", true},
		{"failed, then done", []Run{moved("r-2", StepFailed, "two", "2"), moved("r-3", StepDone, "three", "3")}, "three", "3", false},
		{"taken back", []Run{moved("r-2", StepDone, "two", "2"), takenBack("r-3", "r-2", StepUndone)}, "one", "1", false},
		{"taking back failed", []Run{moved("r-2", StepDone, "two", "2"), takenBack("r-3", "r-2", StepUndoFailed)}, "two", "2", true},
	}
	for _, tt := range tests {
		env := StandingsOf(append([]Run{first}, tt.later...))["dev"]
		move := env.Targets["d"]
		schema := env.Windows[len(env.Windows)-1].Schemas["main"]
		if string(move.Artifact) != tt.artifact || schema != tt.schema || move.InDoubt != tt.inDoubt {
			t.Errorf("%s: got %s, doubt %t, schema %s", tt.name, move.Artifact, move.InDoubt, schema)
		}
	}
}

func TestARefusedRollbackTakesNothingBack(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	first, second := moved("r-1", StepDone, "one", "1"), moved("r-2", StepDone, "two", "2")
	first.Released, second.Released = at, at
	refused := takenBack("r-3", "r-1", StepPending)
	refused.State, refused.Rollback = Refused, nil
	back := takenBack("r-4", "r-2", StepUndone)
	st, _ := StandingsOf([]Run{first, second, refused, back}).Of("dev", "app")
	if !st.Has || st.Run != "r-1" {
		t.Errorf("got %+v", st)
	}
}
