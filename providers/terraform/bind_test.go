package terraform_test

import (
	"context"
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

func (p *project) bind(req providers.Request) plans.TerraformState {
	p.t.Helper()
	before := p.stateOf()
	seen, err := p.provider.Bind(context.Background(), req)
	if err != nil {
		p.t.Fatal(err)
	}
	if p.stateOf() != before {
		p.t.Error("looking at the target changed the state")
	}
	return *seen.Terraform
}

func TestALateModuleIsPlannedFromTheBundle(t *testing.T) {
	t.Parallel()
	p := newProject(t, sized)
	p.input("size", "small")
	req := p.late(&plans.Envelope{Actions: []string{"create"}, NonDestructive: true})
	p.write("infra/cache/main.tf", "this is no configuration any more")
	seen := p.bind(req)
	if len(seen.Changes) != 1 || seen.Changes[0].Kind() != plans.ChangeCreate || seen.Changes[0].Address != "terraform_data.cache" {
		t.Fatalf("changes %+v", seen.Changes)
	}
	p.apply(req)
	if left := p.bind(req); len(left.Changes) != 0 {
		t.Errorf("left to do: %+v", left.Changes)
	}
}
