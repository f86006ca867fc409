package journal

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
)

// The fast way says what encoding/json says, and knows what is usual.
func TestScanReadsSteps(t *testing.T) {
	t.Parallel()
	intent := Intent{
		Phase: plans.Expand, Action: plans.ActionMigrate, Provider: "database/postgres", Target: "database.main",
		Summary: `main 1 -> 2, "a" <b> \\ & c`, Database: "database.main", Version: "2",
	}
	outcome := Outcome{
		Result: ResultDone, Found: true, Changed: true, Summary: "1 -> 2", Figures: map[string]any{"tries": float64(1), "rows": float64(0)},
		Took: plans.Duration(1500 * time.Millisecond),
	}
	for _, c := range []struct {
		of    any
		known bool
	}{
		{intent, true},
		{Intent{Phase: plans.Expand, Action: plans.ActionFetch}, true},
		{outcome, true},
		{Outcome{Result: ResultWithdrawn}, true},
		{Outcome{Result: ResultDone, Figures: map[string]any{}}, true},
		{Outcome{Result: ResultFailed, Error: "no", Verdict: "absent"}, false},
		{Outcome{Result: ResultDone, Figures: map[string]any{"share": 0.5}}, false},
		{Outcome{Result: ResultDone, Summary: "ä"}, false},
	} {
		doc, err := json.Marshal(c.of)
		if err != nil {
			t.Fatal(err)
		}
		_, intentKnown := scanIntent(doc)
		_, outcomeKnown := scanOutcome(doc)
		if known := intentKnown || outcomeKnown; known != c.known {
			t.Errorf("%s: known %t, expected %t", doc, known, c.known)
		}
		stepAsJSON(t, doc)
	}
}

func stepAsJSON(t failer, doc []byte) {
	if got, known := scanIntent(doc); known {
		var want Intent
		if err := json.Unmarshal(doc, &want); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: %v\ngot  %+v\nwant %+v", doc, err, got, want)
		}
	}
	if got, known := scanOutcome(doc); known {
		var want Outcome
		if err := json.Unmarshal(doc, &want); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: %v\ngot  %+v\nwant %+v", doc, err, got, want)
		}
	}
}

func FuzzScanStep(f *testing.F) {
	f.Add([]byte(`{"phase":"expand","action":"migrate","provider":"p","target":"t","summary":"a -\u003e b","database":"d","version":"1"}`))
	f.Add([]byte(`{"result":"done","found":true,"changed":true,"summary":"a","figures":{"a":1,"b":20},"took":"5ms"}`))
	f.Add([]byte(`{"result":"done","figures":{},"took":"1h0m0s"}`))
	f.Fuzz(func(t *testing.T, doc []byte) { stepAsJSON(t, doc) })
}
