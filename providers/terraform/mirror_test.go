package terraform_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/trialprovider"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/terraform"
)

func TestFindMirror(t *testing.T) {
	root, elsewhere := t.TempDir(), t.TempDir()
	inside := filepath.Join(root, "mirror")
	if err := os.Mkdir(inside, 0o755); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(elsewhere, "link")
	if err := os.Symlink(inside, link); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(elsewhere, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		operator, project string
		mirror            string
		want              string // part of the reason, or of the error
	}{
		"nobody names one":            {},
		"the project":                 {project: elsewhere, mirror: elsewhere, want: "plugin_mirror"},
		"the project, by address":     {project: "https://mirror.example.com/x", mirror: "https://mirror.example.com/x", want: "plugin_mirror"},
		"the operator goes first":     {operator: elsewhere, project: "https://mirror.example.com/x", mirror: elsewhere, want: "named by LOCKSTEP_PLUGIN_MIRROR"},
		"the operator, in there":      {operator: inside, mirror: inside, want: "LOCKSTEP_PLUGIN_MIRROR"},
		"the project, in itself":      {project: inside, want: "lies in the project"},
		"the project, through a link": {project: link, want: "lies in the project"},
		"a relative path":             {operator: "mirror", want: "neither an absolute path nor an https address"},
		"no folder":                   {operator: file, want: "is no folder"},
		"not there":                   {project: filepath.Join(elsewhere, "nowhere"), want: "cannot be used"},
		"not safe":                    {project: "http://mirror.example.com/x", want: "expected https://"},
		"with a password":             {operator: "https://ada:s3cret@mirror.example.com/", want: "expected https://"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(terraform.MirrorVariable, test.operator)
			mirror, why, err := terraform.FindMirror(root, test.project)
			if mirror != test.mirror {
				t.Errorf("found %q, %q, %v", mirror, why, err)
			}
			if err != nil {
				why = err.Error()
			} else if test.mirror == "" && test.want != "" {
				t.Error("there is no error")
			}
			if !strings.Contains(why, test.want) || strings.Contains(why, "s3cret") {
				t.Errorf("%q, want %q in it", why, test.want)
			}
		})
	}
}

// TestProvidersComeFromTheMirrorAlone installs the trial provider, which no
// registry has, and is refused another one, which registries have.
func TestProvidersComeFromTheMirrorAlone(t *testing.T) {
	t.Parallel()
	cloud := trialprovider.NewCloud(t)
	p := newMirroredProject(t, cloud.Provider()+`
resource "trial_object" "cache" { name = "cache" }
`)
	req := p.request(p.observe())
	p.apply(req)
	p.probe(req, providers.Done)
	if made := cloud.EverMade("object", "cache"); made != 1 {
		t.Errorf("made %d objects, want 1", made)
	}
	p.write("infra/cache/main.tf", `resource "null_resource" "cache" {}`)
	if _, err := p.tryObserve(); err == nil || !strings.Contains(err.Error(), "hashicorp/null") || strings.Contains(err.Error(), "no such host") {
		t.Errorf("observe with a provider that the mirror lacks returns %v", err)
	}
}

// newMirroredProject is a project whose providers come from the trial
// provider's mirror.
func newMirroredProject(t testing.TB, configuration string) *project {
	t.Helper()
	p := newProject(t, configuration)
	p.provider = openWith(t, p.root, terraform.Options{PluginMirror: trialprovider.Mirror(t)})
	return p
}
