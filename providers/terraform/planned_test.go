package terraform_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/go-version"

	"github.com/lockstep-dev/lockstep/internal/trialprovider"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/terraform"
)

// situation is a change of a configuration or of what it manages, and what an
// observation says of it.
type situation struct {
	first  string // is applied
	fault  trialprovider.Fault
	fails  bool                                         // the apply does, by the fault
	meddle func(p *project, cloud *trialprovider.Cloud) // after it
	next   string                                       // is observed; first when empty

	changes []string // ADDRESS ACTIONS REASON, and what else is told
	drift   []string
	refused string // part of the error
	since   string // version of Terraform
}

const small = `
resource "trial_object" "cache" {
  name = "cache"
  size = "small"
}
`

func situations() map[string]situation {
	large := strings.Replace(small, `"small"`, `"large"`, 1)
	renamed := strings.Replace(small, `"cache"`+"\n  size", `"cache2"`+"\n  size", 1)
	createFirst := "\n  lifecycle { create_before_destroy = true }\n}"
	reversed := func(text string) string { return strings.Replace(text, "\n}", createFirst, 1) }
	guarded := reversed(small)
	guarded = strings.Replace(guarded, "create_before_destroy", "prevent_destroy", 1)
	the := func(cloud *trialprovider.Cloud) string { return cloud.Named("object", "cache")[0].ID }
	const counted = "resource \"trial_object\" \"cache\" {\n  count = 2\n  name  = \"cache\"\n}\n"
	const keyed = "resource \"trial_object\" \"cache\" {\n  for_each = toset([\"a\", \"b\"])\n  name     = each.key\n}\n"
	const database = "resource \"trial_database\" \"orders\" {\n  name       = \"orders\"\n  storage_gb = 50\n}\n"
	const rule = "resource \"trial_network_rule\" \"in\" {\n  name    = \"in\"\n  allowed = [\"10.0.0.0/16\", \"10.1.0.0/16\"]\n}\n"
	return map[string]situation{
		"nothing to do":          {first: small},
		"create":                 {next: small, changes: []string{"trial_object.cache create"}},
		"update in place":        {first: small, next: large, changes: []string{"trial_object.cache update of revision,size"}},
		"replace":                {first: small, next: renamed, changes: []string{"trial_object.cache delete,create replace_because_cannot_update of name"}},
		"replace, create first":  {first: reversed(small), next: reversed(renamed), changes: []string{"trial_object.cache create,delete replace_because_cannot_update of name"}},
		"replace what is stored": {first: database, next: strings.Replace(database, "50", "40", 1), changes: []string{"trial_database.orders delete,create replace_because_cannot_update holding of storage_gb"}},
		"weaken what is stored":  {first: database, next: strings.Replace(database, "= 50", "= 50\n  deletion_protection = false\n  backup_retention_days = 1", 1), changes: []string{"trial_database.orders update holding weakening backup_retention_days weakening deletion_protection of backup_retention_days,deletion_protection,revision"}},
		"cut a network off":      {first: rule, next: strings.Replace(rule, `, "10.1.0.0/16"`, "", 1), changes: []string{"trial_network_rule.in update weakening allowed of allowed,revision"}},
		"delete":                 {first: small, next: "\n", changes: []string{"trial_object.cache delete delete_because_no_resource_config"}},
		"one less by count":      {first: counted, next: strings.Replace(counted, "2", "1", 1), changes: []string{"trial_object.cache[1] delete delete_because_count_index"}},
		"one less by key":        {first: keyed, next: strings.Replace(keyed, `, "b"`, "", 1), changes: []string{`trial_object.cache["b"] delete delete_because_each_key`}},
		"forget": {
			first: small, next: "removed {\n  from = trial_object.cache\n  lifecycle { destroy = false }\n}\n", since: "1.7",
			changes: []string{"trial_object.cache forget delete_because_no_resource_config"},
		},
		"move": {
			first: small, next: strings.Replace(small, `"cache" {`, `"store" {`, 1) + "moved {\n  from = trial_object.cache\n  to   = trial_object.store\n}\n",
			changes: []string{"trial_object.store no-op was trial_object.cache"},
		},
		"import": {
			meddle: func(p *project, cloud *trialprovider.Cloud) {
				p.input("id", cloud.Add("object", "cache", map[string]any{"size": "small"}))
			},
			next:    "variable \"id\" {}\nimport {\n  to = trial_object.cache\n  id = var.id\n}\n" + small,
			changes: []string{"trial_object.cache no-op importing"}, since: "1.6",
		},
		"tainted": {
			first: small, fault: trialprovider.Fault{Verb: "create", At: "after", Error: "timed out"}, fails: true,
			changes: []string{"trial_object.cache delete,create replace_because_tainted"},
		},
		"never heard of": {
			first: small, fault: trialprovider.Fault{Verb: "create", At: "after", LoseID: true}, fails: true,
			changes: []string{"trial_object.cache create"},
		},
		"drift": {
			first: small, meddle: func(_ *project, cloud *trialprovider.Cloud) {
				cloud.Edit(the(cloud), func(a map[string]any) { a["size"] = "huge" })
			},
			changes: []string{"trial_object.cache update of revision,size"}, drift: []string{"trial_object.cache update of size"},
		},
		"gone": {
			first: small, meddle: func(_ *project, cloud *trialprovider.Cloud) { cloud.Remove(the(cloud)) },
			changes: []string{"trial_object.cache create repairing"}, drift: []string{"trial_object.cache delete"},
		},
		"may not be destroyed": {first: guarded, next: strings.Replace(guarded, `"cache"`+"\n  size", `"cache2"`+"\n  size", 1), refused: "prevent_destroy"},
		"a refresh that fails": {
			first: small, meddle: func(_ *project, cloud *trialprovider.Cloud) {
				cloud.Put("down", trialprovider.Fault{Verb: "read", Error: "the cloud is down"})
			}, refused: "the cloud is down",
		},
		"a crash while planning": {
			first: small, meddle: func(_ *project, cloud *trialprovider.Cloud) {
				cloud.Put("crash", trialprovider.Fault{Verb: "plan", Crash: true})
			}, next: large, refused: "PlanResourceChange",
		},
	}
}

// TestEverySituationIsObservedAsItIs makes each situation with a provider of
// our own and compares what Lockstep tells of it: address, actions and reason
// of each change, and drift.
func TestEverySituationIsObservedAsItIs(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, binary string) {
		for name, s := range situations() {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s.try(t, binary)
			})
		}
	})
}

func (s situation) try(t *testing.T, binary string) {
	t.Helper()
	cloud := trialprovider.NewCloud(t)
	p := newProject(t, cloud.Provider()+s.first)
	p.provider = openWith(t, p.root, terraform.Options{Binary: binary, PluginMirror: trialprovider.Mirror(t)})
	seen := p.observe()
	s.needs(t, seen.Terraform)
	if s.first != "" {
		cloud.Put("fault", s.fault)
		if _, err := p.provider.Apply(t.Context(), p.request(seen)); (err != nil) != s.fails {
			t.Fatalf("apply: %v", err)
		}
		cloud.Lift("fault")
	}
	if s.meddle != nil {
		s.meddle(p, cloud)
	}
	if s.next != "" {
		p.write("infra/cache/main.tf", cloud.Provider()+s.next)
	}
	seen, err := p.tryObserve()
	if s.refused != "" {
		if err == nil || !strings.Contains(err.Error(), s.refused) {
			t.Errorf("observe returns %v, want %q in it", err, s.refused)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := told(seen.Terraform.Changes); !slices.Equal(got, s.changes) {
		t.Errorf("changes %q, want %q", got, s.changes)
	}
	if got := told(seen.Terraform.Drift); !slices.Equal(got, s.drift) {
		t.Errorf("drift %q, want %q", got, s.drift)
	}
	if (seen.Terraform.Plan == "") != (len(s.changes) == 0) {
		t.Errorf("the saved plan is %q", seen.Terraform.Plan)
	}
}

func (s situation) needs(t *testing.T, with *plans.TerraformState) {
	t.Helper()
	if s.since == "" || with.Engine != "terraform" {
		return
	}
	if version.Must(version.NewVersion(with.Version)).LessThan(version.Must(version.NewVersion(s.since))) {
		t.Skipf("Terraform %s cannot be told to; %s can", with.Version, s.since)
	}
}

// told spells changes the way that the table does.
func told(changes []plans.ResourceChange) []string {
	var lines []string
	for _, c := range changes {
		words := []string{c.Object(), strings.Join(c.Actions, ",")}
		if c.Reason != "" {
			words = append(words, c.Reason)
		}
		if c.Previous != "" {
			words = append(words, "was", c.Previous)
		}
		if c.Importing {
			words = append(words, "importing")
		}
		if c.Repairs {
			words = append(words, "repairing")
		}
		if c.Stateful != "" {
			words = append(words, "holding")
		}
		for _, w := range c.Weakens {
			words = append(words, "weakening", w.Attribute)
		}
		if len(c.Attributes) > 0 {
			words = append(words, "of", strings.Join(c.Attributes, ","))
		}
		lines = append(lines, strings.Join(words, " "))
	}
	return lines
}

// TestADeposedObjectIsToldApart cuts a replacement off after its create: the
// old object stays behind, and only its delete is left to do.
func TestADeposedObjectIsToldApart(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, binary string) {
		const configuration = "resource \"trial_object\" \"cache\" {\n  name = \"NAME\"\n  lifecycle { create_before_destroy = true }\n}\n"
		cloud := trialprovider.NewCloud(t)
		p := newProject(t, cloud.Provider()+strings.Replace(configuration, "NAME", "old", 1))
		p.provider = openWith(t, p.root, terraform.Options{Binary: binary, PluginMirror: trialprovider.Mirror(t)})
		p.apply(p.request(p.observe()))
		p.recorded = nil
		p.write("infra/cache/main.tf", cloud.Provider()+strings.Replace(configuration, "NAME", "new", 1))
		cloud.Put("in use", trialprovider.Fault{Verb: "delete", Error: "still in use"})
		req := p.request(p.observe())
		if _, err := p.provider.Apply(t.Context(), req); err == nil || !strings.Contains(err.Error(), "still in use") {
			t.Fatalf("apply: %v", err)
		}
		cloud.Lift("in use")
		seen := p.observe()
		line := regexp.MustCompile(`^trial_object\.cache \(deposed [0-9a-f]{8}\) delete`)
		if got := told(seen.Terraform.Changes); len(got) != 1 || !line.MatchString(got[0]) || seen.Terraform.Changes[0].Deposed == "" {
			t.Errorf("changes %q, want the delete of one deposed object", got)
		}
		p.recorded = nil
		req = p.request(seen)
		p.apply(req)
		p.probe(req, providers.Done)
		if left := cloud.Objects(); len(left) != 1 || left[0].Name != "new" {
			t.Errorf("left are %+v", left)
		}
	})
}
