package command

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/plans"
)

// ledger is a journal in memory.
type ledger struct{ entries []string }

func (l *ledger) ID() string { return "r-0001" }

func (l *ledger) Mark() string { return "r-0001.00000000" }

func (l *ledger) As(string) {}

func (l *ledger) Append(e journal.Entry) (journal.Record, error) {
	raw, err := json.Marshal(e.Data)
	l.entries = append(l.entries, string(raw))
	return journal.Record{}, err
}

func TestMaskedJournalHidesWhatIsForPeople(t *testing.T) {
	t.Parallel()
	const canary = `can"ary\7`
	said := "it said " + canary
	evidence, err := json.Marshal(map[string]any{"stdout": said, "body": map[string]any{"inner": said}})
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range []any{
		journal.Intent{Summary: said},
		journal.Outcome{
			Summary: said, Error: said, Detail: said, Figures: map[string]any{"last": said, "rows": 7},
			Outputs: []plans.Output{{Name: "x", Known: true, Value: evidence}},
		},
		journal.Probe{Detail: said},
		journal.Verdict{Message: said, Evidence: evidence},
		journal.Bake{Message: said},
		journal.Rollback{Reason: said},
		journal.Kept{Reason: said},
		journal.Decision{Reason: said},
		journal.Barrier{Found: []string{said}, Steps: []journal.BarrierStep{{Address: "a", Summary: said}}, Warnings: []string{said}, Outside: []string{said}},
		journal.End{Reason: said, Remains: []string{"one", said}},
		&journal.Kept{Reason: said},
		map[string]any{"anything": []string{said}},
	} {
		l := &ledger{}
		j := maskedJournal{Journal: l, mask: redact.NewValues(canary)}
		if _, err := j.Append(journal.Entry{Kind: journal.StepOutcome, Data: data}); err != nil {
			t.Fatal(err)
		}
		if written := l.entries[0]; strings.Contains(written, `ary\`) || !strings.Contains(written, "it said ***") && !strings.Contains(written, `"sensitive":true`) {
			t.Errorf("%T is written as %s", data, written)
		}
	}
}

func TestMaskedJournalKeepsWhatIsObeyed(t *testing.T) {
	t.Parallel()
	mask := redact.NewValues("done", "orders", "expand", "begun", "abcd", "waiting", "migrate")
	digest := plans.Digest("sha256:" + strings.Repeat("abcd", 16))
	for kind, data := range map[journal.Kind]any{
		journal.StepIntent:  journal.Intent{Phase: plans.Expand, Action: plans.ActionMigrate, Target: "database.orders", Database: "orders", Artifact: digest},
		journal.StepOutcome: journal.Outcome{Result: journal.ResultDone, Verdict: "done", Figures: map[string]any{"rows": 7}},
		journal.StepHandle:  map[string]string{"stage": "begun", "plan": string(digest)},
		journal.PhaseBegin:  journal.PhaseMark{Phase: plans.Expand},
		journal.StepProbe:   journal.Probe{Verdict: "done"},
		journal.RunEnd:      journal.End{State: journal.Waiting, FailedStep: "migration.orders"},
		journal.RunResume:   nil,
	} {
		want, err := json.Marshal(data)
		if err != nil {
			t.Fatal(err)
		}
		l := &ledger{}
		if _, err := (maskedJournal{Journal: l, mask: mask}).Append(journal.Entry{Kind: kind, Data: data}); err != nil {
			t.Fatal(err)
		}
		if l.entries[0] != string(want) {
			t.Errorf("%s is written as %s, expected %s", kind, l.entries[0], want)
		}
	}
}

// An output whose value is hidden must not come back as "***".
func TestMaskedJournalWithholdsOutputs(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	j := maskedJournal{Journal: l, mask: redact.NewValues("s3cret")}
	out := journal.Outcome{Outputs: []plans.Output{
		{Name: "url", Known: true, Value: json.RawMessage(`"x://s3cret@y"`)},
		{Name: "name", Known: true, Value: json.RawMessage(`"cache"`)},
	}}
	if _, err := j.Append(journal.Entry{Kind: journal.StepOutcome, Data: out}); err != nil {
		t.Fatal(err)
	}
	var written journal.Outcome
	if err := json.Unmarshal([]byte(l.entries[0]), &written); err != nil {
		t.Fatal(err)
	}
	if o := written.Outputs[0]; o.Value != nil || !o.Sensitive {
		t.Errorf("url is written as %+v", o)
	}
	if o := written.Outputs[1]; string(o.Value) != `"cache"` || o.Sensitive {
		t.Errorf("name is written as %+v", o)
	}
	if string(out.Outputs[0].Value) != `"x://s3cret@y"` {
		t.Error("the caller's outputs were changed")
	}
}

func TestMaskedJournalLeavesBadDataToTheJournal(t *testing.T) {
	t.Parallel()
	j := maskedJournal{Journal: &ledger{}, mask: redact.NewValues("s3cret")}
	_, err := j.Append(journal.Entry{Kind: journal.StepOutcome, Data: map[string]any{"nan": math.NaN()}})
	if _, ok := errors.AsType[*json.UnsupportedValueError](err); !ok {
		t.Errorf("got %v", err)
	}
}
