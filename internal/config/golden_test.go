package config_test

import (
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// One run reports everything that is wrong, in order of place.
func TestRenderedDiagnostics(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile("testdata/wrong.lockstep.hcl")
	if err != nil {
		t.Fatal(err)
	}
	ds, fsys := validate(t, "wrong.lockstep.hcl", string(src))
	golden(t, "testdata/wrong.golden", rendered(ds, fsys))
}
