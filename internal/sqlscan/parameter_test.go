package sqlscan

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func bound(t *testing.T, text string, cut func([]byte) ([]Statement, error)) string {
	t.Helper()
	statements, err := cut([]byte(text))
	if err != nil || len(statements) != 1 {
		t.Fatalf("%q: %d statements, %v", text, len(statements), err)
	}
	return statements[0].Bind(func(name string) string { return "<" + name + ">" })
}

func TestBind(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, want string }{
		"both":               {"UPDATE t SET a = 1 WHERE id BETWEEN :from AND :to", "UPDATE t SET a = 1 WHERE id BETWEEN <from> AND <to>"},
		"none":               {"UPDATE t SET a = 1", "UPDATE t SET a = 1"},
		"twice":              {"SELECT :from,:from", "SELECT <from>,<from>"},
		"a string":           {"SELECT ':from', :to", "SELECT ':from', <to>"},
		"an escaped string":  {`SELECT E'\':from', :to`, `SELECT E'\':from', <to>`},
		"a dollar string":    {"SELECT $$ :from $$, :to", "SELECT $$ :from $$, <to>"},
		"a comment":          {"SELECT /* :from */ :to -- :from", "SELECT /* :from */ <to>"},
		"a quoted name":      {`SELECT ":from", :to`, `SELECT ":from", <to>`},
		"a cast":             {"SELECT a::from, b::bigint, :to", "SELECT a::from, b::bigint, <to>"},
		"a cast of one":      {"SELECT :from::bigint", "SELECT <from>::bigint"},
		"a longer name":      {"SELECT :from_x", "SELECT <from_x>"},
		"blanks between":     {"SELECT a[1 : to]", "SELECT a[1 : to]"},
		"a named argument":   {"SELECT f(a := 1, b => :to)", "SELECT f(a := 1, b => <to>)"},
		"characters, wide":   {"SELECT 'äöü', :from", "SELECT 'äöü', <from>"},
		"next to a bracket":  {"SELECT (:from)", "SELECT (<from>)"},
		"on another line":    {"UPDATE t\nSET a = 1\nWHERE id >= :from", "UPDATE t\nSET a = 1\nWHERE id >= <from>"},
		"behind an operator": {"SELECT id>:from", "SELECT id><from>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := bound(t, test.text, Split); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
	if got := bound(t, "UPDATE `t` SET a = ':to' WHERE [id] >= :from", SplitSQLite); got != "UPDATE `t` SET a = ':to' WHERE [id] >= <from>" {
		t.Errorf("SQLite: %q", got)
	}
}

func TestNumbered(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text, want string
		cut        func([]byte) ([]Statement, error)
	}{
		{"SELECT $1", "$1", Split},
		{"SELECT '$1', $$ $1 $$, a ? 'b'", "", Split},
		{"SELECT ?", "?", SplitSQLite},
		{"SELECT '?'", "", SplitSQLite},
		{"SELECT @a", "@", SplitSQLite},
		{"SELECT ?", "?", SplitMySQL},
		{"SELECT @a, '?'", "", SplitMySQL},
	} {
		statements, err := test.cut([]byte(test.text))
		if err != nil {
			t.Fatal(err)
		}
		if got := statements[0].Numbered(); got != test.want {
			t.Errorf("%q: %q, expected %q", test.text, got, test.want)
		}
	}
}

// What is no placeholder stays as it is, byte for byte.
func TestBindKeepsTheRest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOf(rapid.SampledFrom([]string{
			"SELECT ", "a", ":from", ":to", "::text", "':from'", `":to"`, "/*:to*/", "-- :from\n", "$$:to$$", " ", ",", "(1)", "\n",
		})).Draw(t, "parts")
		text := "SELECT " + strings.Join(parts, "")
		statements, err := Split([]byte(text))
		if err != nil || len(statements) != 1 {
			t.Skip("not one statement")
		}
		s := statements[0]
		if same := s.Bind(func(name string) string { return ":" + name }); same != s.Text {
			t.Fatalf("%q became %q", s.Text, same)
		}
		marked := s.Bind(func(string) string { return "\x01" })
		if strings.Count(marked, "\x01") != len(s.Parameters()) {
			t.Fatalf("%q: %d placeholders, bound %q", s.Text, len(s.Parameters()), marked)
		}
	})
}

// Whatever the text is, each placeholder stands where Parameters says, and
// binding a name to itself changes nothing.
func FuzzBind(f *testing.F) {
	for _, text := range []string{
		"UPDATE t SET a = ':from'::text WHERE id BETWEEN :from AND :to", "SELECT a[1:to], $$:x$$, E'\\':from'", `SELECT "":a":b`, "SELECT :::a :b", "SELECT :é",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, cut := range []func([]byte) ([]Statement, error){Split, SplitSQLite, SplitMySQL} {
			statements, err := cut([]byte(text))
			if err != nil {
				continue
			}
			for _, s := range statements {
				for _, p := range s.Parameters() {
					if !strings.HasPrefix(s.Text[p.Offset:], ":"+p.Name) {
						t.Fatalf("%q: %+v", s.Text, p)
					}
				}
				if same := s.Bind(func(name string) string { return ":" + name }); same != s.Text {
					t.Fatalf("%q became %q", s.Text, same)
				}
			}
		}
	})
}
