package view

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/terminal"
)

var update = flag.Bool("update", false, "write the golden files anew")

// screen returns an output of the given width and what is written to it.
func screen(columns int) (*terminal.Output, *bytes.Buffer) {
	var buf bytes.Buffer
	return &terminal.Output{Writer: &buf, Width: columns}, &buf
}

// golden compares got with testdata/name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (go test -update accepts it); got:\n%s", path, got)
	}
}

// fits fails for a line that is wider than the screen or ends with a space.
func fits(t *testing.T, columns int, got []byte) {
	t.Helper()
	for line := range strings.Lines(string(got)) {
		line = strings.TrimSuffix(line, "\n")
		if width(line) > columns {
			t.Errorf("%d columns on a screen of %d: %q", width(line), columns, line)
		}
		if strings.TrimRight(line, " ") != line {
			t.Errorf("trailing space: %q", line)
		}
	}
}

func wrapOut(buf *bytes.Buffer) *terminal.Output { return &terminal.Output{Writer: buf, Width: 100} }
