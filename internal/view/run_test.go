package view

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/plans"
)

func head() Head {
	r := review()
	return Head{ID: "r-20261121-0912-a1b2", Kind: journal.Apply, Plan: r.Plan, Digest: r.Digest, Actor: "ana"}
}

// story is what a run tells whose deployment fails and which is rolled back.
func story(plan *plans.Plan) []rollout.Event {
	at := time.Date(2026, 11, 21, 9, 12, 4, 0, time.UTC)
	step := func(i int) *plans.Step { return &plan.Steps[i] }
	events := []rollout.Event{
		{Kind: rollout.RunStarted},
		{Kind: rollout.PhaseStarted, Phase: plans.Expand},
		{Kind: rollout.StepStarted, Step: step(0), Message: "1 to add"},
		{Kind: rollout.StepProgress, Step: step(0), Message: "terraform_data.cache: creating"},
		{Kind: rollout.StepCompleted, Step: step(0), Message: "1 added", Took: 38 * time.Second},
		{Kind: rollout.StepCompleted, Step: step(1), Message: "orders 0006 -> 0007", Took: time.Second, Figures: map[string]any{"lock_wait_ms": 412, "lock_held_ms": 210}},
		{Kind: rollout.PhaseStarted, Phase: plans.Deploy},
		{Kind: rollout.StepCompleted, Step: step(2), Message: "orders-api @4f0c1e6d2a5b", Found: true},
		{Kind: rollout.StepCompleted, Step: step(3), Message: "runs 4f0c1e6d2a5b", Took: 130 * time.Second},
		{Kind: rollout.PhaseStarted, Phase: plans.Verify},
		{Kind: rollout.CheckSampled, Step: step(4), Check: step(4).Address, Message: "HTTP 200", Sample: &rollout.Sample{Green: true}},
		{Kind: rollout.CheckSampled, Step: step(4), Check: step(4).Address, Message: "orders-api is not ready: HTTP \x1b[31m500", Sample: &rollout.Sample{}},
		{Kind: rollout.BakeProgressed, Step: step(5), Bake: &journal.Bake{Elapsed: plans.Duration(432 * time.Second), Of: plans.Duration(10 * time.Minute)}},
		{Kind: rollout.StepFailed, Step: step(4), Message: "check.http.api_ready failed 3 of 3 in a row: orders-api is not ready: HTTP 500", Took: 15 * time.Second},
		{Kind: rollout.RollbackStarted, Message: "check.http.api_ready failed; nothing irreversible has run"},
		{Kind: rollout.UndoStarted, Step: step(3), Message: "back to 91d0c4aa7e02"},
		{Kind: rollout.StepUndone, Step: step(3), Message: "runs 91d0c4aa7e02", Took: 112 * time.Second},
		{Kind: rollout.StepKept, Step: step(1), Message: "old code works with the new schema"},
		{Kind: rollout.UndoFailed, Step: step(0), Message: "terraform destroy: exit status 1"},
		{Kind: rollout.CheckVerdict, Step: step(4), Check: step(4).Address, Message: "HTTP 200", Verdict: &journal.Verdict{Status: journal.VerdictPass, AfterRollback: true}},
		{Kind: rollout.RunEnded},
	}
	for i := range events {
		events[i].At = at.Add(time.Duration(i) * 7 * time.Second)
	}
	return events
}

func rolledBackOutcome() rollout.Outcome {
	return rollout.Outcome{
		State: journal.RolledBack, Reason: "check.http.api_ready failed", FailedStep: "check.http.api_ready",
		Failure:    &rollout.Failure{Step: "check.http.api_ready", Phase: plans.Verify, Message: "orders-api is not ready: HTTP 500"},
		RolledBack: []string{"deployment.directory.api"},
		Kept:       []string{`migration.orders["0007_add_status"]`, "terraform.cache"},
	}
}

func TestRunElsewhere(t *testing.T) {
	t.Parallel()
	out, buf := screen(100)
	v := NewRun(out, head())
	for _, e := range story(v.head.Plan) {
		v.Event(e)
	}
	if err := v.Conclude(rolledBackOutcome()); err != nil {
		t.Fatal(err)
	}
	golden(t, "run_lines.txt", buf.Bytes())
	if strings.Contains(buf.String(), "\x1b") {
		t.Error("an escape sequence of a target reaches the screen")
	}
}

func TestRunOnATerminal(t *testing.T) {
	t.Parallel()
	out, buf := screen(100)
	out.Terminal = true
	v := NewRun(out, head())
	for _, e := range story(v.head.Plan) {
		v.Event(e)
	}
	if err := v.Conclude(rolledBackOutcome()); err != nil {
		t.Fatal(err)
	}
	golden(t, "run_terminal.txt", []byte(afterRedraws(buf.String())))
}

// afterRedraws is what is left on a terminal's screen.
func afterRedraws(s string) string {
	var left strings.Builder
	for line := range strings.Lines(s) {
		if i := strings.LastIndex(line, "\r\x1b[K"); i >= 0 {
			line = line[i+len("\r\x1b[K"):]
		}
		left.WriteString(line)
	}
	return left.String()
}

func TestWhatServesAfterAWayBack(t *testing.T) {
	t.Parallel()
	deployed := func(address, provider string, grade plans.Grade) plans.Step {
		return plans.Step{Address: address, Action: plans.ActionDeploy, Provider: provider, Rollback: plans.Rollback{Grade: grade}}
	}
	saw := func(address string, current plans.Digest) plans.Observation {
		return plans.Observation{Address: address, Deployment: &plans.DeploymentState{Current: current}}
	}
	const folder, exec = "deployment/directory", "deployment/exec"
	tests := []struct {
		name  string
		steps []plans.Step
		seen  []plans.Observation
		want  string
	}{
		{"no deployment", nil, nil, "No release in dev was replaced."},
		{"a release", []plans.Step{deployed("a", folder, plans.GradeExact)}, []plans.Observation{saw("a", "old")}, "The release that ran before serves in dev again."},
		{"none", []plans.Step{deployed("a", folder, plans.GradeExact)}, []plans.Observation{saw("a", "")}, "Nothing ran before; nothing serves now."},
		{"none, not stopped", []plans.Step{deployed("a", folder, plans.GradeStructural)}, []plans.Observation{saw("a", "")}, "may go on"},
		{"one of two", []plans.Step{deployed("a", folder, plans.GradeExact), deployed("b", folder, plans.GradeExact)}, []plans.Observation{saw("a", ""), saw("b", "old")}, "where nothing ran before"},
		{"commands", []plans.Step{deployed("a", exec, plans.GradeStructural)}, []plans.Observation{saw("a", "")}, "could not look"},
		{"commands that look", []plans.Step{deployed("a", exec, plans.GradeExact)}, []plans.Observation{saw("a", "old")}, "The release that ran before serves"},
		{"late", []plans.Step{deployed("a", folder, plans.GradeExact)}, []plans.Observation{{Address: "a", Late: true}}, "could not look"},
	}
	for _, tt := range tests {
		v := NewRun(nil, Head{Plan: &plans.Plan{Environment: "dev", Steps: tt.steps, Observations: tt.seen}})
		var back []string
		for _, s := range tt.steps {
			back = append(back, s.Address)
		}
		if got := v.servesNow(rollout.Outcome{RolledBack: back}); !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q", tt.name, got)
		}
	}
}

func TestEndings(t *testing.T) {
	t.Parallel()
	step := `migration.orders["0008_drop_state"]`
	endings := []rollout.Outcome{
		{State: journal.Succeeded},
		rolledBackOutcome(),
		{State: journal.RolledBack, Kept: []string{"terraform.cache"}},
		{
			State: journal.NeedsPerson, FailedStep: step,
			Failure: &rollout.Failure{Step: step, Message: "connection lost", Verdict: "unknown", Detail: "the server does not answer"},
			Remains: []string{"nobody can tell whether orders.state is gone; look at the table before you resume"},
		},
		{State: journal.Waiting, Waiting: "phase.verify.bake", Until: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)},
		{State: journal.Blocked, Reason: "the lock on orders is held by pid 4711."},
		{State: journal.Paused, Reached: plans.Deploy},
		{State: journal.Paused, FailedStep: step, Reason: "on_failure is pause."},
		{State: journal.Interrupted},
		{State: journal.Refused, Err: &rollout.RefusedError{Steps: []string{step}, Reason: "the column's texts are gone", Fix: "Go forward with a new change set."}},
		{State: journal.Refused, Err: errors.New("the journal is damaged")},
	}
	var all bytes.Buffer
	for _, o := range endings {
		out, buf := screen(100)
		if err := NewRun(out, head()).Conclude(o); err != nil {
			t.Fatal(err)
		}
		fits(t, 100, buf.Bytes())
		all.WriteString("--- " + string(o.State) + "\n")
		all.Write(buf.Bytes())
	}
	back := head()
	back.Kind, back.Of = journal.Revert, "r-1"
	out, buf := screen(100)
	v := NewRun(out, back)
	out.Terminal = true
	v.Event(rollout.Event{Kind: rollout.RunStarted})
	if err := v.Conclude(rollout.Outcome{State: journal.RolledBack, Kept: []string{"terraform.cache"}}); err != nil {
		t.Fatal(err)
	}
	all.WriteString("--- a rollback\n")
	all.Write(buf.Bytes())
	golden(t, "endings.txt", all.Bytes())
}

func TestEvents(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	v := NewEvents(&buf, head(), time.Date(2026, 11, 21, 9, 12, 3, 0, time.UTC))
	for _, e := range story(v.head.Plan) {
		v.Event(e)
	}
	golden(t, "events.ndjson", buf.Bytes())
	if err := v.Conclude(rolledBackOutcome()); err != nil {
		t.Fatal(err)
	}
	var types []string
	for line := range strings.Lines(buf.String()) {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		for _, name := range []string{"@level", "@message", "@module", "@timestamp", "type"} {
			if s, ok := e[name].(string); !ok || s == "" {
				t.Errorf("%s is missing in %s", name, line)
			}
		}
		types = append(types, e["type"].(string))
	}
	if types[0] != "version" || types[1] != "run_start" || types[len(types)-1] != "run_summary" || slices.Contains(types, "run_end") {
		t.Errorf("types are %q", types)
	}
}

func TestViewsReportAFailedWrite(t *testing.T) {
	t.Parallel()
	r, pipe := io.Pipe()
	_ = r.Close()
	out, _ := screen(100)
	out.Writer = pipe
	human := NewRun(out, head())
	machine := NewEvents(pipe, head(), time.Now())
	for _, e := range story(human.head.Plan) {
		human.Event(e)
		machine.Event(e)
	}
	for _, conclude := range []func(rollout.Outcome) error{human.Conclude, machine.Conclude} {
		if err := conclude(rollout.Outcome{State: journal.Succeeded}); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("got %v, want the pipe's error", err)
		}
	}
}

// What is offered behind a run that went well can be done: what a rollback
// keeps is taken back with the schema alone, and changed rows not at all.
func TestTheWayBackThatIsOffered(t *testing.T) {
	t.Parallel()
	migration := plans.Step{Action: plans.ActionMigrate, Rollback: plans.Rollback{Grade: plans.GradeStructural, Kept: true}}
	release := plans.Step{Action: plans.ActionDeploy, Rollback: plans.Rollback{Grade: plans.GradeExact}}
	infrastructure := plans.Step{Action: plans.ActionTerraform, Rollback: plans.Rollback{Grade: plans.GradeExact}}
	rows := plans.Step{Action: plans.ActionBackfill, Rollback: plans.Rollback{Grade: plans.GradeNone, Kept: true}}
	for _, tt := range []struct {
		steps []plans.Step
		offer string
	}{
		{[]plans.Step{migration, release, rows, infrastructure}, "c --env dev"},
		{[]plans.Step{migration, rows}, "c --env dev --with-schema"},
		{[]plans.Step{infrastructure, rows}, "c --env dev --with-infrastructure"},
		{[]plans.Step{infrastructure, migration}, "c --env dev --with-schema --with-infrastructure"},
		{[]plans.Step{rows}, ""},
	} {
		out, b := screen(100)
		v := NewRun(out, Head{ID: "r-1", Kind: journal.Apply, Plan: &plans.Plan{ChangeSet: "c", Environment: "dev", Steps: tt.steps}})
		if err := v.Conclude(rollout.Outcome{State: journal.Succeeded}); err != nil {
			t.Fatal(err)
		}
		_, offered, _ := strings.Cut(b.String(), "lockstep rollback")
		offered, _, _ = strings.Cut(offered, "take it back")
		if strings.TrimSpace(offered) != tt.offer {
			t.Errorf("%+v:\n%s", tt, b.String())
		}
	}
}
