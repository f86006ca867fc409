package archtest

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

func TestThisModule(t *testing.T) {
	t.Parallel()
	tree, err := Load(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for name, check := range checks() {
		for _, v := range check(tree) {
			t.Errorf("%s: %s", name, v)
		}
	}
	for _, folder := range []string{"plans", "internal/archtest"} {
		if !slices.ContainsFunc(tree.Files, func(f File) bool { return f.Package == folder }) {
			t.Errorf("no file of %s was read: the checks looked at nothing", folder)
		}
	}
	reportLengths(t, tree)
}

func checks() map[string]func(*Tree) []Violation {
	return map[string]func(*Tree) []Violation{"laws": Laws, "imports": Imports, "layout": Layout, "house": House}
}

func reportLengths(t *testing.T, tree *Tree) {
	t.Helper()
	var lines []int
	for _, f := range tree.Files {
		lines = append(lines, f.Lines)
	}
	slices.Sort(lines)
	t.Logf("%d Go files, lines p50 %d, p95 %d, longest %d",
		len(lines), lines[len(lines)/2], lines[len(lines)*95/100], lines[len(lines)-1])
}

// TestBadTree proves that the checks can fail: testdata/bad.txtar breaks every
// rule once and holds the lines that must be printed.
func TestBadTree(t *testing.T) {
	t.Parallel()
	archive, err := txtar.ParseFile("testdata/bad.txtar")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := txtar.Write(archive, folder); err != nil {
		t.Fatal(err)
	}
	long := "package sqlscan\n" + strings.Repeat("//\n", MaxLines)
	if err := os.WriteFile(folder+"/internal/sqlscan/long.go", []byte(long), 0o600); err != nil {
		t.Fatal(err)
	}
	tree, err := Load(os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for name, check := range checks() {
		for _, v := range check(tree) {
			got = append(got, name+": "+v.String())
		}
	}
	slices.Sort(got)
	want := strings.Split(strings.TrimSpace(string(archive.Comment)), "\n")
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("not reported: %s", line)
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("reported by mistake: %s", line)
		}
	}
}

func TestLoadSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	if _, err := Load(os.DirFS(t.TempDir())); err == nil || !strings.Contains(err.Error(), "go.mod") {
		t.Errorf("got %v, want an error that names go.mod", err)
	}
}
