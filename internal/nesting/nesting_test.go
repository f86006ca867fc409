package nesting_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/lockstep-dev/lockstep/internal/nesting"
)

func TestWhatIsTooDeepOrTooLong(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"x = [[1]]": "",
		"x = " + strings.Repeat("[", 200) + strings.Repeat("]", 200): "",
		"x = " + strings.Repeat("[", 201):                            "nesting deeper than 200",
		strings.Repeat("a {\n", 201):                                 "nesting deeper than 200",
		`x = "` + strings.Repeat("${\"", 201):                        "nesting deeper than 200",
		"x = " + strings.Repeat("!", 1001) + "true":                  "an expression has more than 1000 operators",
		strings.Repeat("x = 1 + 1\n", 2000):                          "",
	} {
		got := ""
		if found := nesting.Config("a.tf", []byte(text)); found != nil {
			got = found.String()
			if found.Range.Start.Line == 0 || found.Index < 0 {
				t.Errorf("%.40q: no place: %+v", text, found)
			}
		}
		if got != want {
			t.Errorf("%.40q: %q, want %q", text, got, want)
		}
	}
	for text, deep := range map[string]bool{
		`{"a": "` + strings.Repeat("[", 300) + `\""}`: false,
		strings.Repeat("[", 201):                      true,
		strings.Repeat("{}", 300):                     false,
	} {
		if found := nesting.JSON("a.json", []byte(text)); (found != nil) != deep {
			t.Errorf("%.40q: %v", text, found)
		}
	}
}

func TestConstant(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`"a"`:                        true,
		`"a${1}"`:                    true,
		`{ a = 1 }`:                  true,
		`var.x`:                      false,
		`null`:                       false,
		`[for x in [1] : x]`:         false,
		`"${[for x in [1] : x][0]}"`: false,
		`[1][*]`:                     false,
	} {
		e, diagnostics := hclsyntax.ParseExpression([]byte(text), "x", hcl.InitialPos)
		if diagnostics.HasErrors() {
			t.Fatal(diagnostics)
		}
		if _, known := nesting.Constant(e, nil); known != want {
			t.Errorf("%s: %v", text, known)
		}
	}
}

// FuzzWhatPassesCanBeParsed gives the library's parsers what passes.
func FuzzWhatPassesCanBeParsed(f *testing.F) {
	f.Add([]byte("x = [for a in b : a]"))
	f.Fuzz(func(_ *testing.T, text []byte) {
		if nesting.Config("x", text) == nil {
			_, _ = hclsyntax.ParseConfig(text, "x", hcl.InitialPos) // what is wrong in it does not matter: it ends
		}
		nesting.Template("x", text)
	})
}
