package confined_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/confined"
)

func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func open(t *testing.T, root string, limits confined.Limits) *confined.Folder {
	t.Helper()
	f, err := confined.Open(root, limits)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestWhatIsNotRead(t *testing.T) {
	t.Parallel()
	outside := filepath.Join(tree(t, map[string]string{"secret": "x"}), "secret")
	root := tree(t, map[string]string{
		"a.txt": "a", "sub/b.txt": "b", ".git/config": "token", ".env": "password", "sub/.hidden/c": "c", ".terraform.lock.hcl": "lock",
		"large": strings.Repeat("x", 1001),
	})
	for link, target := range map[string]string{
		"inside": "sub/b.txt", "folder": "sub", "out": outside, "up": "../" + filepath.Base(filepath.Dir(outside)) + "/secret",
		"credentials": ".git/config", "below": ".git", "loop": "loop", "gone": "nothing",
	} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(root, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	f := open(t, root, confined.Limits{FileBytes: 1000, Bytes: 5000, Files: 100, Entries: 100, Depth: 10})
	for name, want := range map[string]string{
		"a.txt": "a", "sub/b.txt": "b", "inside": "b", "folder/b.txt": "b", ".terraform.lock.hcl": "lock",
		".git/config": "!hidden", ".env": "!hidden", "sub/.hidden/c": "!hidden", "credentials": "!hidden", "below/config": "!hidden",
		"out": "!leads out", "up": "!leads out", "loop": "!links lead", "gone": "!no such file", "pipe": "!no regular file",
		"large": "!1001 bytes", "../secret": "!invalid", "/etc/passwd": "!invalid",
	} {
		got, err := fs.ReadFile(f, name)
		if problem, fails := strings.CutPrefix(want, "!"); fails {
			if err == nil || !strings.Contains(err.Error(), problem) || len(got) > 0 {
				t.Errorf("%s: %q, %v, want %q", name, got, err, problem)
			}
		} else if err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	entries, err := fs.ReadDir(f, ".")
	if err != nil || slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == ".git" || e.Name() == ".env" }) {
		t.Errorf("listed %v, %v", entries, err)
	}
	for _, ask := range []func() error{
		func() error { _, err := fs.Lstat(f, ".git"); return err },
		func() error { _, err := fs.ReadLink(f, ".git/x"); return err },
		func() error { _, err := fs.Stat(f, "below/config"); return err },
		func() error { _, err := fs.ReadDir(f, "below"); return err },
	} {
		if err := ask(); !errors.Is(err, confined.ErrRefused) {
			t.Errorf("%v", err)
		}
	}
	if files, bytes := f.Read(); files != 3 || bytes != 6 {
		t.Errorf("read %d files, %d bytes", files, bytes)
	}
}

func TestHowMuchIsRead(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for i := range 20 {
		files[fmt.Sprintf("d/%02d", i)] = strings.Repeat("x", 100)
	}
	root := tree(t, files)
	for name, test := range map[string]struct {
		limits confined.Limits
		read   int
		lists  bool
	}{
		"all":            {confined.Limits{FileBytes: 100, Bytes: 2000, Files: 20, Entries: 21, Depth: 1}, 20, true},
		"too many files": {confined.Limits{FileBytes: 100, Bytes: 2000, Files: 7, Entries: 21, Depth: 1}, 7, true},
		"too much":       {confined.Limits{FileBytes: 100, Bytes: 550, Files: 20, Entries: 21, Depth: 1}, 5, true},
		"long folder":    {confined.Limits{FileBytes: 100, Bytes: 2000, Files: 20, Entries: 19, Depth: 1}, 20, false},
	} {
		f := open(t, root, test.limits)
		read := 0
		for range 2 { // what was read once is not counted again
			read = 0
			for i := range 20 {
				if _, err := fs.ReadFile(f, fmt.Sprintf("d/%02d", i)); err == nil {
					read++
				}
			}
		}
		_, err := fs.ReadDir(f, "d")
		seen := 0
		whole := f.Walk(func(string, fs.DirEntry) { seen++ })
		if read != test.read || (err == nil) != test.lists || whole != test.lists {
			t.Errorf("%s: read %d, list %v, walked whole %v (%d)", name, read, err, whole, seen)
		}
	}
	deep := open(t, tree(t, map[string]string{"a/b/c/d": ""}), confined.Limits{Entries: 100, Depth: 1})
	if deep.Walk(func(string, fs.DirEntry) {}) {
		t.Error("a tree that is too deep is walked whole")
	}
}

func TestWalkNamesWhatIsHidden(t *testing.T) {
	t.Parallel()
	f := open(t, tree(t, map[string]string{"m/.terraformrc": "", ".git/x": "", "m/terraform.d/plugins/x": ""}), confined.DefaultLimits())
	var names []string
	f.Walk(func(name string, _ fs.DirEntry) { names = append(names, name) })
	if got := strings.Join(names, " "); got != ".git m m/.terraformrc m/terraform.d m/terraform.d/plugins m/terraform.d/plugins/x" {
		t.Error(got)
	}
}
