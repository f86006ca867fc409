package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
)

// Replay folds the records of one run into its state. Records that no
// writer of this project leaves in that order are an error.
func Replay(records []Record) (Run, error) {
	if len(records) == 0 {
		return Run{}, errors.New("a run without records")
	}
	f := fold{run: Run{
		Steps:         make(map[string]StepState, len(records)/2), // an intent and an outcome each
		Bakes:         map[string]BakeState{},
		PhaseDone:     map[plans.Phase]time.Time{},
		AfterRollback: map[string]Verdict{},
	}}
	for _, r := range records {
		if err := f.add(r); err != nil {
			return Run{}, fmt.Errorf("record %d (%s): %w", r.Seq, r.Kind, err)
		}
		f.run.Updated = r.At
	}
	return f.run, nil
}

type fold struct{ run Run }

func (f *fold) add(r Record) error {
	switch r.Kind {
	case RunBegin:
		return f.begin(r)
	case RunResume:
		f.goOn()
		return nil
	case PhaseBegin, PhaseDone:
		return f.phase(r)
	case RollbackBegin:
		f.run.Rollback = new(Rollback)
		return json.Unmarshal(r.Data, f.run.Rollback)
	case BakeProgress:
		return f.bake(r)
	case GateVerdict:
		return f.verdict(r)
	case BarrierPlan:
		return nil // each process plans anew
	case RunEnd:
		return f.end(r)
	default:
		return f.step(r)
	}
}

func (f *fold) begin(r Record) error {
	var b Begin
	if err := json.Unmarshal(r.Data, &b); err != nil {
		return err
	}
	if f.run.ID != "" {
		return errors.New("the run begins twice")
	}
	run := &f.run
	run.ID, run.ChangeSet, run.Environment, run.Plan = r.Run, r.ChangeSet, r.Environment, r.Plan
	run.Content, run.Kind, run.Of, run.Tool = b.Content, b.Kind, b.Of, b.Tool
	run.Ordered = b.Ordered
	run.Actor, run.Host, run.Started, run.State = r.Actor, r.Host, r.At, Running
	return nil
}

// goOn clears what the previous process left as its last word.
func (f *fold) goOn() {
	run := &f.run
	run.State, run.Ended, run.Reason, run.FailedStep = Running, time.Time{}, "", ""
	run.Remains, run.Waiting, run.Until = nil, "", time.Time{}
}

func (f *fold) phase(r Record) error {
	var m PhaseMark
	if err := json.Unmarshal(r.Data, &m); err != nil {
		return err
	}
	if r.Kind == PhaseBegin {
		f.run.Phase = m.Phase
		return nil
	}
	if _, again := f.run.PhaseDone[m.Phase]; !again {
		f.run.PhaseDone[m.Phase] = r.At
	}
	if m.Phase == plans.Release && f.run.Released.IsZero() {
		f.run.Released = r.At
	}
	return nil
}

func (f *fold) bake(r Record) error {
	var b Bake
	if err := json.Unmarshal(r.Data, &b); err != nil {
		return err
	}
	f.run.Bakes[r.Step] = BakeState{Bake: b, At: r.At}
	s := f.state(r)
	if s.Status == StepPending || s.Status == StepFailed {
		s.Status, s.Started, s.Ended = StepRunning, r.At, time.Time{}
	}
	f.run.Steps[r.Step] = s
	return nil
}

func (f *fold) verdict(r Record) error {
	var v Verdict
	if err := json.Unmarshal(r.Data, &v); err != nil {
		return err
	}
	if v.AfterRollback {
		f.run.AfterRollback[r.Step] = v
		return nil
	}
	s := f.state(r)
	if s.Started.IsZero() {
		s.Started = r.At.Add(-time.Duration(v.Took))
	}
	s.Verdict, s.Ended, s.Attempt = &v, r.At, r.Attempt
	switch v.Status {
	case VerdictPass:
		s.Status = StepDone
	case VerdictInterrupted:
		s.Status = StepPending
	default:
		s.Status = StepFailed
	}
	f.run.Steps[r.Step] = s
	return nil
}

func (f *fold) end(r Record) error {
	var e End
	if err := json.Unmarshal(r.Data, &e); err != nil {
		return err
	}
	run := &f.run
	run.State, run.Reason, run.FailedStep, run.Remains = e.State, e.Reason, e.FailedStep, e.Remains
	run.Waiting, run.Until = e.Waiting, e.Until
	if e.State.Over() {
		run.Ended = r.At
	}
	return nil
}

// state returns the step's state and remembers when it first appeared.
func (f *fold) state(r Record) StepState {
	s, known := f.run.Steps[r.Step]
	if !known {
		f.run.Order = append(f.run.Order, r.Step)
	}
	return s
}

func (f *fold) step(r Record) error {
	if r.Step == "" {
		return errors.New("it names no step")
	}
	s := f.state(r)
	change, known := stepChanges[r.Kind]
	if !known {
		return errors.New("this version of lockstep does not know the record's kind")
	}
	if err := change(&s, r); err != nil {
		return err
	}
	if r.Kind == Decided {
		f.run.Decisions++
	}
	f.run.Steps[r.Step] = s
	return nil
}

var stepChanges = map[Kind]func(*StepState, Record) error{
	StepIntent:  intent,
	StepHandle:  handle,
	StepOutcome: outcome,
	StepProbe:   func(*StepState, Record) error { return nil },
	UndoIntent:  undoIntent,
	UndoOutcome: undoOutcome,
	UndoKept:    kept,
	Decided:     decided,
}

func intent(s *StepState, r Record) error {
	if s.Status == StepDone || s.Status == StepKept {
		return fmt.Errorf("step %s is %s and begins again", r.Step, s.Status)
	}
	if err := readIntent(r, &s.Intent); err != nil {
		return err
	}
	s.Status, s.Attempt, s.Started, s.Ended = StepRunning, r.Attempt, r.At, time.Time{}
	return nil
}

func handle(s *StepState, r Record) error {
	if s.Status != StepRunning && s.Status != StepUndoing {
		return fmt.Errorf("step %s reports a fact and has not begun", r.Step)
	}
	s.Recorded = append(s.Recorded, r.Data)
	return nil
}

func outcome(s *StepState, r Record) error {
	if s.Status != StepRunning {
		return fmt.Errorf("step %s ends and has not begun", r.Step)
	}
	if err := readOutcome(r, &s.Outcome); err != nil {
		return err
	}
	s.Ended = r.At
	if took := time.Duration(s.Outcome.Took); took > 0 {
		s.Started = r.At.Add(-took) // it may have been announced long before
	}
	switch s.Outcome.Result {
	case ResultDone:
		s.Status = StepDone
	case ResultFailed:
		s.Status = StepFailed
	case ResultWithdrawn:
		*s = StepState{Attempt: max(s.Attempt-1, 0), Recorded: s.Recorded}
	}
	return nil // interrupted: still running for whoever resumes
}

func undoIntent(s *StepState, r Record) error {
	if s.Status == StepPending && s.Intent.Action == "" {
		// A rollback run journals what an earlier run did.
		if err := json.Unmarshal(r.Data, &s.Intent); err != nil {
			return err
		}
	}
	if s.Status == StepUndone {
		return fmt.Errorf("step %s is undone and is undone again", r.Step)
	}
	s.Status = StepUndoing
	return nil
}

func undoOutcome(s *StepState, r Record) error {
	if s.Status != StepUndoing {
		return fmt.Errorf("the undoing of step %s ends and has not begun", r.Step)
	}
	s.Undo = Outcome{}
	if err := json.Unmarshal(r.Data, &s.Undo); err != nil {
		return err
	}
	s.Ended = r.At
	switch s.Undo.Result {
	case ResultDone:
		s.Status = StepUndone
	case ResultFailed:
		s.Status = StepUndoFailed
	}
	return nil
}

func kept(s *StepState, r Record) error {
	var k Kept
	if err := json.Unmarshal(r.Data, &k); err != nil {
		return err
	}
	s.Status, s.Kept = StepKept, k.Reason
	return nil
}

func decided(s *StepState, r Record) error {
	var d Decision
	if err := json.Unmarshal(r.Data, &d); err != nil {
		return err
	}
	undoing := s.Status == StepUndoing || s.Status == StepUndoFailed
	switch {
	case len(d.Objects) > 0: // how far the step has come is for its target to say
	case d.As == "done":
		s.Status, s.Ended = StepDone, r.At
		s.Outcome = Outcome{Result: ResultDone, Found: true, Summary: "decided by " + r.Actor + ": " + d.Reason}
	case d.As == "absent" && undoing:
		s.Status, s.Ended = StepUndone, r.At
	case d.As == "absent":
		s.Status = StepPending
	default:
		return fmt.Errorf("decided as %q, expected \"done\" or \"absent\"", d.As)
	}
	return nil
}
