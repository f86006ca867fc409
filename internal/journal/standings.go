package journal

import (
	"slices"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
)

// Standings is what each environment has, by name.
type Standings map[string]Environment

// Environment is what one environment has.
type Environment struct {
	// ChangeSets in the order in which their latest runs began.
	ChangeSets []Standing
	// Targets says which change set moved a deployment target last.
	Targets map[string]Move
	// Holds are contents that were rolled back here: they are not promoted
	// until they were applied here again, healthy.
	Holds []Hold
	// Windows say which artifacts ran on which schemas, oldest first.
	Windows []Window
}

// Standing is one change set in one environment.
type Standing struct {
	ChangeSet string
	// Has is true once the release phase and its bake were green. Content,
	// Run and Since belong to the run that made it so.
	Has     bool
	Content plans.Digest
	Run     string
	Since   time.Time

	// Latest is the latest run of the change set here, a rollback included.
	Latest Run
	// Text is the latest run's state for people: "released", "contract
	// pending", "contract", "rolled back", "needs a person", ...
	Text string
}

// Move is the last deployment at a target.
type Move struct {
	ChangeSet string
	Run       string
	Step      string
	Artifact  plans.Digest
	At        time.Time
	// InDoubt is true when a later deployment there, or its undoing, was begun
	// and did not end well: what runs is not known from the journal.
	InDoubt bool
}

// Hold keeps a rolled back content from being promoted.
type Hold struct {
	ChangeSet string
	Content   plans.Digest
	Run       string
	Since     time.Time
}

// Window is what one run left: artifacts by deployment target, and schema
// versions (decimal) by database.
type Window struct {
	Run       string
	ChangeSet string
	At        time.Time
	Artifacts map[string]plans.Digest
	Schemas   map[string]string
}

// Of returns the change set's standing in an environment.
func (s Standings) Of(environment, changeSet string) (Standing, bool) {
	for _, st := range s[environment].ChangeSets {
		if st.ChangeSet == changeSet {
			return st, true
		}
	}
	return Standing{}, false
}

// StandingsOf folds runs, oldest first, into what each environment has.
func StandingsOf(runs []Run) Standings {
	undone, doubted := triedBack(runs, StepUndone), triedBack(runs, StepUndoing, StepUndoFailed)
	out := Standings{}
	for _, run := range runs {
		env := out[run.Environment]
		if env.Targets == nil {
			env.Targets = map[string]Move{}
		}
		env.stand(run, runs, undone)
		env.hold(run, runs)
		if run.Kind == Apply {
			env.remember(run, undone[run.ID])
			env.doubt(run, undone[run.ID], doubted[run.ID])
		}
		out[run.Environment] = env
	}
	return out
}

// triedBack lists, by run, the steps that later rollback runs left in one of
// the statuses.
func triedBack(runs []Run, statuses ...Status) map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for _, r := range runs {
		if r.Kind != Revert {
			continue
		}
		for step, s := range r.Steps {
			if !slices.Contains(statuses, s.Status) {
				continue
			}
			if out[r.Of] == nil {
				out[r.Of] = map[string]bool{}
			}
			out[r.Of][step] = true
		}
	}
	return out
}

func (e *Environment) stand(run Run, runs []Run, undone map[string]map[string]bool) {
	st := Standing{ChangeSet: run.ChangeSet}
	e.ChangeSets = slices.DeleteFunc(e.ChangeSets, func(old Standing) bool {
		if old.ChangeSet == run.ChangeSet {
			st = old
			return true
		}
		return false
	})
	st.Latest, st.Text = run, text(run)
	switch {
	case run.Kind == Revert && run.Undoing() && run.State != Refused:
		st.Has, st.Content, st.Run, st.Since = false, "", "", time.Time{}
		if before, ok := standingBefore(runs, run.Of, undone); ok {
			st.Has, st.Content, st.Run, st.Since = true, before.Content, before.ID, before.Released
		}
	case run.Kind == Apply && !run.Released.IsZero() && !run.Undoing():
		st.Has, st.Content, st.Run, st.Since = true, run.Content, run.ID, run.Released
	}
	e.ChangeSets = append(e.ChangeSets, st)
}

// standingBefore returns the newest run before the undone one that still
// stands, of the same change set and environment.
func standingBefore(runs []Run, of string, undone map[string]map[string]bool) (Run, bool) {
	i := slices.IndexFunc(runs, func(r Run) bool { return r.ID == of })
	if i < 0 {
		return Run{}, false
	}
	for _, r := range slices.Backward(runs[:i]) {
		same := r.ChangeSet == runs[i].ChangeSet && r.Environment == runs[i].Environment
		_, takenBack := undone[r.ID]
		if same && r.Kind == Apply && !r.Released.IsZero() && !r.Undoing() && !takenBack {
			return r, true
		}
	}
	return Run{}, false
}

func text(run Run) string {
	switch run.State {
	case Succeeded:
		for _, s := range run.Steps {
			if s.Intent.Phase == plans.Contract {
				return "contract"
			}
		}
		return "released"
	case RolledBack:
		if run.Rollback != nil && run.Rollback.Leave {
			return "given up"
		}
		return "rolled back"
	case NeedsPerson:
		return "needs a person"
	case Refused:
		return "rollback refused"
	}
	if run.Undoing() {
		return "rolling back, " + string(run.State)
	}
	if !run.Released.IsZero() && run.State != Running {
		return "contract pending"
	}
	return string(run.State)
}

func (e *Environment) hold(run Run, runs []Run) {
	content, of := run.Content, run.ID
	if run.Kind == Revert {
		of = run.Of
		if i := slices.IndexFunc(runs, func(r Run) bool { return r.ID == run.Of }); i >= 0 {
			content = runs[i].Content
		}
	}
	released := run.Kind == Apply && !run.Released.IsZero() && !run.Undoing()
	takenBack := run.Undoing() && run.State != Refused
	if !released && !takenBack {
		return
	}
	e.Holds = slices.DeleteFunc(e.Holds, func(h Hold) bool {
		return h.ChangeSet == run.ChangeSet && h.Content == content
	})
	if takenBack {
		e.Holds = append(e.Holds, Hold{ChangeSet: run.ChangeSet, Content: content, Run: of, Since: run.Updated})
	}
}

// doubt marks the targets whose last deployment, or its undoing, was begun and
// did not end well.
func (e *Environment) doubt(run Run, undone, doubted map[string]bool) {
	for address, s := range run.Steps {
		if s.Intent.Action != plans.ActionDeploy || undone[address] {
			continue
		}
		move, moved := e.Targets[s.Intent.Target]
		switch s.Status {
		case StepRunning, StepFailed, StepUndoing, StepUndoFailed:
			move.InDoubt = true
		default:
			move.InDoubt = doubted[address]
		}
		if moved && s.Status != StepUndone {
			e.Targets[s.Intent.Target] = move
		}
	}
}

// remember notes where the run moved targets, as far as it was not undone. An
// undoing that is not known to have ended well counts as none.
func (e *Environment) remember(run Run, undone map[string]bool) {
	window := Window{Run: run.ID, ChangeSet: run.ChangeSet, Artifacts: map[string]plans.Digest{}, Schemas: map[string]string{}}
	for _, address := range run.Order {
		s := run.Steps[address]
		if undone[address] || !there(s.Status) {
			continue
		}
		switch s.Intent.Action {
		case plans.ActionDeploy:
			e.Targets[s.Intent.Target] = Move{
				ChangeSet: run.ChangeSet, Run: run.ID, Step: address, Artifact: s.Intent.Artifact, At: s.Ended,
			}
			window.Artifacts[s.Intent.Target] = s.Intent.Artifact
		case plans.ActionMigrate:
			window.Schemas[s.Intent.Database] = s.Intent.Version
		default:
			continue
		}
		if s.Ended.After(window.At) {
			window.At = s.Ended
		}
	}
	if len(window.Artifacts)+len(window.Schemas) > 0 {
		e.Windows = append(e.Windows, window)
	}
}

// there reports whether a step's effect must be taken to be at its target.
func there(s Status) bool {
	return s == StepDone || s == StepKept || s == StepUndoing || s == StepUndoFailed
}
