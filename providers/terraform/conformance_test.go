package terraform_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/providertest"
	"github.com/lockstep-dev/lockstep/providers/terraform"
)

func isBlocked(err error) bool { return errors.Is(err, providers.ErrBlocked) }

// usableBinary asks the real program for its version once.
var usableBinary = sync.OnceValues(func() (string, error) {
	path, _, err := terraform.FindBinary(map[string]string{"terraform": ">= 1.5", "tofu": ">= 1.6"})
	return path, err
})

func TestConformance(t *testing.T) {
	t.Parallel()
	roots := sync.Map{} // a fixture's root by its test
	providertest.Run(t, providertest.Case{
		New: func(t *testing.T) providers.Provider {
			root, _ := roots.Load(t.Name())
			return openProvider(t, root.(string))
		},
		Target: func(t *testing.T) providertest.Fixture {
			p, g := newGatedProject(t)
			// Two targets of one test share a project and differ by module.
			if other, taken := roots.LoadOrStore(t.Name(), p.root); taken {
				p.root = other.(string)
				p.write("infra/other/main.tf", g.configuration())
				p.settings["source"] = "./infra/other"
			}
			return fixture(p, g)
		},
	})
}

// TestConformanceWithoutAWayBack does a step that replaces what was there.
func TestConformanceWithoutAWayBack(t *testing.T) {
	t.Parallel()
	roots := sync.Map{}
	providertest.Run(t, providertest.Case{
		New: func(t *testing.T) providers.Provider {
			root, _ := roots.Load(t.Name())
			return openProvider(t, root.(string))
		},
		Target: func(t *testing.T) providertest.Fixture {
			p := newProject(t, replaceable)
			if other, taken := roots.LoadOrStore(t.Name(), p.root); taken {
				p.root, p.provider = other.(string), openProvider(t, other.(string))
				p.write("infra/other/main.tf", replaceable)
				p.settings["source"] = "./infra/other"
			}
			p.input("size", "small")
			p.apply(p.request(p.observe()))
			p.input("size", "large")
			f := fixture(p, gate{})
			f.Secret, f.Interrupt, f.Crash, f.Irreversible = "", nil, nil, true
			f.Break = nil
			return f
		},
	})
}

func fixture(p *project, g gate) providertest.Fixture {
	source := p.settings["source"].(string)
	name := path.Base(source)
	return providertest.Fixture{
		Step: plans.Step{
			Address: "terraform." + name, Action: plans.ActionTerraform, Provider: "terraform",
			Settings: json.RawMessage(`{"inputs":{"size":"small","token":"(sensitive value)"}}`),
		},
		Settings: p.raw(),
		Observe: providers.ObserveRequest{
			Environment: "staging", ChangeSet: "order_status", Address: "terraform." + name, Settings: p.raw(),
		},
		Signature: func(t *testing.T) string {
			return signature(t, filepath.Join(p.root, ".lockstep/state/staging", url.PathEscape(path.Clean(source)), "terraform.tfstate"))
		},
		Prepare: func(_ *testing.T, seen providers.Observed, step *plans.Step) {
			step.Inputs = slices.Clone(seen.Terraform.Source)
		},
		// A saved plan holds the time at which it was made.
		Normalise: func(o *plans.Observation) { o.Terraform.Plan = "" },
		Secret:    canary,
		Interrupt: func(t *testing.T) (underWay, release func()) {
			g.close(t)
			return func() { g.begun(t) }, g.open
		},
		Crash: func(t *testing.T, _ providers.Provider, req providers.Request) {
			killHalfWay(t, p.root, g, req)
			g.open()
		},
		Break: func(t *testing.T) {
			path := filepath.Join(p.root, ".lockstep/state/staging", url.PathEscape(path.Clean(source)), "terraform.tfstate")
			if err := os.MkdirAll(path, 0o700); err != nil {
				t.Fatal(err)
			}
		},
	}
}

// signature reads the state behind the provider's back, without what differs
// between two equal applies.
func signature(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	var state struct {
		Outputs   map[string]struct{ Value any }
		Resources []struct {
			Type, Name string
			Instances  []struct {
				Status     string
				Attributes struct{ Input any }
			}
		}
	}
	if err := json.Unmarshal(b, &state); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for name, o := range state.Outputs {
		lines = append(lines, fmt.Sprintf("output %s = %v", name, o.Value))
	}
	for _, r := range state.Resources {
		for _, i := range r.Instances {
			lines = append(lines, fmt.Sprintf("%s.%s %s %v", r.Type, r.Name, i.Status, i.Attributes.Input))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
