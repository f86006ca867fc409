package rollout

import (
	"time"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/plans"
)

// Observer is told what a run does, one event at a time. It must not block
// for long: the run waits for it.
type Observer interface {
	Event(Event)
}

// EventKind says what an Event reports.
type EventKind string

// Kinds of events.
const (
	RunStarted      EventKind = "run_start"
	PhaseStarted    EventKind = "phase_start"
	StepStarted     EventKind = "step_start"
	StepProgress    EventKind = "step_progress"
	StepCompleted   EventKind = "step_complete"
	StepFailed      EventKind = "step_failed"
	CheckSampled    EventKind = "check_sample"
	CheckVerdict    EventKind = "check_verdict"
	BakeProgressed  EventKind = "bake_progress"
	RunWaiting      EventKind = "waiting"
	BarrierPlanned  EventKind = "barrier_planned"
	RollbackStarted EventKind = "rollback_start"
	UndoStarted     EventKind = "undo_start"
	StepUndone      EventKind = "step_undone"
	StepKept        EventKind = "step_kept"
	UndoFailed      EventKind = "undo_failed"
	RunEnded        EventKind = "run_end"
)

// Event is one thing that happened. Fields that do not belong to the kind
// are zero.
type Event struct {
	Kind    EventKind
	At      time.Time
	Run     string
	Phase   plans.Phase
	Step    *plans.Step // nil for the run and its phases
	Message string
	// Found is true when the step was already done (or undone) when its
	// target was asked after a crash.
	Found   bool
	Took    time.Duration
	Figures map[string]any

	Check   string // address of the sampled check
	Sample  *Sample
	Verdict *journal.Verdict
	Bake    *journal.Bake
	Barrier *journal.Barrier // what a barrier has planned
	Until   time.Time
	Outcome *Outcome
}
