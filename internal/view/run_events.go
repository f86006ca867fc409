package view

import (
	"encoding/json"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/plans"
)

// UIVersion is the version of the event stream. Readers ignore properties
// they do not know and refuse another major version, as with Terraform's.
const UIVersion = "1.0"

// Events writes a run as JSON lines in the shape of Terraform's machine
// readable UI (https://developer.hashicorp.com/terraform/internals/machine-readable-ui).
// It is safe for concurrent use.
type Events struct {
	w    io.Writer
	head Head

	mu  sync.Mutex
	err error
}

// NewEvents writes the version line and returns a view that writes to w.
func NewEvents(w io.Writer, head Head, now time.Time) *Events {
	v := &Events{w: w, head: head}
	v.write(event{
		Level: "info", Message: head.Plan.Tool, At: now, Type: "version", Tool: head.Plan.Tool, UI: UIVersion,
	})
	return v
}

// event has the union of all fields; empty ones are left out.
type event struct {
	Level   string    `json:"@level"`
	Message string    `json:"@message"`
	Module  string    `json:"@module"`
	At      time.Time `json:"-"`
	Time    string    `json:"@timestamp"`
	Type    string    `json:"type"`

	Tool string `json:"lockstep,omitempty"`
	UI   string `json:"ui,omitempty"`

	Run         string           `json:"run,omitempty"`
	ChangeSet   string           `json:"change_set,omitempty"`
	Environment string           `json:"environment,omitempty"`
	Plan        plans.Digest     `json:"plan,omitempty"`
	Kind        journal.RunKind  `json:"kind,omitempty"`
	Phase       plans.Phase      `json:"phase,omitempty"`
	Step        string           `json:"step,omitempty"`
	Number      int              `json:"number,omitempty"`
	Action      plans.Action     `json:"action,omitempty"`
	Found       bool             `json:"found,omitempty"`
	TookMS      int64            `json:"took_ms,omitempty"`
	Figures     map[string]any   `json:"figures,omitempty"`
	Check       string           `json:"check,omitempty"`
	Green       *bool            `json:"green,omitempty"`
	Evidence    json.RawMessage  `json:"evidence,omitempty"`
	Verdict     *journal.Verdict `json:"verdict,omitempty"`
	Bake        *journal.Bake    `json:"bake,omitempty"`
	Barrier     *journal.Barrier `json:"barrier,omitempty"`
	Until       string           `json:"until,omitempty"`
	Summary     *summary         `json:"summary,omitempty"`
}

type summary struct {
	State      journal.State `json:"state"`
	Reason     string        `json:"reason,omitempty"`
	FailedStep string        `json:"failed_step,omitempty"`
	RolledBack []string      `json:"rolled_back"`
	Kept       []string      `json:"kept"`
	Remains    []string      `json:"remains"`
	Waiting    string        `json:"waiting,omitempty"`
	Reached    plans.Phase   `json:"reached,omitempty"`
	Next       []string      `json:"next,omitempty"`
}

// Event writes one event.
func (v *Events) Event(e rollout.Event) {
	if e.Kind == rollout.RunEnded {
		return // Conclude says it with the whole outcome
	}
	out := event{
		Level: levelOf(e), Message: e.Message, At: e.At, Type: typeOf(e.Kind), Run: v.head.ID,
		Phase: e.Phase, Found: e.Found, TookMS: e.Took.Milliseconds(), Figures: e.Figures,
		Check: e.Check, Verdict: e.Verdict, Bake: e.Bake, Barrier: e.Barrier,
	}
	if e.Step != nil {
		out.Step, out.Phase, out.Action, out.Number = e.Step.Address, e.Step.Phase, e.Step.Action, number(v.head.Plan, e.Step.Address)
	}
	if e.Sample != nil {
		out.Green, out.Evidence = &e.Sample.Green, e.Sample.Evidence
	}
	if e.Kind == rollout.RunStarted {
		out.ChangeSet, out.Environment, out.Plan, out.Kind = v.head.Plan.ChangeSet, v.head.Plan.Environment, v.head.Digest, v.head.Kind
	}
	if !e.Until.IsZero() {
		out.Until = e.Until.UTC().Format(time.RFC3339)
	}
	if out.Message == "" {
		out.Message = strings.Join(strings.Fields(out.Type+" "+string(out.Phase)+" "+out.Step), " ")
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.write(out)
}

// Conclude writes the last line, run_summary, and returns the first error of
// writing.
func (v *Events) Conclude(o rollout.Outcome) error {
	level, why := "info", o.Reason
	if o.State == journal.NeedsPerson || o.FailedStep != "" || o.Err != nil {
		level = "error"
		why = reason(o)
	}
	out := event{
		Level: level, Message: "run " + v.head.ID + ": " + string(o.State), At: time.Now(), Type: "run_summary",
		Run: v.head.ID, ChangeSet: v.head.Plan.ChangeSet, Environment: v.head.Plan.Environment, Plan: v.head.Digest,
		Summary: &summary{
			State: o.State, Reason: why, FailedStep: o.FailedStep, RolledBack: list(o.RolledBack),
			Kept: list(o.Kept), Remains: list(o.Remains), Waiting: o.Waiting, Reached: o.Reached,
		},
	}
	if !o.Until.IsZero() {
		out.Until = o.Until.UTC().Format(time.RFC3339)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.write(out)
	return v.err
}

// NotBegun ends the stream of a command that had nothing to do ("settled") or
// was refused ("blocked") before a run began.
func (v *Events) NotBegun(state, reason string, next []string) error {
	level := "info"
	if state != "settled" {
		level = "error"
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.write(event{
		Level: level, Message: reason, At: time.Now(), Type: "run_summary",
		ChangeSet: v.head.Plan.ChangeSet, Environment: v.head.Plan.Environment, Plan: v.head.Digest,
		Summary: &summary{
			State: journal.State(state), Reason: reason, Next: next,
			RolledBack: []string{}, Kept: []string{}, Remains: []string{},
		},
	})
	return v.err
}

func (v *Events) write(e event) {
	e.Module, e.Time = "lockstep.ui", e.At.UTC().Format("2006-01-02T15:04:05.000000Z07:00")
	line, err := json.Marshal(e)
	if err == nil {
		_, err = v.w.Write(append(asciiControls(line), '\n'))
	}
	if err != nil && v.err == nil {
		v.err = err
	}
}

// typeOf is the event's name in the stream, in Terraform's words where it has
// one.
func typeOf(kind rollout.EventKind) string {
	switch kind {
	case rollout.StepFailed:
		return "step_errored"
	case rollout.CheckVerdict:
		return "check_result"
	}
	return string(kind)
}

func levelOf(e rollout.Event) string {
	switch {
	case e.Kind == rollout.StepFailed || e.Kind == rollout.UndoFailed || e.Barrier != nil && len(e.Barrier.Outside) > 0:
		return "error"
	case e.Kind == rollout.RollbackStarted || e.Verdict != nil && e.Verdict.Status != journal.VerdictPass:
		return "warn"
	}
	return "info"
}
