package tfchange

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-dev/lockstep/plans"
)

// change builds a change the way a plan shows it: unknown attributes are not
// among the values.
func change(address, action, value string, unknown bool) Change {
	c := Change{
		ResourceChange: plans.ResourceChange{Address: address, Type: "thing", Actions: []string{action}},
		after:          map[string]any{"value": value},
		unknown:        map[string]any{"id": true},
		sensitive:      map[string]any{},
	}
	if unknown {
		c.after, c.unknown = map[string]any{}, map[string]any{"id": true, "value": true}
	}
	return c
}

func drawApproved(t *rapid.T) []Change {
	n := rapid.IntRange(1, 8).Draw(t, "resources")
	var approved []Change
	for i := range n {
		approved = append(approved, change(
			fmt.Sprintf("thing.r%d", i),
			rapid.SampledFrom([]string{"create", "update", "delete"}).Draw(t, "action"),
			rapid.StringMatching(`[a-z]{1,4}`).Draw(t, "value"),
			rapid.Bool().Draw(t, "unknown"),
		))
	}
	return approved
}

// TestWhatACrashLeavesIsCovered cuts an approved plan anywhere: what is left,
// with values that have become known since, is always accepted.
func TestWhatACrashLeavesIsCovered(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var left []Change
		approved := drawApproved(t)
		for _, a := range approved {
			if rapid.Bool().Draw(t, "done") {
				continue
			}
			f := a
			if _, known := a.after.(map[string]any)["value"]; !known && rapid.Bool().Draw(t, "known by now") {
				f.after, f.unknown = map[string]any{"value": "now"}, map[string]any{"id": true}
			}
			left = append(left, f)
		}
		if why := Within(approved, left, plain{}); why != "" {
			t.Fatalf("refused: %s", why)
		}
	})
}

// TestWhatWasNotApprovedIsRefused changes one thing about a remaining change.
func TestWhatWasNotApprovedIsRefused(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		approved := drawApproved(t)
		fresh := append([]Change(nil), approved...)
		i := rapid.IntRange(0, len(fresh)-1).Draw(t, "which")
		f := &fresh[i]
		switch rapid.SampledFrom([]string{"added", "action", "replace", "value", "unknown", "type"}).Draw(t, "how") {
		case "added":
			fresh = append(fresh, change("thing.new", "create", "x", false))
		case "action":
			f.Actions = map[string][]string{"create": {"update"}, "update": {"delete"}, "delete": {"create"}}[f.Actions[0]]
		case "replace":
			f.Actions = []string{"delete", "create"}
		case "value":
			values := f.after.(map[string]any)
			if _, known := values["value"]; !known {
				t.Skip("unknown values may become anything")
			}
			f.after = map[string]any{"value": values["value"].(string) + "!"}
		case "unknown":
			if _, known := f.after.(map[string]any)["value"]; !known {
				t.Skip("it was unknown already")
			}
			f.after, f.unknown = map[string]any{}, map[string]any{"id": true, "value": true}
		case "type":
			f.Type = "other"
		}
		if Within(approved, fresh, plain{}) == "" {
			t.Fatalf("accepted: %+v of %+v", fresh, approved)
		}
	})
}

func TestEqualWantsEveryApprovedChange(t *testing.T) {
	t.Parallel()
	approved := []Change{change("thing.a", "create", "x", false), change("thing.b", "create", "y", true)}
	if why := Equal(approved, approved, plain{}); why != "" {
		t.Errorf("equal sets differ: %s", why)
	}
	if Equal(approved, approved[:1], plain{}) == "" {
		t.Error("a missing change is not noticed")
	}
}

func TestMaskedValuesAreNotInTheDigest(t *testing.T) {
	t.Parallel()
	one := Change{after: map[string]any{"a": "x", "secret": "one"}, unknown: map[string]any{}, sensitive: map[string]any{"secret": true}}
	two := Change{after: map[string]any{"a": "x", "secret": "two"}, unknown: map[string]any{}, sensitive: map[string]any{"secret": true}}
	if one.digest(plain{}) != two.digest(plain{}) {
		t.Error("the digest depends on a sensitive value")
	}
	two.after.(map[string]any)["a"] = "y"
	if one.digest(plain{}) == two.digest(plain{}) {
		t.Error("the digest does not depend on a plain value")
	}
}
