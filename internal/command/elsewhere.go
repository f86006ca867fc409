package command

import (
	"path"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/planner"
)

// elsewhereFrom is what the journal says of the project's other environments.
// One that is no longer declared claims nothing.
func elsewhereFrom(runs []journal.Run, project *config.Project, here string) planner.Elsewhere {
	out := planner.Elsewhere{Folders: map[string]planner.Deployed{}, Runs: map[string]string{}}
	standings := journal.StandingsOf(runs)
	for _, environment := range project.Environments() {
		if environment.Name == here {
			continue
		}
		targets := standings[environment.Name].Targets
		for target, move := range targets {
			if !movedOn(targets, move) {
				out.Folders[path.Clean(target)] = planner.Deployed{Environment: environment.Name, Run: move.Run, Artifact: move.Artifact}
			}
		}
		for _, run := range runs {
			if run.Environment == environment.Name {
				out.Runs[run.ID] = environment.Name
			}
		}
	}
	return out
}

// movedOn reports whether the same step deploys to another target since.
func movedOn(targets map[string]journal.Move, old journal.Move) bool {
	for _, move := range targets {
		if move.Step == old.Step && move.At.After(old.At) {
			return true
		}
	}
	return false
}
