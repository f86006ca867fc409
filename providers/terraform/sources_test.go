package terraform_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers/terraform"
)

func writeTree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestSourcesFollowTheModulesOfTheProject(t *testing.T) {
	t.Parallel()
	root := writeTree(t, map[string]string{
		"infra/cache/main.tf": `module "shared" { source = "../shared" }
module "registry" { source = "terraform-aws-modules/vpc/aws" }`,
		"infra/cache/files/policy.json":     `{}`,
		"infra/cache/.terraform/big":        "left by a terraform init of the developer's",
		"infra/shared/main.tf.json":         `{"module":{"deep":{"source":"./deep"}}}`,
		"infra/shared/deep/main.tf":         `module "loop" { source = "../../cache" }`,
		"infra/unrelated/terraform.tfstate": `{}`,
	})
	inputs, blobs, err := terraform.Sources(root, "./infra/cache")
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, in := range inputs {
		paths = append(paths, in.Path)
		if in.Role != terraform.RoleSource || plans.DigestOf(blobs[in.Digest]) != in.Digest || in.Size != int64(len(blobs[in.Digest])) {
			t.Errorf("input %+v does not fit its content", in)
		}
	}
	want := "infra/cache/files/policy.json infra/cache/main.tf infra/shared/deep/main.tf infra/shared/main.tf.json"
	if got := strings.Join(paths, " "); got != want {
		t.Errorf("sources %s, want %s", got, want)
	}
}

func TestSourcesRefuse(t *testing.T) {
	t.Parallel()
	outside := filepath.Join(writeTree(t, map[string]string{"secret": "x"}), "secret")
	for name, test := range map[string]struct {
		file, text string
		link       string
		want       []string // in the error
	}{
		"own providers":      {file: "m/terraform.d/plugins/x", want: []string{"m/terraform.d", "provider"}},
		"hidden below":       {file: "m/deep/terraform.d/plugins/x", want: []string{"m/deep/terraform.d"}},
		"CLI configuration":  {file: "m/.terraformrc", want: []string{"m/.terraformrc", "CLI configuration"}},
		"named .tfrc":        {file: "m/dev.tfrc", want: []string{"m/dev.tfrc"}},
		"state":              {file: "m/terraform.tfstate", want: []string{"m/terraform.tfstate", "state"}},
		"old state":          {file: "m/terraform.tfstate.backup", want: []string{"m/terraform.tfstate.backup"}},
		"reserved name":      {file: "m/lockstep_override.tf.json", text: "{}", want: []string{"reserved"}},
		"link out":           {file: "m/leak", link: outside, want: []string{"m/leak", "inside of the project"}},
		"relative link out":  {file: "m/leak", link: "../../outside", want: []string{"m/leak"}},
		"link to a folder":   {file: "m/link", link: ".", want: []string{"m/link", "regular file"}},
		"broken syntax":      {file: "m/bad.tf", text: "resource {", want: []string{"m/bad.tf:1"}},
		"cloud block":        {file: "m/cloud.tf", text: "terraform {\n  cloud {}\n}", want: []string{"m/cloud.tf:2", "backend"}},
		"local backend path": {file: "m/b.tf", text: "terraform {\n  backend \"local\" {\n    path = \"x\"\n  }\n}", want: []string{"m/b.tf:2", "own folder"}},
		"module outside":     {file: "m/up.tf", text: `module "x" { source = "../../up" }`, want: []string{"../up", "outside"}},
		"missing module":     {file: "m/up.tf", text: `module "x" { source = "./gone" }`, want: []string{"m/gone", "no such folder"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{"m/main.tf": `output "x" { value = 1 }`}
			if test.link == "" {
				files[test.file] = test.text
			}
			root := writeTree(t, files)
			if test.link != "" {
				if err := os.Symlink(test.link, filepath.Join(root, test.file)); err != nil {
					t.Fatal(err)
				}
			}
			_, _, err := terraform.Sources(root, "m")
			if err == nil {
				t.Fatal("accepted")
			}
			for _, part := range test.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the error does not hold %q: %v", part, err)
				}
			}
		})
	}
}

func TestALinkInsideIsReadAsAFile(t *testing.T) {
	t.Parallel()
	root := writeTree(t, map[string]string{"m/main.tf": `output "x" { value = 1 }`, "shared/policy.json": "{}"})
	if err := os.Symlink("../shared/policy.json", filepath.Join(root, "m", "policy.json")); err != nil {
		t.Fatal(err)
	}
	inputs, blobs, err := terraform.Sources(root, "m")
	if err != nil {
		t.Fatal(err)
	}
	if len(inputs) != 2 || inputs[1].Path != "m/policy.json" || string(blobs[inputs[1].Digest]) != "{}" {
		t.Errorf("sources %+v", inputs)
	}
}

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(p *project)
		want   string
	}{
		"unknown input": {func(p *project) { p.input("sise", "x") }, `input "sise" is not a variable of the module infra/cache; it declares: size`},
		"missing input": {func(p *project) { delete(p.settings, "inputs") }, "size"},
		"no source":     {func(p *project) { p.settings["source"] = "./nowhere" }, "no such folder"},
		"source above":  {func(p *project) { p.settings["source"] = "../x" }, "outside of the project"},
		"source root":   {func(p *project) { p.settings["source"] = "/etc" }, "inside of the project"},
		"workspace":     {func(p *project) { p.settings["workspace"] = "a/b" }, "expected letters"},
		"backend":       {func(p *project) { p.settings["backend_config"] = map[string]any{"path": "x"} }, "backend block"},
		"wrong type":    {func(p *project) { p.settings["inputs"] = canary }, "settings are not what was expected"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProject(t, sized)
			p.input("size", "small")
			test.change(p)
			_, err := p.tryObserve()
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("observe returns %v, want %q", err, test.want)
			}
			if strings.Contains(err.Error(), canary) {
				t.Errorf("the error holds a value: %v", err)
			}
		})
	}
}

func TestTheSourcesOfTheBundleAloneAreUsed(t *testing.T) {
	t.Parallel()
	p := newProject(t, `
variable "size" { type = string }
module "part" {
  source = "../shared"
  size   = var.size
}
output "size" { value = module.part.size }
`)
	p.write("infra/shared/main.tf", strings.Replace(sized, "output \"id\" { value = terraform_data.cache.id }", "", 1))
	p.input("size", "small")
	req := p.request(p.observe())
	if err := os.RemoveAll(filepath.Join(p.root, "infra")); err != nil {
		t.Fatal(err)
	}
	result := p.apply(req)
	if got := p.output(result.Outputs, "size"); string(got.Value) != `"small"` {
		t.Errorf("output %+v", got)
	}
	p.probe(req, "done")
	p.rollback(req)
	p.probe(req, "absent")
}
