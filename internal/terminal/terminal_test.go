package terminal

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
)

func TestColour(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		terminal bool
		noColor  bool
		env      []string
		want     bool
	}{
		"terminal":                         {terminal: true, want: true},
		"pipe":                             {},
		"flag":                             {terminal: true, noColor: true},
		"flag beats force":                 {terminal: true, noColor: true, env: []string{"CLICOLOR_FORCE=1"}},
		"NO_COLOR":                         {terminal: true, env: []string{"NO_COLOR=1"}},
		"NO_COLOR empty counts as not set": {terminal: true, env: []string{"NO_COLOR="}, want: true},
		"NO_COLOR beats force":             {terminal: true, env: []string{"NO_COLOR=1", "CLICOLOR_FORCE=1"}},
		"dumb":                             {terminal: true, env: []string{"TERM=dumb"}},
		"forced in a pipe":                 {env: []string{"CLICOLOR_FORCE=1"}, want: true},
		"force 0 is no force":              {env: []string{"CLICOLOR_FORCE=0"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := colour(test.terminal, Options{NoColor: test.noColor, Environ: test.env}); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestFileThatIsNoTerminal(t *testing.T) {
	t.Parallel()
	f, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	widths := map[string]int{"": DefaultWidth, "80": 80, "1": minWidth, "5000": maxWidth, "wide": DefaultWidth, "-3": DefaultWidth}
	for columns, want := range widths {
		o := New(nil, f, io.Discard, Options{Environ: []string{"COLUMNS=7", "COLUMNS=" + columns}}).Out
		if o.Terminal || o.Colour || o.Width != want {
			t.Errorf("COLUMNS=%q: terminal %v, colour %v, width %d; want no terminal, no colour, %d", columns, o.Terminal, o.Colour, o.Width, want)
		}
	}
}

func TestPlainHasNoEscapes(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	s := Plain(strings.NewReader(""), &out, &errs)
	if s.Interactive() {
		t.Error("a reader is not a person")
	}
	if got := s.Out.Paint(Bad, "FAIL"); got != "FAIL" {
		t.Errorf("got %q, want the bare word", got)
	}
	s.Out.Colour = true
	if got := s.Out.Paint(Bad, "FAIL"); got != "\x1b[31mFAIL\x1b[0m" {
		t.Errorf("got %q, want a red word", got)
	}
	if got := s.Out.Paint(Bad, ""); got != "" {
		t.Errorf("got %q for nothing", got)
	}
	if wide := s.Out.WithWidth(120); wide.Width != 120 || s.Out.Width != DefaultWidth {
		t.Error("WithWidth must copy")
	}
}
