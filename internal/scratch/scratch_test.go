package scratch

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func exists(t *testing.T, path string) bool {
	t.Helper()
	_, err := os.Stat(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return err == nil
}

func TestFolderIsMadeAndRemoved(t *testing.T) {
	t.Parallel()
	for _, folder := range []func(string) (*Folder, error){InMemory, OnDisk} {
		f, err := folder("scratchtest")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(f.Path, "file"), []byte("x"), 0o600); err != nil {
			t.Error(err)
		}
		for range 2 {
			if err := f.Remove(); err != nil {
				t.Error(err)
			}
		}
		if exists(t, f.Path) {
			t.Errorf("%s is still there", f.Path)
		}
	}
}

// TestChild is the process that leaves a folder, for TestLeftFolderIsDeleted.
func TestChild(t *testing.T) {
	base := os.Getenv("SCRATCH_TEST_BASE")
	if base == "" {
		t.Skip("only as a child")
	}
	f, err := newIn(base, "left")
	if err != nil {
		t.Fatal(err)
	}
	os.Stdout.WriteString("made " + f.Path + "\n")
	os.Exit(0)
}

func TestLeftFolderIsDeleted(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$")
	child.Env = append(os.Environ(), "SCRATCH_TEST_BASE="+base)
	out, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	left := strings.TrimSpace(strings.TrimPrefix(string(out), "made "))
	mine, err := newIn(base, "left")
	if err != nil {
		t.Fatal(err)
	}
	if !exists(t, left) {
		t.Error("one that was made just now was deleted: it may not have its lock yet")
	}
	sweep(base, "left", time.Now().Add(time.Minute))
	if exists(t, left) {
		t.Error("nobody deletes what a dead process has left")
	}
	if !exists(t, mine.Path) {
		t.Error("a folder in use was deleted")
	}
	if err := mine.Remove(); err != nil {
		t.Error(err)
	}
}

func TestMemoryIsUsedWhereThereIsRoom(t *testing.T) {
	t.Parallel()
	f, err := InMemory("scratchtest")
	if err != nil {
		t.Fatal(err)
	}
	want := disk
	if room(memory) >= roomInMemory {
		want = memory
	}
	if got := filepath.Dir(f.Path); got != want {
		t.Errorf("made in %s, want %s", got, want)
	}
	if err := f.Remove(); err != nil {
		t.Error(err)
	}
}
