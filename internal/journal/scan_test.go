package journal

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lockstep-dev/lockstep/plans"
)

// TestScanReadsWhatIsWritten: the fast way knows every record with a plain
// text, and never says anything else than encoding/json.
func TestScanReadsWhatIsWritten(t *testing.T) {
	t.Parallel()
	text := rapid.OneOf(
		rapid.SampledFrom([]string{"", "r-0001", `migration.main["0001_a"]`, "a\nb", "ä", "\u2028", `\`, "<&>", "\x7f", "\x00"}),
		rapid.String(),
	)
	rapid.Check(t, func(t *rapid.T) {
		r := Record{
			V: recordVersion, Seq: rapid.Int64Min(1).Draw(t, "seq"), At: time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "at"), 7).UTC(),
			Run: text.Draw(t, "run"), ChangeSet: text.Draw(t, "change set"), Environment: text.Draw(t, "environment"),
			Plan: plans.DigestOf([]byte("plan")), Kind: StepOutcome, Step: text.Draw(t, "step"),
			Attempt: rapid.IntRange(0, 3).Draw(t, "attempt"), Actor: text.Draw(t, "actor"), Host: text.Draw(t, "host"),
			Prev: plans.DigestOf([]byte("prev")),
		}
		if rapid.Bool().Draw(t, "data") {
			r.Data, _ = json.Marshal(Kept{Reason: text.Draw(t, "reason")})
		}
		doc, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		sameAsJSON(t, doc, &Record{Run: r.Run, Actor: "x"})
	})
	r := Record{V: 1, Seq: 3, At: time.Unix(1, 0).UTC(), Run: "r", Plan: plans.DigestOf(nil), Kind: StepIntent, Step: `m["1"]`, Prev: plans.DigestOf(nil)}
	doc, _ := json.Marshal(r)
	if _, known := scanRecord(doc, &Record{}); !known {
		t.Errorf("an ordinary record is not known: %s", doc)
	}
}

type failer interface{ Fatalf(string, ...any) }

func sameAsJSON(t failer, doc []byte, before *Record) {
	got, known := scanRecord(doc, before)
	if !known {
		return
	}
	stepAsJSON(t, got.Data)
	var want Record
	if err := json.Unmarshal(doc, &want); err != nil {
		t.Fatalf("%q is no record (%v), and was read as %+v", doc, err, got)
	}
	got.parsed = nil // compared by stepAsJSON
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%q:\ngot  %+v\nwant %+v", doc, got, want)
	}
}

func FuzzScan(f *testing.F) {
	f.Add([]byte(`{"v":1,"seq":1,"at":"2026-11-21T15:45:03.893985625Z","run":"r-0001","change_set":"all","environment":"dev","plan":"sha256:41b0d104deeed784585fac8cf535844b25443d9ed5405ac8a049c606f462e0d6","kind":"intent","step":"m[\"1\"]","attempt":1,"actor":"root","host":"vm","data":{"a":1},"prev":"sha256:3e94b04783ba682d04ac5d8fbfade13de9e1b00b790b87c5c54f781c6e5d5f34"}`))
	f.Fuzz(func(t *testing.T, doc []byte) { sameAsJSON(t, doc, &Record{}) })
}
