package crashtest

import (
	"os"
	"sync"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/scratch"
)

// ground holds the folders of the worlds.
type ground struct {
	once   sync.Once
	folder *scratch.Folder
	err    error
}

// dir makes a folder that goes when the test ends.
func (g *ground) dir(t *testing.T) string {
	t.Helper()
	if g.once.Do(func() { g.folder, g.err = scratch.InMemory("worlds") }); g.err != nil {
		t.Fatal(g.err)
	}
	dir, err := os.MkdirTemp(g.folder.Path, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func (g *ground) close() error {
	if g.folder == nil {
		return nil
	}
	return g.folder.Remove()
}
