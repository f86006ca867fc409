package config_test

import (
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/config"
)

// TestDecodersDoNotRecurseWithoutEnd: what they do ends the program, and no
// error can be caught.
func TestDecodersDoNotRecurseWithoutEnd(t *testing.T) {
	t.Parallel()
	for _, decode := range []string{"jsondecode", "yamldecode"} {
		for text, want := range map[string]string{
			strings.Repeat("[", 2_000_000):                      "open inside of each other",
			strings.Repeat("[", 100) + strings.Repeat("]", 100): "",
		} {
			p, ds := config.Load(project(map[string]string{
				"p.lockstep.hcl": "locals { x = " + decode + "(file(\"deep\")) }\nenvironment \"dev\" {}\n", "deep": text,
			}))
			if ds.HasErrors() {
				t.Fatal(ds)
			}
			got := ""
			for _, d := range p.Validate() {
				got += d.Detail
			}
			if want == "" && got != "" || !strings.Contains(got, want) {
				t.Errorf("%s of %d bytes: %q", decode, len(text), got)
			}
		}
	}
}
