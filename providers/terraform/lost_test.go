package terraform_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/internal/trialprovider"
	"github.com/lockstep-dev/lockstep/providers"
)

const twoObjects = `
resource "trial_object" "a" { name = "a" }
resource "trial_object" "b" {
  name       = "b"
  depends_on = [trial_object.a]
}
resource "trial_object" "c" {
  name       = "c"
  depends_on = [trial_object.b]
}
`

// TestAKilledProviderLeavesNoObjectUnsaid kills the provider after it has
// made an object and before it could say so.
func TestAKilledProviderLeavesNoObjectUnsaid(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		fault trialprovider.Fault
		lost  []string
		want  providers.Verdict
		made  int
	}{
		{"killed after the effect", trialprovider.Fault{At: "after", Crash: true}, []string{"trial_object.b"}, providers.Unknown, 1},
		{"killed before the effect", trialprovider.Fault{At: "before", Crash: true}, []string{"trial_object.b"}, providers.Unknown, 0},
		{"refused by the provider", trialprovider.Fault{At: "before", Error: "quota exceeded"}, nil, providers.Partial, 0},
		{"made, and failed", trialprovider.Fault{At: "after", Error: "is not healthy"}, nil, providers.Partial, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cloud := trialprovider.NewCloud(t)
			p := newMirroredProject(t, cloud.Provider()+twoObjects)
			req := p.request(p.observe())
			test.fault.Verb, test.fault.Name = "create", "b"
			cloud.Put("b", test.fault)
			if _, err := p.provider.Apply(t.Context(), req); err == nil {
				t.Fatal("the apply succeeded")
			}
			cloud.Lift("b")
			req.Recorded = p.recorded
			report := p.probe(req, test.want)
			if got := addresses(report.Lost); !slices.Equal(got, test.lost) {
				t.Errorf("lost are %v, want %v", got, test.lost)
			}
			if made := cloud.EverMade("object", "b"); made != test.made {
				t.Errorf("b was made %d times, want %d", made, test.made)
			}
			if test.want == providers.Unknown && !strings.Contains(report.Detail, "say so with lockstep decide") {
				t.Errorf("the detail does not say what to type: %s", report.Detail)
			}
		})
	}
}

// TestAnObjectThatWasCompletedAndNotStoredIsToldWithItsID kills Terraform
// after the answer about one object and while the next one is made, and takes
// what was stored away, as a backend does that never got it.
func TestAnObjectThatWasCompletedAndNotStoredIsToldWithItsID(t *testing.T) {
	t.Parallel()
	cloud := trialprovider.NewCloud(t)
	p := newMirroredProject(t, cloud.Provider()+twoObjects)
	req := p.request(p.observe())
	cloud.Put("b", trialprovider.Fault{Verb: "create", Name: "b", HangUntil: "go", Stubborn: true})
	ended := make(chan error, 1)
	go func() {
		_, err := p.provider.Apply(context.Background(), req)
		ended <- err
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cloud.Await(ctx, trialprovider.Call{Name: "b", Event: "hanging"})
	kill(t, p.root)
	if err := <-ended; err == nil {
		t.Fatal("a killed terraform succeeded")
	}
	cloud.Release("go")
	req.Recorded = p.recorded
	lost := []string{"trial_object.b"}
	if !strings.Contains(p.stateOf(), cloud.Named("object", "a")[0].ID) {
		// OpenTofu stores a state now and then, Terraform after each object.
		lost = []string{"trial_object.a", "trial_object.b"}
	}
	if report := p.probe(req, providers.Unknown); !slices.Equal(addresses(report.Lost), lost) {
		t.Errorf("lost are %+v, want %v", report.Lost, lost)
	}
	p.removeState()
	report := p.probe(req, providers.Unknown)
	if !slices.Equal(addresses(report.Lost), []string{"trial_object.a", "trial_object.b"}) {
		t.Fatalf("lost are %+v", report.Lost)
	}
	want := providers.Lost{Address: "trial_object.a", Type: "trial_object", IDKey: "id", ID: cloud.Named("object", "a")[0].ID}
	if report.Lost[0] != want {
		t.Errorf("told is %+v, want %+v", report.Lost[0], want)
	}
}

func addresses(lost []providers.Lost) []string {
	var all []string
	for _, l := range lost {
		all = append(all, l.Address)
	}
	return all
}

func (p *project) removeState() {
	p.t.Helper()
	if err := os.Remove(p.statePath()); err != nil && !os.IsNotExist(err) {
		p.t.Fatal(err)
	}
}
