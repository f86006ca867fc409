package terraform_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/trialprovider"
	"github.com/lockstep-dev/lockstep/plans"
)

// TestAReleaseKnowsItsProgramsAndOutputs looks into what a rollback comes back
// to: which programs made it, and what it put out, without a secret.
func TestAReleaseKnowsItsProgramsAndOutputs(t *testing.T) {
	t.Parallel()
	cloud := trialprovider.NewCloud(t)
	p := newMirroredProject(t, cloud.Provider()+object+`
output "size" { value = trial_object.cache.size }
output "token" {
  value     = trial_object.cache.token
  sensitive = true
}
`)
	seen := p.observe()
	p.apply(p.request(seen))
	paths, err := filepath.Glob(filepath.Join(filepath.Dir(p.statePath()), "releases", "*", "lockstep-release.json"))
	if err != nil || len(paths) != 1 {
		t.Fatalf("releases are %q, %v", paths, err)
	}
	b, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	var kept struct {
		Engine, Version string
		Providers       map[string]string
		Outputs         []plans.Output
	}
	if err := json.Unmarshal(b, &kept); err != nil {
		t.Fatal(err)
	}
	if kept.Engine != seen.Terraform.Engine || kept.Version != seen.Terraform.Version || len(kept.Providers) != 1 {
		t.Errorf("it was made by %+v", kept)
	}
	for address, version := range kept.Providers {
		if !strings.HasSuffix(address, "/lockstep-dev/trial") || !slices.Contains(trialprovider.Versions(), version) {
			t.Errorf("provider %s %s", address, version)
		}
	}
	token := p.output(kept.Outputs, "token")
	if size := p.output(kept.Outputs, "size"); string(size.Value) != `"small"` || !token.Sensitive || token.Value != nil {
		t.Errorf("outputs are %+v", kept.Outputs)
	}
}
