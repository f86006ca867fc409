package catalog

import (
	"strings"
	"testing"
)

// FuzzInverse makes two catalogs of any text: a line is a kind, a name, what it
// is on and an attribute with its value, cut by |; those before a line of "--"
// are the first catalog.
func FuzzInverse(f *testing.F) {
	for _, seed := range []string{
		"table|public.p||partition key|LIST (a)\ntable|public.c||partition of|public.p FOR VALUES IN (1)\n--\ntable|public.p||partition key|LIST (a)",
		"table|public.c||partition of|public.p\n--\ntable|public.c||partition of|public.\"q FOR VALUES x\" DEFAULT",
		"column|a.b.c|a.b|type|integer\n--\ncolumn|a.b.c|a.b|type|varchar(3)\ntable|||inherits|",
		"index|i|t|definition|CREATE INDEX\ntable|t||clustered on|i\n--\ntable|t||clustered on|", "function|f||definition|x\n--\nfunction|f(integer)||owner|y",
		"column|||identity sequence|\nsequence|||owned by|\n--\ncolumn|||identity|ALWAYS\nsequence|s.q||owned by|.",
		"view column|v.c|v|default|1\nview|v||definition|x\n--\nview|w||definition|x\n", "constraint|public.t.c|public.t|definition|CHECK\n--\ntable|public.t||replica identity|index i",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		first, second, _ := strings.Cut(text, "--\n")
		before, after := anyCatalog(first), anyCatalog(second)
		Inverse(before, after)
		before.database, after.database = "one", "one" // renames are looked for
		Inverse(before, after)
	})
}

func anyCatalog(text string) Snapshot {
	s := Snapshot{Server: 180000}
	for line := range strings.Lines(text) {
		const fields = 5
		cells := append(strings.Split(strings.TrimSuffix(line, "\n"), "|"), make([]string, fields)...)
		o := Object{Kind: Kind(cells[0]), Name: cells[1], On: cells[2], id: cells[0] + "/" + cells[4]}
		if cells[3] != "" {
			o.Attributes = []Attribute{{Name: cells[3], Value: cells[4]}}
		}
		s.Objects = append(s.Objects, o)
	}
	return s
}
