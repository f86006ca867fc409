package planner_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/planner"
	"github.com/lockstep-dev/lockstep/plans"
)

// laterReader reads one output and depends on a module for all the rest.
const laterReader = `
terraform "db" {
  source = "infra/db"
  inputs = { host = terraform.cache.outputs.addr }
}`

// twoParts is a module whose plan is divided: one object is made, one
// weakened, one replaced and one moved.
func twoParts(later ...string) plans.Observation {
	moved := of(change("terraform_data.moved", "no-op"), func(c *plans.ResourceChange) { c.Previous = "terraform_data.was" })
	m := module(change("terraform_data.new", "create"), change("terraform_data.old", "create", "delete"), moved, weakening())
	m.Terraform.Part = &plans.TerraformPart{Plan: digest("part"), Targets: []string{"terraform_data.new"}, Later: later}
	return m
}

func TestAPlanThatAddsAndTakesIsTwoSteps(t *testing.T) {
	t.Parallel()
	in := input(t, cacheBlock+migrationBlock+apiBlocks+`
check "http" "ready" { url = terraform.cache.outputs.url }
phase "contract" { postconditions = [check.http.ready] }`)
	observe(&in, twoParts("addr"))
	p := mustPlan(t, in)
	adds, takes := p.Step("terraform.cache"), p.Step(`terraform.cache["rest"]`)
	if adds == nil || takes == nil {
		t.Fatalf("steps %+v", p.Steps)
	}
	if adds.Phase != plans.Expand || adds.Part != plans.PartAdds || adds.Summary != "1 to add, 1 to move" || adds.Rollback.Grade != plans.GradeExact || adds.NoReturn() {
		t.Errorf("what adds: %+v", adds)
	}
	if takes.Phase != plans.Contract || takes.Part != plans.PartTakes || takes.Summary != "1 to change, 1 to replace" || !takes.OneWay() || takes.Block != adds.Block {
		t.Errorf("what takes: %+v", takes)
	}
	for step, plan := range map[*plans.Step]string{adds: "part", takes: "saved plan"} {
		if !slices.ContainsFunc(step.Inputs, func(i plans.Input) bool { return i.Role == "terraform-plan" && i.Digest == digest(plan) }) {
			t.Errorf("%s does not name its plan: %+v", step.Address, step.Inputs)
		}
	}
	f := finding(p, "terraform-two-parts")
	if f == nil {
		t.Fatalf("no finding in %v", codes(p))
	}
	for _, says := range []string{
		"before the deployment 1 to add, 1 to move (terraform_data.moved, terraform_data.new)",
		"after it 1 to change, 1 to replace (module.db.trial_database.orders, terraform_data.old)",
		"no other plan made with -target is ever approved", "only after the second: addr",
	} {
		if !strings.Contains(f.Summary+" "+f.Detail, says) {
			t.Errorf("the finding lacks %q: %s\n%s", says, f.Summary, f.Detail)
		}
	}
	if digests := p.InputDigests(); !slices.Contains(digests, digest("part")) || !slices.Contains(digests, digest("saved plan")) {
		t.Error("the bundle would lack a saved plan")
	}
}

func TestWhoReadsAnOutputOfTheSecondPartIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reader  string
		refused bool
	}{
		"by name":            {`terraform.cache.outputs.addr`, true},
		"all outputs":        {`jsonencode(terraform.cache.outputs)`, true},
		"another one":        {`terraform.cache.outputs.addr_of_other`, false},
		"a deeper attribute": {`terraform.cache.outputs.addr.host`, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := input(t, cacheBlock+"\ncheck \"http\" \"ready\" { url = "+test.reader+" }\nphase \"verify\" { postconditions = [check.http.ready] }")
			observe(&in, twoParts("addr"))
			_, ds := planner.Plan(in)
			if ds.HasErrors() != test.refused {
				t.Errorf("refused: %v: %v", ds.HasErrors(), ds.Err())
			}
		})
	}
}
