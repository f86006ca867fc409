package terraform

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
)

func TestFilesOfValuesAreLearned(t *testing.T) {
	t.Parallel()
	m := &module{folder: "infra", place: &place{work: t.TempDir()}, secrets: &secrets{}}
	m.config.sensitive = []string{"a", "b", "c"}
	for name, text := range map[string]string{
		"infra/x.auto.tfvars": "a = \"song-a\"\nopen = \"tune\"\n", "infra/terraform.tfvars.json": `{"b": {"deep": ["song-b"]}}`,
		"infra/broken.tfvars": "c = \"song", "infra/inner/y.tfvars": `a = "tune-inner"`,
	} {
		path := filepath.Join(m.place.tree(), name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		m.sources = append(m.sources, plans.Input{Path: name})
	}
	if err := m.learnValueFiles(); err != nil {
		t.Fatal(err)
	}
	if got := m.secrets.scrub("song-a song-b tune tune-inner"); got != "*** *** tune tune-inner" {
		t.Errorf("got %q", got)
	}
}
