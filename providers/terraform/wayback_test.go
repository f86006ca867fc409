package terraform_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/trialprovider"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/terraform"
)

// journey is a change of a configuration and the way back from it.
type journey struct {
	first, next string
	source      string // of the prediction; predicted when empty
	why         string // part of the reason for none
	back        []string
	hold        string
	before      func(t *testing.T, p *project) // next is observed
}

const (
	object   = "resource \"trial_object\" \"cache\" {\n  name = \"cache\"\n  size = \"small\"\n}\n"
	another  = "resource \"trial_object\" \"other\" {\n  name = \"other\"\n  size = \"big\"\n}\n"
	database = "resource \"trial_database\" \"orders\" {\n  name                = \"orders\"\n  storage_gb          = 50\n  deletion_protection = false\n}\n"
)

func journeys() map[string]journey {
	larger := strings.Replace(object, "small", "large", 1)
	data := func(name, arguments string) string {
		return "resource \"terraform_data\" \"" + name + "\" {\n" + arguments + "\n}\n"
	}
	const counted = "resource \"trial_object\" \"many\" {\n  count = 2\n  name  = \"many-${count.index}\"\n  size  = \"small\"\n}\n"
	const keyed = "resource \"trial_object\" \"some\" {\n  for_each = toset([\"a.b\", \"c\"])\n  name     = each.key\n}\n"
	follower := "resource \"trial_object\" \"follower\" {\n  name = \"follower\"\n  size = SIZE\n}\n"
	follows := func(size string) string { return strings.Replace(follower, "SIZE", size, 1) }
	return map[string]journey{
		"the first": {next: object + another, back: []string{"trial_object.cache delete", "trial_object.other delete"}},
		"the first that holds something": {
			next: object + database, hold: "it destroys trial_database.orders",
			back: []string{"trial_database.orders delete holding", "trial_object.cache delete"},
		},
		"the first that may not be destroyed": {
			next:   strings.Replace(object, "\n}", "\n  lifecycle { prevent_destroy = true }\n}", 1),
			source: plans.WayBackNone, why: "prevent_destroy",
		},
		"several by keys": {first: object, next: object + counted + keyed, back: []string{
			`trial_object.many[0] delete delete_because_no_resource_config`, `trial_object.many[1] delete delete_because_no_resource_config`,
			`trial_object.some["a.b"] delete delete_because_no_resource_config`, `trial_object.some["c"] delete delete_because_no_resource_config`,
		}},
		"updates and creates": {
			first: object + strings.Replace(counted, "2", "1", 1), next: larger + another + counted,
			back: []string{"trial_object.cache update of revision,size", "trial_object.many[1] delete delete_because_count_index", "trial_object.other delete delete_because_no_resource_config"},
		},
		"a value that is known after apply": {
			first: object + follows(`"fixed"`), next: object + another + follows("trial_object.other.id"),
			back: []string{"trial_object.follower update of revision,size", "trial_object.other delete delete_because_no_resource_config"},
		},
		"a store that cannot shrink again": {
			first: database, next: strings.Replace(database, "= 50", "= 60", 1), source: plans.WayBackNone, why: "trial_database.orders, which was there before the step",
		},
		"a store more": {
			first: object, next: object + database, hold: "it destroys trial_database.orders",
			back: []string{"trial_database.orders delete delete_because_no_resource_config holding"},
		},
		"values of any type": {
			first: object + data("text", `input = "a"`) + data("number", "input = 1") + data("list", `input = tolist(["a"])`) +
				data("kept", `triggers_replace = { a = tolist(["x"]) }`) + data("unset", ""),
			next: larger + data("text", `input = "b"`) + data("number", "input = [2, true]") + data("list", `input = tolist(["b", "c"])`) +
				data("kept", "input = trial_object.cache.id\ntriggers_replace = { a = tolist([\"x\"]) }") + data("unset", "input = { a = 1, b = null, c = [{}] }") +
				data("made", "input = \"x\"\ntriggers_replace = [terraform_data.number.id, 7]"),
			back: []string{
				"terraform_data.kept update of input,output", "terraform_data.list update of input,output",
				"terraform_data.made delete delete_because_no_resource_config", "terraform_data.number update of input,output",
				"terraform_data.text update of input,output", "terraform_data.unset update of input,output", "trial_object.cache update of revision,size",
			},
		},
		"a value that replaces": {
			first: data("x", `triggers_replace = "a"`), next: data("x", "triggers_replace = [1]"), source: plans.WayBackNone, why: "terraform_data.x",
		},
		"an object less": {first: object + another, next: object, source: plans.WayBackNone, why: "trial_object.other"},
		"an address": {
			first: object + another,
			next:  larger + strings.Replace(another, `"other" {`, `"renamed" {`, 1) + "moved {\n  from = trial_object.other\n  to   = trial_object.renamed\n}\n",
			// The configuration from before knows nothing of the move.
			source: plans.WayBackNone, why: "which was there before the step",
		},
		"from what somebody else applied": {
			first: object, next: larger, source: plans.WayBackNone, why: "was not applied by Lockstep",
			before: func(t *testing.T, p *project) {
				if err := os.RemoveAll(filepath.Join(filepath.Dir(p.statePath()), "releases")); err != nil {
					t.Fatal(err)
				}
			},
		},
	}
}

// TestTheWayBackIsForetoldAndMeasured plans a change, compares the way back
// that the plan foresees with the one that is measured after it was applied,
// takes it, and applies the change again.
func TestTheWayBackIsForetoldAndMeasured(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, binary string) {
		for name, j := range journeys() {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				j.take(t, binary)
			})
		}
	})
}

func (j journey) take(t *testing.T, binary string) {
	t.Helper()
	cloud := trialprovider.NewCloud(t)
	p := newProject(t, cloud.Provider()+j.first)
	p.provider = openWith(t, p.root, terraform.Options{Binary: binary, PluginMirror: trialprovider.Mirror(t)})
	if j.first != "" {
		p.apply(p.request(p.observe()))
		p.recorded = nil
	}
	if j.before != nil {
		j.before(t, p)
	}
	were := inCloud(cloud)
	p.write("infra/cache/main.tf", cloud.Provider()+j.next)
	seen := p.observe()
	foreseen := seen.Terraform.WayBack
	j.compare(t, "the plan", foreseen, plans.WayBackPredicted)
	if got := inCloud(cloud); !slices.Equal(got, were) {
		t.Fatalf("looking at the way back has changed %q to %q", were, got)
	}
	req := p.request(seen)
	if result := p.apply(req); result.WayBack != nil {
		t.Error("an apply measures what the plan has foreseen")
	}
	teller, _ := providers.As[providers.WayBacker](p.provider)
	measured, err := teller.WayBack(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	j.compare(t, "after the apply", &measured, plans.WayBackMeasured)
	if j.source == plans.WayBackNone {
		if _, err := p.provider.Rollback(t.Context(), req); err == nil {
			t.Error("it is taken back all the same")
		}
		return
	}
	p.rollback(req)
	p.probe(req, providers.Absent)
	if got := inCloud(cloud); !slices.Equal(got, were) {
		t.Errorf("taken back there are %q, before it were %q", got, were)
	}
	p.recorded = nil
	again := p.observe()
	j.compare(t, "the plan after the way back", again.Terraform.WayBack, plans.WayBackPredicted)
	req = p.request(again)
	req.Step.Rollback.Terraform = &plans.TerraformWayBack{Source: plans.WayBackNone, Untold: true}
	j.compare(t, "the apply of what could not be foreseen", p.apply(req).WayBack, plans.WayBackMeasured)
	j.compare(t, "the probe of what could not be foreseen", p.probe(req, providers.Done).WayBack, plans.WayBackMeasured)
}

func (j journey) compare(t *testing.T, who string, w *plans.TerraformWayBack, source string) {
	t.Helper()
	if w == nil {
		t.Fatalf("%s tells no way back", who)
	}
	if j.source != "" {
		source = j.source
	}
	if w.Source != source || !strings.Contains(w.Why, j.why) || (w.Why == "") != (j.why == "") {
		t.Errorf("%s: the way back is %s (%s), want %s (%s)", who, w.Source, w.Why, source, j.why)
	}
	if got := told(w.Changes); !slices.Equal(got, j.back) {
		t.Errorf("%s: the way back is %q, want %q", who, got, j.back)
	}
	if !strings.HasPrefix(w.Hold, j.hold) || w.Automatic != (w.Exists() && j.hold == "") {
		t.Errorf("%s: automatic %v, hold %q, want %q", who, w.Automatic, w.Hold, j.hold)
	}
}

// A plan of the same change once more needs no init for its way back, and an
// apply plans none. Nothing of the state stays where it was planned.
func TestTheWayBackCostsAPlanAndAShow(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, binary string) {
		cloud := trialprovider.NewCloud(t)
		p := newProject(t, cloud.Provider()+object)
		r := newRecorder(t, binary)
		p.recordedBy(r, terraform.Options{PluginMirror: trialprovider.Mirror(t)})
		p.apply(p.request(p.observe()))
		p.recorded = nil
		p.write("infra/cache/main.tf", cloud.Provider()+object+another)
		expect := func(what, want string) {
			t.Helper()
			if _, got := r.takeBoth(); got != want {
				t.Errorf("%s: the way back took %q, want %q", what, got, want)
			}
		}
		expect("the first apply", "")
		p.observe()
		expect("a plan", "init plan show")
		seen := p.observe()
		expect("the plan again", "plan show")
		p.noneOf("terraform.tfstate", "/back/state/")
		p.noneOf("inputs.tfvars.json", "/back/work/")
		p.noneOf("main.tf", "/back/work/")
		p.apply(p.request(seen))
		expect("the apply", "")
		p.recorded = nil
		p.write("infra/cache/main.tf", cloud.Provider()+object)
		p.write("infra/cache/more.tf", another+strings.ReplaceAll(another, "other", "third"))
		p.observe()
		expect("a plan from another configuration", "init plan show")
	})
}

// noneOf fails where there is a file of that name in a folder below the project.
func (p *project) noneOf(name, folder string) {
	p.t.Helper()
	err := filepath.WalkDir(p.root, func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.Name() == name && strings.Contains(path, folder) {
			p.t.Errorf("%s is left", path)
		}
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// inCloud lists what is in the cloud.
func inCloud(cloud *trialprovider.Cloud) []string {
	var all []string
	for _, o := range cloud.Objects() {
		size, _ := o.Attributes["size"].(string)
		all = append(all, o.Name+" "+size)
	}
	slices.Sort(all)
	return all
}
