package terraform_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/terraform"
)

// cluster is the PostgreSQL of the tests of the pg backend.
var cluster = pgtest.NewCluster(pgtest.Options{})

// newSharedProject keeps its state in a database.
func newSharedProject(t testing.TB, binary string) (*project, string) {
	t.Helper()
	p := newProject(t, "terraform {\n  backend \"pg\" {}\n}\n"+sized)
	p.provider = openWith(t, p.root, terraform.Options{Binary: binary})
	p.input("size", "small")
	database := cluster.Database(t)
	p.settings["backend_config"] = map[string]any{"conn_str": database}
	return p, database
}

// observeIn plans for an environment.
func (p *project) observeIn(environment string) providers.Observed {
	p.t.Helper()
	seen, err := p.provider.Observe(context.Background(), providers.ObserveRequest{
		Environment: environment, ChangeSet: "order_status", Address: "terraform.cache", Settings: p.raw(),
	})
	if err != nil {
		p.t.Fatalf("observe in %s: %v", environment, err)
	}
	return seen
}

// requestIn asks for the step of an environment.
func (p *project) requestIn(environment string, seen providers.Observed) providers.Request {
	req := p.request(seen)
	req.Environment = environment
	return req
}

// TestTwoEnvironmentsShareADatabase gives each a workspace of its own.
func TestTwoEnvironmentsShareADatabase(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, binary string) {
		p, _ := newSharedProject(t, binary)
		first := p.observeIn("dev")
		if !first.Terraform.Created || first.Terraform.Workspace != "dev" {
			t.Errorf("dev is seen as %+v", first.Terraform)
		}
		dev := p.requestIn("dev", first)
		p.apply(dev)
		second := p.observeIn("stage")
		if !second.Terraform.Created || second.Terraform.Workspace != "stage" || len(second.Terraform.Changes) != 1 {
			t.Errorf("stage is seen as %+v", second.Terraform)
		}
		if again := p.observeIn("stage"); again.Terraform.Created || again.Terraform.Lineage != second.Terraform.Lineage || again.Terraform.Serial != second.Terraform.Serial {
			t.Errorf("stage is seen again as %+v", again.Terraform)
		}
		stage := p.requestIn("stage", second)
		p.apply(stage)
		p.probe(stage, providers.Done)

		p.input("size", "large")
		larger := p.observeIn("stage")
		if larger.Terraform.Lineage == first.Terraform.Lineage || strings.Join(larger.Terraform.Changes[0].Actions, ",") != "update" {
			t.Errorf("the second plan of stage is %+v", larger.Terraform)
		}
		change := p.requestIn("stage", larger)
		p.apply(change)
		p.rollback(change)
		p.probe(change, providers.Absent)
		p.probe(dev, providers.Done)
		p.rollback(stage)
		p.probe(stage, providers.Absent)
		p.probe(dev, providers.Done)
		p.rollback(dev)
		p.probe(dev, providers.Absent)
	})
}

// TestNamedWorkspacesOfAModuleShareNothing works on two workspaces with the
// same serials, by local and by shared state.
func TestNamedWorkspacesOfAModuleShareNothing(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, binary string) {
		shared, _ := newSharedProject(t, binary)
		local := newProject(t, sized)
		local.provider = openWith(t, local.root, terraform.Options{Binary: binary})
		for name, p := range map[string]*project{"local": local, "pg": shared} {
			t.Run(name, func(t *testing.T) { p.t = t; workInTwoWorkspaces(p) })
		}
	})
}

func workInTwoWorkspaces(p *project) {
	p.t.Helper()
	in := func(workspace, size string) providers.Request {
		p.settings["workspace"] = workspace
		p.input("size", size)
		req := p.request(p.observe())
		req.Plan = plans.DigestOf([]byte(workspace + size))
		p.recorded = nil
		p.apply(req)
		return req
	}
	in("blue", "small")
	in("green", "large")
	blue, green := in("blue", "medium"), in("green", "huge")
	for _, req := range []providers.Request{blue, green} {
		p.probe(req, providers.Done)
		p.rollback(req)
		p.probe(req, providers.Absent)
	}
	for workspace, size := range map[string]string{"blue": "small", "green": "large"} {
		p.settings["workspace"] = workspace
		if seen := p.output(p.observeWith(size).Terraform.Outputs, "size"); string(seen.Value) != `"`+size+`"` {
			p.t.Errorf("%s came back to %s, want %s", workspace, seen.Value, size)
		}
	}
	module := filepath.Join(p.root, ".lockstep/state/staging/infra%2Fcache")
	for _, name := range []string{"receipt.json", "releases", "attempts", "backups"} {
		if _, err := os.Stat(filepath.Join(module, name)); !os.IsNotExist(err) {
			p.t.Errorf("%s belongs to no workspace: %v", name, err)
		}
	}
}

func TestTheHTTPBackendHasOneWorkspace(t *testing.T) {
	t.Parallel()
	p, s := newStoredProject(t)
	delete(p.settings, "workspace")
	_, err := p.tryObserve()
	if err == nil {
		t.Fatal("a workspace of the http backend was planned")
	}
	for _, want := range []string{`workspace "staging"`, "no workspaces", `workspace = "default"`, "address"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	if s.writes != 0 {
		t.Error("state was written")
	}
}
