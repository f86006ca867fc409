package terraform_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/trialprovider"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// shop is a configuration of which the second version adds one object, changes
// another, takes a protection away and destroys the last.
func shop(cloud *trialprovider.Cloud, version int, more string) string {
	first := `
resource "trial_object" "kept" {
  name = "kept"
  size = "small"
}
resource "trial_database" "db" {
  name                  = "orders"
  backup_retention_days = 7
}
resource "trial_object" "old" { name = "old" }
`
	second := `
locals { from = trial_object.new.id }
resource "trial_object" "kept" {
  name = "kept"
  size = "large"
}
resource "trial_object" "new" { name = "new" }
resource "trial_database" "db" {
  name                  = "orders"
  backup_retention_days = 7
  deletion_protection   = false
}
output "settled" { value = "${trial_object.kept.id} ${local.from}" }
output "constant" { value = "fixed" }
output "guarded" { value = trial_database.db.deletion_protection }
`
	return cloud.Provider() + []string{first, second}[version-1] + more
}

// partly asks for one of the two steps of a plan.
func (p *project) partly(seen providers.Observed, part plans.Part) providers.Request {
	req := p.request(seen)
	req.Step.Part = part
	if part == plans.PartTakes {
		req.Step.Address += `["rest"]`
	}
	return req
}

// newShop is a shop of which the first version is applied and the second one
// observed.
func newShop(t *testing.T, first, second string) (*project, *trialprovider.Cloud, providers.Observed) {
	t.Helper()
	cloud := trialprovider.NewCloud(t)
	p := newMirroredProject(t, shop(cloud, 1, first))
	p.apply(p.request(p.observe()))
	p.recorded = nil
	p.write("infra/cache/main.tf", shop(cloud, 2, second))
	return p, cloud, p.observe()
}

func TestAPlanIsCarriedOutInTwoParts(t *testing.T) {
	t.Parallel()
	p, cloud, seen := newShop(t, `resource "trial_object" "was" { name = "renamed" }`, `resource "trial_object" "is" { name = "renamed" }
moved {
  from = trial_object.was
  to   = trial_object.is
}`)
	part := seen.Terraform.Part
	if part == nil || part.Plan == seen.Terraform.Plan || seen.Blobs[part.Plan] == nil {
		t.Fatalf("part %+v of %q", part, seen.Terraform.Unsplittable)
	}
	for _, target := range []string{"trial_object.is", "trial_object.kept", "trial_object.new", "trial_object.was"} {
		if !slices.Contains(part.Targets, target) {
			t.Errorf("targets %v lack %s", part.Targets, target)
		}
	}
	if !slices.Equal(part.Later, []string{"guarded"}) {
		t.Errorf("outputs that come later: %v", part.Later)
	}

	adds, takes := p.partly(seen, plans.PartAdds), p.partly(seen, plans.PartTakes)
	p.probe(adds, providers.Absent)
	result := p.apply(adds)
	if result.Summary != "1 added, 1 changed, 0 destroyed" {
		t.Errorf("first part %+v", result)
	}
	if got := p.output(result.Outputs, "constant"); string(got.Value) != `"fixed"` {
		t.Errorf("an output of no resource is %+v", got)
	}
	if got := p.output(result.Outputs, "settled"); !got.Known {
		t.Errorf("an output of what stays and what is added is %+v", got)
	}
	if slices.ContainsFunc(result.Outputs, func(o plans.Output) bool { return o.Name == "guarded" }) {
		t.Errorf("an output of the second part is told: %+v", result.Outputs)
	}
	p.probe(adds, providers.Done)
	p.probe(takes, providers.Absent)
	if again := p.apply(adds); again.Changed {
		t.Errorf("a second apply of the first part changed something: %+v", again)
	}
	if gone, there := len(cloud.Deleted()), len(cloud.Named("object", "old")); gone != 0 || there != 1 {
		t.Errorf("the first part took away: %d deleted", gone)
	}

	if left := p.observe(); left.Terraform.Part != nil || len(left.Terraform.Changes) != 2 || plans.Mixed(left.Terraform.Changes) {
		t.Errorf("between the parts a plan is %+v", left.Terraform.Changes)
	}
	p.recorded = nil
	result = p.apply(takes)
	if result.Summary != "0 added, 1 changed, 1 destroyed" || string(p.output(result.Outputs, "guarded").Value) != "false" {
		t.Errorf("second part %+v", result)
	}
	p.probe(takes, providers.Done)
	p.probe(adds, providers.Done)
	if left := p.observe(); len(left.Terraform.Changes) != 0 {
		t.Errorf("left are %+v", left.Terraform.Changes)
	}
}

func TestTheFirstPartGoesBackAloneAndComesAgain(t *testing.T) {
	t.Parallel()
	p, cloud, seen := newShop(t, "", "")
	adds, takes := p.partly(seen, plans.PartAdds), p.partly(seen, plans.PartTakes)
	p.apply(adds)
	if back := p.rollback(adds); back.Summary != "0 added, 1 changed, 1 destroyed" {
		t.Errorf("rollback %+v", back)
	}
	p.probe(adds, providers.Absent)
	if cloud.Named("object", "kept")[0].Attributes["size"] != "small" || len(cloud.Named("object", "old")) != 1 {
		t.Errorf("objects %+v", cloud.Objects())
	}
	p.apply(adds)
	p.recorded = nil
	p.apply(takes)
	if len(cloud.Named("object", "old")) != 0 || len(cloud.Named("object", "new")) != 1 {
		t.Errorf("objects %+v", cloud.Objects())
	}
}

// TestWhatIsWeakenedGoesBackByItself undoes both parts: no configuration
// describes the state between them.
func TestWhatIsWeakenedGoesBackByItself(t *testing.T) {
	t.Parallel()
	p, cloud, seen := newShop(t, "", "\nresource \"trial_object\" \"old\" { name = \"old\" }\n")
	adds, takes := p.partly(seen, plans.PartAdds), p.partly(seen, plans.PartTakes)
	p.apply(adds)
	first := p.recorded
	p.recorded = nil
	p.apply(takes)
	takes.Recorded, p.recorded = p.recorded, nil
	guarded := func() any { return cloud.Named("database", "orders")[0].Attributes["deletion_protection"] }
	if guarded() != false {
		t.Fatalf("the second part did nothing: %v", guarded())
	}
	if back := p.rollback(takes); back.Summary != "0 added, 1 changed, 0 destroyed" || guarded() != true || len(cloud.Named("object", "new")) != 1 {
		t.Errorf("rollback of the second part %+v; objects %+v", back, cloud.Objects())
	}
	p.probe(takes, providers.Absent)
	adds.Recorded = first
	if back := p.rollback(adds); back.Summary != "0 added, 1 changed, 1 destroyed" || len(cloud.Named("object", "new")) != 0 {
		t.Errorf("rollback of the first part %+v; objects %+v", back, cloud.Objects())
	}
	p.probe(adds, providers.Absent)
}

func TestTheSecondPartDoesNothingThatWasNotApproved(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		between func(*project, *trialprovider.Cloud)
		refusal error
		says    string
	}{
		"an added object went away": {
			func(_ *project, cloud *trialprovider.Cloud) { cloud.Remove(cloud.Named("object", "new")[0].ID) },
			providers.ErrOutsideEnvelope, "trial_object.new would now create",
		},
		"what is taken was changed by hand": {
			func(_ *project, cloud *trialprovider.Cloud) {
				cloud.Edit(cloud.Named("database", "orders")[0].ID, func(a map[string]any) { a["backup_retention_days"] = 3 })
			},
			providers.ErrForeign, "trial_database.db (backup_retention_days)",
		},
		"what is destroyed went by itself": {
			func(_ *project, cloud *trialprovider.Cloud) { cloud.Remove(cloud.Named("object", "old")[0].ID) },
			nil, "",
		},
		"another configuration was applied": {
			func(p *project, cloud *trialprovider.Cloud) {
				p.write("infra/cache/main.tf", shop(cloud, 2, "\nresource \"trial_object\" \"other\" { name = \"other\" }\nresource \"trial_object\" \"old\" { name = \"old\" }\n"))
				req := p.request(p.observe())
				req.Plan, req.Step.Address = plans.DigestOf([]byte("another bundle")), "terraform.cache"
				p.apply(req)
			},
			providers.ErrOutsideEnvelope, "trial_object.other would now delete",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, cloud, seen := newShop(t, "", "")
			p.apply(p.partly(seen, plans.PartAdds))
			test.between(p, cloud)
			p.recorded = nil
			takes := p.partly(seen, plans.PartTakes)
			if test.refusal == nil {
				p.apply(takes)
				return
			}
			if err := p.mustRefuse(takes, test.refusal); !strings.Contains(err.Error(), test.says) {
				t.Errorf("refused with %v", err)
			}
			if !errors.Is(test.refusal, providers.ErrForeign) {
				return
			}
			if _, err := p.provider.Apply(context.Background(), takes); err == nil {
				t.Error("the second try was not refused")
			}
		})
	}
}

func TestAPlanThatCannotBeDividedSaysWhy(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ first, second, says string }{
		"through a local": {
			`resource "trial_database" "moving" { name = "a" }`,
			`resource "trial_database" "moving" { name = "b" }
locals { address = trial_database.moving.id }
resource "trial_object" "user" {
  name = "user"
  size = local.address
}`,
			"trial_object.user is made from trial_database.moving, which is to delete and create (trial_object.user -> local.address -> trial_database.moving)",
		},
		"what it depends on is weakened": {
			``, `resource "trial_object" "user" {
  name       = "user"
  depends_on = [trial_database.db]
}`,
			"which is to update what others rely on (deletion_protection) (trial_object.user -> trial_database.db)",
		},
		"fewer of a kind": {
			`resource "trial_object" "many" {
  count = 3
  name  = "many-${count.index}"
}`,
			`resource "trial_object" "many" {
  count = 2
  name  = "many-${count.index}"
}
resource "trial_object" "user" {
  name = "user"
  size = trial_object.many[0].id
}`,
			"trial_object.user is made from trial_object.many[2], which is to delete",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, seen := newShop(t, test.first, test.second)
			if seen.Terraform.Part != nil || !strings.Contains(seen.Terraform.Unsplittable, test.says) {
				t.Errorf("part %+v, why %q", seen.Terraform.Part, seen.Terraform.Unsplittable)
			}
		})
	}
}

// TestInstancesOfOneKindAreDivided adds an instance of a resource and takes
// others away.
func TestInstancesOfOneKindAreDivided(t *testing.T) {
	t.Parallel()
	p, cloud, seen := newShop(t, `resource "trial_object" "many" {
  for_each = toset(["a", "b.c"])
  name     = "many-${each.key}"
}`, `resource "trial_object" "many" {
  for_each = toset(["a", "d[0]"])
  name     = "many-${each.key}"
}`)
	if seen.Terraform.Part == nil {
		t.Fatal(seen.Terraform.Unsplittable)
	}
	p.apply(p.partly(seen, plans.PartAdds))
	if len(cloud.Named("object", "many-b.c")) != 1 || len(cloud.Named("object", "many-d[0]")) != 1 {
		t.Errorf("objects %+v", cloud.Objects())
	}
	p.recorded = nil
	p.apply(p.partly(seen, plans.PartTakes))
	if len(cloud.Named("object", "many-b.c")) != 0 {
		t.Errorf("objects %+v", cloud.Objects())
	}
}

// TestAKillWithinAPartLosesAndDoublesNothing kills Lockstep while Terraform
// makes a slow object, once in each part.
func TestAKillWithinAPartLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	for _, part := range []plans.Part{plans.PartAdds, plans.PartTakes} {
		t.Run(string(part), func(t *testing.T) {
			t.Parallel()
			g := gate{path: filepath.Join(t.TempDir(), "gate")}
			t.Cleanup(g.open)
			slow := fmt.Sprintf("touch %[1]s.begun; while [ -e %[1]s ]; do sleep 0.02; done; echo done >> %[1]s.marks", g.path)
			p := newProject(t, `
resource "terraform_data" "replaced" { triggers_replace = 1 }
resource "terraform_data" "old" {}
`)
			p.apply(p.request(p.observe()))
			p.recorded = nil
			provisioner := func(of plans.Part) string {
				if of != part {
					return ""
				}
				return fmt.Sprintf("provisioner \"local-exec\" { command = %q }", slow)
			}
			p.write("infra/cache/main.tf", fmt.Sprintf(`
resource "terraform_data" "replaced" {
  triggers_replace = 2
  %s
}
resource "terraform_data" "added" {
  %s
}
`, provisioner(plans.PartTakes), provisioner(plans.PartAdds)))
			seen := p.observe()
			adds, takes := p.partly(seen, plans.PartAdds), p.partly(seen, plans.PartTakes)
			if part == plans.PartTakes {
				p.apply(adds)
				p.recorded = nil
			}
			killed := map[plans.Part]providers.Request{plans.PartAdds: adds, plans.PartTakes: takes}[part]
			killHalfWay(t, p.root, g, killed)
			killed.Recorded, p.recorded = p.recorded, nil
			g.open()
			p.probe(killed, providers.Done)
			if again := p.apply(killed); again.Changed {
				t.Errorf("an apply after the crash changed something: %+v", again)
			}
			if part == plans.PartAdds {
				p.probe(takes, providers.Absent)
				p.apply(takes)
			}
			if g.marks() != 1 {
				t.Errorf("the effect happened %d times, want once", g.marks())
			}
			if left := p.observe(); len(left.Terraform.Changes) != 0 {
				t.Errorf("left are %+v", left.Terraform.Changes)
			}
		})
	}
}
