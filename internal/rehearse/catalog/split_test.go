package catalog

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// FuzzSplitters: what is cut is put together again, whatever stands between
// quotes, and no text ends the process.
func FuzzSplitters(f *testing.F) {
	for _, seed := range []string{`public.orders`, `"a.b"."c""d"`, `'new', 'it''s', ', '`, `f(a, "b.c")`, `x AS x, y AS z`, `"`, `'`, `.`} {
		f.Add(seed, "b")
	}
	quoted := regexp.MustCompile(`^"(?:[^"]|"")*"$`)
	f.Fuzz(func(t *testing.T, a, b string) {
		names := []string{`"` + strings.ReplaceAll(a, `"`, `""`) + `"`, `"` + strings.ReplaceAll(b, `"`, `""`) + `"`}
		if got := spelled(strings.Join(names, ".")); !slices.Equal(got, names) {
			t.Fatalf("%q is cut into %q", names, got)
		}
		literals := []string{"'" + strings.ReplaceAll(a, "'", "''") + "'", "'" + strings.ReplaceAll(b, "'", "''") + "'"}
		if got := labels(strings.Join(literals, ", ")); !slices.Equal(got, literals) {
			t.Fatalf("%q is cut into %q", literals, got)
		}
		for _, part := range spelled(a) {
			if strings.Contains(part, ".") && !quoted.MatchString(part) {
				t.Fatalf("%q of %q has a dot", part, a)
			}
		}
		if got := strings.Join(split(a), ", "); got != a {
			t.Fatalf("%q becomes %q", a, got)
		}
		if parent, values := bound("public.p FOR VALUES " + a); parent != "public.p" || values != "FOR VALUES "+a {
			t.Fatalf("a bound is cut into %q and %q", parent, values)
		}
		labels(a)
		unaliased(a)
		parts(Object{Kind: Function, Name: a})
		explained(Object{Attributes: []Attribute{{Name: "definition", Value: a}}}, Object{Attributes: []Attribute{{Name: "definition", Value: b}}}, words{})
	})
}
