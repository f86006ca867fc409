package terraform_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/trialprovider"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// TestAReplacementThatWasLostIsImported kills Terraform after it has made the
// new object, with a state that was never told that the old one is gone.
func TestAReplacementThatWasLostIsImported(t *testing.T) {
	t.Parallel()
	for _, oldIsThere := range []bool{false, true} {
		cloud := trialprovider.NewCloud(t)
		p := newMirroredProject(t, cloud.Provider()+`
variable "name" { type = string }
resource "trial_object" "a" { name = var.name }
`)
		p.input("name", "old")
		p.apply(p.request(p.observe()))
		p.recorded = nil
		stored := p.stateOf()
		p.input("name", "new")
		req := p.request(p.observe())
		req.Plan = plans.DigestOf([]byte("another bundle"))
		killInCall(t, p, req, cloud, trialprovider.Fault{Verb: "create", Name: "new", At: "after"})
		p.write(".lockstep/state/staging/infra%2Fcache/terraform.tfstate", stored)
		if oldIsThere {
			cloud.Restore(cloud.Deleted()[0].ID)
		}
		req.Recorded = p.recorded
		if lost := addresses(p.probe(req, providers.Unknown).Lost); !slices.Equal(lost, []string{"trial_object.a"}) {
			t.Fatalf("lost are %v", lost)
		}
		decided, err := p.decider().Decide(t.Context(), req, providers.Decision{
			Imports: map[string]string{"trial_object.a": cloud.Named("object", "new")[0].ID},
			Agree:   func([]providers.Lost, []plans.ResourceChange) error { return nil },
			Begin:   func([]providers.Lost) error { return nil },
		})
		if oldIsThere {
			if err == nil || !strings.Contains(err.Error(), "say --as absent") || p.stateOf() != stored {
				t.Errorf("an import over an object that exists returns %v", err)
			}
			continue
		}
		if err != nil || !decided.Done {
			t.Fatalf("decided is %+v, %v", decided, err)
		}
		req.Recorded = p.recorded
		p.probe(req, providers.Done)
		if made := cloud.EverMade("object", "new"); made != 1 {
			t.Errorf("the new object was made %d times", made)
		}
	}
}

func (p *project) decider() providers.Decider {
	p.t.Helper()
	d, able := providers.As[providers.Decider](p.provider)
	if !able {
		p.t.Fatal("nothing can be decided")
	}
	return d
}

// TestWhatWasThereBeforeIsLetGoOf imports two objects that a step had lost. Of
// one somebody says that it was there before: the way back says that it lets go
// of it, and does.
func TestWhatWasThereBeforeIsLetGoOf(t *testing.T) {
	t.Parallel()
	cloud := trialprovider.NewCloud(t)
	p := newMirroredProject(t, cloud.Provider()+"resource \"trial_object\" \"mine\" { name = \"mine\" }\n"+
		"resource \"trial_object\" \"theirs\" { name = \"theirs\" }\n")
	req := p.request(p.observe())
	killInCall(t, p, req, cloud, trialprovider.Fault{Verb: "create", Name: "theirs", At: "after"})
	id := func(name string) string {
		if there := cloud.Named("object", name); len(there) > 0 {
			return there[0].ID
		}
		return cloud.Add("object", name, nil)
	}
	req.Recorded = p.recorded
	lost := addresses(p.probe(req, providers.Unknown).Lost)
	decision := providers.Decision{
		Imports: map[string]string{}, Found: []string{"trial_object.theirs"},
		Agree: func([]providers.Lost, []plans.ResourceChange) error { return nil },
		Begin: func([]providers.Lost) error { return nil },
	}
	for _, address := range lost {
		decision.Imports[address] = id(strings.TrimPrefix(address, "trial_object."))
	}
	if !slices.Contains(lost, "trial_object.theirs") {
		t.Fatalf("lost are %q", lost)
	}
	absent := decision
	absent.Imports, absent.Absent = nil, lost
	if _, err := p.decider().Decide(t.Context(), req, absent); err == nil || !strings.Contains(err.Error(), "give one of them") {
		t.Errorf("absent and found: %v", err)
	}
	decided, err := p.decider().Decide(t.Context(), req, decision)
	if err != nil || !decided.Done {
		t.Fatalf("decided is %+v, %v", decided, err)
	}
	req.Recorded = p.recorded
	teller, _ := providers.As[providers.WayBacker](p.provider)
	back, err := teller.WayBack(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := told(back.Changes), []string{"trial_object.mine delete", "trial_object.theirs forget"}; !slices.Equal(got, want) {
		t.Errorf("the way back is %q, want %q", got, want)
	}
	result := p.rollback(req)
	p.probe(req, providers.Absent)
	if left := inCloud(cloud); !slices.Equal(left, []string{"theirs "}) || !strings.Contains(result.Summary, "trial_object.theirs was there before") {
		t.Errorf("left are %q, it says %q", left, result.Summary)
	}
	if strings.Contains(p.stateOf(), "theirs") {
		t.Error("the state still knows it")
	}
}
