package sqlscan_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

func texts(statements []sqlscan.Statement) []string {
	out := []string{}
	for _, s := range statements {
		out = append(out, s.Text)
	}
	return out
}

func TestSplit(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		src  string
		want []string
	}{
		"nothing":              {"", []string{}},
		"comments only":        {"-- a;\n/* b; /* c; */ d; */ ;;", []string{}},
		"two":                  {"select 1; select 2", []string{"select 1", "select 2"}},
		"string":               {"select 'a;''b;'; select 2;", []string{"select 'a;''b;'", "select 2"}},
		"escape string":        {`select E'a\';b', e'\\'; select 2;`, []string{`select E'a\';b', e'\\'`, "select 2"}},
		"plain backslash":      {`select 'a\'; select 2;`, []string{`select 'a\'`, "select 2"}},
		"quoted name":          {`select ";""" ; select 2`, []string{`select ";"""`, "select 2"}},
		"dollar":               {"do $$ begin; end $$; select 2", []string{"do $$ begin; end $$", "select 2"}},
		"dollar tag":           {"do $a$ ; $$ ; $b$ ; $a$; x", []string{"do $a$ ; $$ ; $b$ ; $a$", "x"}},
		"dollar in a name":     {"select a$b$c; x", []string{"select a$b$c", "x"}},
		"parameter":            {"select $1; x", []string{"select $1", "x"}},
		"nested comment":       {"select /* ; /* ; */ ; */ 1; x", []string{"select /* ; /* ; */ ; */ 1", "x"}},
		"comment at the end":   {"select 1 -- why; \n; x", []string{"select 1", "x"}},
		"rule":                 {"create rule r as on insert to t do also (select 1; select 2); x", []string{"create rule r as on insert to t do also (select 1; select 2)", "x"}},
		"unicode constants":    {`select U&'\0061;', u&"a;", n'a;', b'1', x'f;'; x`, []string{`select U&'\0061;', u&"a;", n'a;', b'1', x'f;'`, "x"}},
		"routine body":         {"create or replace function f() returns int begin atomic select case when true then 1 end; select 2; end; x", []string{"create or replace function f() returns int begin atomic select case when true then 1 end; select 2; end", "x"}},
		"begin is not a body":  {"begin; select 1; end; x", []string{"begin", "select 1", "end", "x"}},
		"psql command":         {"select 1;\n\\i other.sql\nselect 2;", []string{"select 1", `\i other.sql`, "select 2"}},
		"psql command, inside": {"select 1 \\gexec\nselect 2;", []string{"select 1", `\gexec`, "select 2"}},
		"copy with rows":       {"copy t from stdin;\n1\tit's\n\\.\nselect 2;", []string{"copy t from stdin", "select 2"}},
		"copy of a query":      {"copy (select 1 from stdin) to 'x'; select 'b'", []string{"copy (select 1 from stdin) to 'x'", "select 'b'"}},
		"brackets":             {"select a['x;']; y", []string{"select a['x;']", "y"}},
		"crlf":                 {"select 1;\r\nselect 2;\r\n", []string{"select 1", "select 2"}},
		"not ascii":            {"select 'ü;' as größe; x", []string{"select 'ü;' as größe", "x"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := sqlscan.Split([]byte(tt.src))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(texts(got), tt.want) {
				t.Errorf("got %q, want %q", texts(got), tt.want)
			}
		})
	}
}

func TestSplitSQLite(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		src  string
		want []string
	}{
		"trigger":        {"create temp trigger g after insert on t begin update t set a = case when 1 then 2 end; delete from u; end; x", []string{"create temp trigger g after insert on t begin update t set a = case when 1 then 2 end; delete from u; end", "x"}},
		"named trigger":  {"create trigger if not exists g after insert on t begin select 1; end; x", []string{"create trigger if not exists g after insert on t begin select 1; end", "x"}},
		"transaction":    {"begin; select 1; end; x", []string{"begin", "select 1", "end", "x"}},
		"quoted names":   {"select [a;'], `b;``c`, \"d;\"; x", []string{"select [a;'], `b;``c`, \"d;\"", "x"}},
		"no nesting":     {"/* a /* b */ select 1; x", []string{"select 1", "x"}},
		"dollar is text": {"select $a$; x; select '$a$'", []string{"select $a$", "x", "select '$a$'"}},
		"no escapes":     {`select 'a\'; x`, []string{`select 'a\'`, "x"}},
		"blob":           {"select x'00', e; x", []string{"select x'00', e", "x"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := sqlscan.SplitSQLite([]byte(tt.src))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(texts(got), tt.want) {
				t.Errorf("got %q, want %q", texts(got), tt.want)
			}
		})
	}
}

func TestSplitRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ src, want string }{
		"string":      {"select 1;\n  select 'a", "2:10: unterminated string; end it with '"},
		"escape":      {`select E'a\'`, "1:9: unterminated string; end it with '"},
		"escape end":  {`select E'a\`, "1:9: unterminated string; end it with '"},
		"name":        {`select "a`, `1:8: unterminated quoted name; end it with "`},
		"dollar":      {"do $x$ $y$", "1:4: unterminated dollar-quoted string; end it with $x$"},
		"comment":     {"select 1 /* /* */", "1:10: unterminated comment; end it with */"},
		"parenthesis": {"ü (;", "1:3: parenthesis is never closed; close it with )"},
		"body":        {"create function f() begin atomic select 1;", "1:1: body that begins with BEGIN has no END; end it with END;"},
		"nul":         {"select\n\x00", "2:1: a NUL byte; remove it; SQL text cannot hold NUL"},
		"latin-1":     {"select 'ü\xfc'", "1:10: byte 0xfc is not UTF-8; convert the file to UTF-8"},
		"utf-16":      {"\xff\xfes\x00", "1:1: the file is UTF-16, expected UTF-8; save the file as UTF-8 without a byte order mark"},
		"bom":         {"\xef\xbb\xbfselect 1", "1:1: the file begins with a byte order mark; save the file as UTF-8 without a byte order mark"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := sqlscan.Split([]byte(tt.src))
			var place *sqlscan.Error
			if !errors.As(err, &place) {
				t.Fatalf("got %v, want an *Error", err)
			}
			if err.Error() != tt.want {
				t.Errorf("got  %s\nwant %s", err, tt.want)
			}
		})
	}
}

func TestStatementPlaceAndWords(t *testing.T) {
	t.Parallel()
	src := "-- one\n\n  /* ü */ create unique index concurrently if not exists i on t (a);\n alter table\n\"T\" add b int; Select 1"
	got, err := sqlscan.Split([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	type place struct {
		line, column int
		words        string
	}
	want := []place{
		{3, 11, "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS I"},
		{4, 2, "ALTER TABLE"},
		{5, 16, "SELECT"},
	}
	for i, s := range got {
		if p := (place{s.Line, s.Column, strings.Join(s.Words, " ")}); p != want[i] {
			t.Errorf("statement %d: got %v, want %v", i, p, want[i])
		}
		if src[s.Offset:s.Offset+len(s.Text)] != s.Text {
			t.Errorf("statement %d: offset %d is not where its text is", i, s.Offset)
		}
	}
}

// Whatever is put between semicolons inside of quotes never splits.
func TestSplitNeverCutsQuotes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		inner := rapid.StringMatching(`[a-z;'"$/*\\ -]{0,12}`)
		n := rapid.IntRange(1, 6).Draw(t, "n")
		var want []string
		for range n {
			body := inner.Draw(t, "body")
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				want = append(want, "select '"+strings.ReplaceAll(body, "'", "''")+"'")
			case 1:
				want = append(want, `select "x`+strings.ReplaceAll(body, `"`, `""`)+`"`)
			case 2:
				want = append(want, "do $Q1$"+body+" $Q1$") // no body has a digit
			default:
				want = append(want, "select 1")
			}
		}
		got, err := sqlscan.Split([]byte(strings.Join(want, ";\n")))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(texts(got), want) {
			t.Fatalf("got %q, want %q", texts(got), want)
		}
	})
}

// Half a million pieces take less than a second each; a time that grows with
// their square would not end before the tests' limit.
func TestSplitIsLinear(t *testing.T) {
	t.Parallel()
	inputs := map[string]string{
		"one line":      "select 1;",
		"one statement": "a,",
		"quotes":        "'",
		"dollars":       "$a",
		"comments":      "/**/",
		"parentheses":   "(",
	}
	for name, unit := range inputs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _ = sqlscan.Split([]byte(strings.Repeat(unit, 500_000))) // not every one of them is SQL
		})
	}
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{"select 1; x", "do $a$ ; $a$", "E'\\'", "/* /* */ */", "create trigger x begin select 1; end;", "copy t from stdin;\n1\n\\.\n", "\\x\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, split := range []func([]byte) ([]sqlscan.Statement, error){sqlscan.Split, sqlscan.SplitSQLite} {
			statements, err := split(src)
			var place *sqlscan.Error
			if err != nil && (!errors.As(err, &place) || place.Line < 1 || place.Column < 1 || place.Fix == "") {
				t.Fatalf("error without a place: %v", err)
			}
			end := 0
			for _, s := range statements {
				if s.Text == "" || s.Offset < end || string(src[s.Offset:s.Offset+len(s.Text)]) != s.Text {
					t.Fatalf("statement %+v is not a piece of %q", s, src)
				}
				end = s.Offset + len(s.Text)
				s.Tokens()
				s.OutsideTransaction()
			}
		}
	})
}
