package terraform

import (
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
)

func TestOnlyOwnTaintedObjectsAreCompleted(t *testing.T) {
	t.Parallel()
	tainted := &stateFile{Resources: []stateResource{{Mode: "managed", Type: "thing", Name: "a", Instances: []stateInstance{{Status: "tainted"}}}}}
	whole := &stateFile{Resources: []stateResource{{Mode: "managed", Type: "thing", Name: "a", Instances: []stateInstance{{}}}}}
	replace := planned{ResourceChange: plans.ResourceChange{Address: "thing.a", Actions: []string{"delete", "create"}}}
	for name, test := range map[string]struct {
		was, now *stateFile
		want     int // actions that remain
	}{
		"made by the step and tainted": {was: &stateFile{}, now: tainted, want: 1},
		"made by the step and whole":   {was: &stateFile{}, now: whole, want: 2},
		"there before the step":        {was: whole, now: tainted, want: 2},
		"nobody knows":                 {was: nil, now: tainted, want: 2},
	} {
		if got := unfinished([]planned{replace}, test.was, test.now)[0].Actions; len(got) != test.want {
			t.Errorf("%s: actions %v", name, got)
		}
	}
}
