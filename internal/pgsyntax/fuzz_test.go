package pgsyntax_test

import (
	"os"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// FuzzRead: no text ends the process; statements lie in the text in order,
// with places in them; each is read or has a problem; and one that is read
// alone gives the same tree, for what is around it has no say.
func FuzzRead(f *testing.F) {
	known, err := os.ReadFile("testdata/statements.sql")
	if err != nil {
		f.Fatal(err)
	}
	for text := range strings.SplitSeq(string(known), "\n") {
		f.Add(text)
	}
	f.Add("DO $a$ ; $a$; COPY a FROM STDIN;\n;\n\\.\nSELECT E'\\';' /* /* ; */ */ \\gx\nSELECT U&'\\0041', 'ö' -- ;")
	f.Add("\\copy a\r\n;SELECT 1;;CREATE TABLE a (b int NOT NULL NOT VALID);" + strings.Repeat("SELECT (", 600))
	if _, err := pgsyntax.Read([]byte("SELECT 1")); err != nil { // WebAssembly compiles now: a fuzzed text has ten seconds
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		statements, err := pgsyntax.Read([]byte(text))
		if err != nil {
			return
		}
		end := 0
		for _, s := range statements {
			if s.Offset < end || !strings.HasPrefix(text[s.Offset:], s.Text) || s.Text == "" {
				t.Fatalf("%q at %d, the one before ends at %d", s.Text, s.Offset, end)
			}
			end = s.Offset + len(s.Text)
			checkOutcome(t, s)
		}
	})
}

func checkOutcome(t *testing.T, s pgsyntax.Statement) {
	t.Helper()
	if (s.Tree == nil) == (s.Problem == nil) {
		t.Fatalf("%q: tree %v, problem %v", s.Text, s.Tree, s.Problem)
	}
	if p := s.Problem; p != nil {
		lines := strings.Count(s.Text, "\n")
		if p.Message == "" || p.Line < s.Line || p.Line > s.Line+lines || p.Line == s.Line && p.Column < s.Column {
			t.Fatalf("%q at %d:%d: problem %+v", s.Text, s.Line, s.Column, *p)
		}
		return
	}
	alone, err := pgsyntax.Read([]byte(s.Text))
	if err != nil || len(alone) != 1 || alone[0].Tree == nil {
		t.Fatalf("%q: alone: %v, error %v", s.Text, alone, err)
	}
	if !pgsyntax.Same(s.Tree, alone[0].Tree) {
		t.Fatalf("%q: got %v, alone %v", s.Text, s.Tree, alone[0].Tree)
	}
	if _, err := pgsyntax.Deparse(s.Tree); err != nil && strings.Contains(err.Error(), "broke down") {
		t.Fatalf("%q: %v", s.Text, err)
	}
}
