package view

import (
	"bytes"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/plans"
)

func barrierOf(outside ...string) journal.Barrier {
	return journal.Barrier{
		Plan: plans.DigestOf([]byte("rest")), Found: []string{"database.orders is empty (system 7)"},
		Steps:    []journal.BarrierStep{{Address: `migration.orders["0007_add_status"]`, Summary: "orders empty -> 7", Risk: "medium"}},
		Warnings: []string{"the table \x1b[2J is large"}, Outside: outside,
	}
}

func TestABarrierIsShown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		barrier journal.Barrier
		says    []string
	}{
		"inside":  {barrierOf(), []string{"inside of what was approved", "found: database.orders is empty", "orders empty -> 7 (risk MEDIUM)", "warning: "}},
		"outside": {barrierOf("database.orders is at version 3"), []string{"OUTSIDE of what was approved", "outside: database.orders is at version 3"}},
	} {
		var out bytes.Buffer
		v := NewRun(wrapOut(&out), Head{ID: "r-1", Plan: orderStatus()})
		v.Event(rollout.Event{Kind: rollout.BarrierPlanned, Barrier: &c.barrier, Message: c.barrier.Words()})
		for _, words := range c.says {
			if !strings.Contains(out.String(), words) {
				t.Errorf("%s: not said: %q\n%s", name, words, out.String())
			}
		}
		if strings.Contains(out.String(), "\x1b") {
			t.Errorf("%s: a control character reaches the terminal", name)
		}
	}
}

func TestWhatWasNotApprovedSaysHowToGoOn(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	v := NewRun(wrapOut(&out), Head{ID: "r-1", Plan: orderStatus()})
	err := v.Conclude(rollout.Outcome{
		State: journal.NeedsPerson, FailedStep: "terraform.cache", Reason: "terraform.cache would leave what was approved",
		Failure: &rollout.Failure{Step: "terraform.cache", Message: "it is at version 3", Outside: []string{"it is at version 3"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	at := -1
	for _, words := range []string{"A PERSON IS NEEDED", "new approval", "lockstep resume r-1", "lockstep abort r-1", "lockstep plan order_status"} {
		i := strings.Index(out.String(), words)
		if i < at {
			t.Errorf("%q is not where it belongs:\n%s", words, out.String())
		}
		at = i
	}
}

func TestStepsWithTheSameBoundsShareASentence(t *testing.T) {
	t.Parallel()
	e := plans.Envelope{Reason: "made by this plan", NonDestructive: true, Hosts: []string{"*.internal"}, Database: &plans.DatabaseBound{}}
	other := plans.Envelope{Reason: "made by this plan", Database: &plans.DatabaseBound{Version: "4"}}
	plan := &plans.Plan{Steps: []plans.Step{
		{Address: "a", Late: true, Envelope: &e}, {Address: "b", Late: true, Envelope: &other}, {Address: "c", Late: true, Envelope: &e},
	}}
	got := strings.Join(knownLater(plan), "\n")
	want := "steps 1, 3: made by this plan (an empty database; at *.internal; nothing destructive)\nstep 2, b: made by this plan (a database at version 4; at any host)"
	if got != want {
		t.Errorf("found\n%s\nexpected\n%s", got, want)
	}
}
