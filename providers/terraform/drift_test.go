package terraform_test

import (
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/trialprovider"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// TestWhatIsReadOnceItIsMadeStopsNoApply has a data source wait for an object
// of the same plan: a refresh alone cannot read it.
func TestWhatIsReadOnceItIsMadeStopsNoApply(t *testing.T) {
	t.Parallel()
	cloud := trialprovider.NewCloud(t)
	const kept = "\nresource \"trial_object\" \"kept\" {\n  name = \"kept\"\n  size = \"small\"\n}\n"
	p := newMirroredProject(t, cloud.Provider()+kept)
	p.apply(p.request(p.observe()))
	p.recorded = nil
	p.write("infra/cache/main.tf", cloud.Provider()+strings.Replace(kept, "small", "large", 1)+`
resource "trial_object" "a" { name = "a" }
data "trial_object" "a" {
  name       = "a"
  depends_on = [trial_object.a]
}
`)
	stale := p.request(p.observe())
	cloud.Edit(cloud.Named("object", "kept")[0].ID, func(attributes map[string]any) { attributes["size"] = "enormous" })
	if err := p.mustRefuse(stale, providers.ErrForeign); !strings.Contains(err.Error(), "trial_object.kept (size)") {
		t.Errorf("what was changed by hand is not named: %v", err)
	}
	fresh := p.request(p.observe())
	fresh.Plan = plans.DigestOf([]byte("another bundle"))
	p.apply(fresh)
	if made := len(cloud.Named("object", "a")); made != 1 {
		t.Errorf("a is there %d times", made)
	}
}
