package terraform_test

import (
	"context"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/internal/trialprovider"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// TestAnUpdateThatNobodySawIsNotSaidToBeAbsent kills Terraform after an update
// had its effect and before the state knew: the state is as before, the object
// is not.
func TestAnUpdateThatNobodySawIsNotSaidToBeAbsent(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, at string
		want     providers.Verdict
	}{
		{"after its effect", "after", providers.Partial},
		{"before its effect", "before", providers.Absent},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cloud := trialprovider.NewCloud(t)
			p := newMirroredProject(t, cloud.Provider()+`
variable "size" { type = string }
resource "trial_object" "a" {
  name = "a"
  size = var.size
}
`)
			p.input("size", "small")
			p.apply(p.request(p.observe()))
			p.recorded = nil
			p.input("size", "large")
			req := p.request(p.observe())
			req.Plan = plans.DigestOf([]byte("another bundle"))
			killInCall(t, p, req, cloud, trialprovider.Fault{Verb: "update", Name: "a", At: test.at})
			req.Recorded = p.recorded
			p.probe(req, test.want)
			cloud.Put("full", trialprovider.Fault{Verb: "update", Error: "quota exceeded"})
			if _, err := p.provider.Apply(t.Context(), req); err == nil {
				t.Fatal("an update that was refused succeeded")
			}
			cloud.Lift("full")
			req.Recorded = p.recorded
			p.probe(req, test.want)
			p.rollback(req)
			p.probe(req, providers.Absent)
			if size := cloud.Named("object", "a")[0].Attributes["size"]; size != "small" {
				t.Errorf("after the rollback the size is %v", size)
			}
		})
	}
}

// killInCall applies and kills Terraform while the provider is in a call, which
// then has no effect any more.
func killInCall(t *testing.T, p *project, req providers.Request, cloud *trialprovider.Cloud, in trialprovider.Fault) {
	t.Helper()
	in.HangUntil, in.Stubborn = "go", true
	cloud.Put("held", in)
	ended := make(chan error, 1)
	go func() {
		_, err := p.provider.Apply(context.Background(), req)
		ended <- err
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	killParent(t, cloud.Await(ctx, trialprovider.Call{Verb: in.Verb, Name: in.Name, Event: "hanging"}).PID)
	if err := <-ended; err == nil {
		t.Fatal("an apply without Terraform succeeded")
	}
	cloud.Lift("held")
}
