package pgsyntax_test

import (
	"os"
	"slices"
	"testing"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

func TestWalk(t *testing.T) {
	t.Parallel()
	statements, err := pgsyntax.Read([]byte("CREATE TABLE a (b int REFERENCES c DEFAULT f(g(1), 2), CHECK (h(b) IN (i(), 1))); CREATE TABLE d PARTITION OF e DEFAULT"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range statements {
		pgsyntax.Walk(s.Tree, func(m proto.Message) {
			switch m := m.(type) {
			case *pg.RangeVar:
				names = append(names, m.GetRelname())
			case *pg.FuncCall:
				names = append(names, m.GetFuncname()[0].GetString_().GetSval())
			}
		})
	}
	if want := []string{"a", "c", "f", "g", "h", "i", "d", "e"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
	pgsyntax.Walk((*pg.Node)(nil), func(m proto.Message) { t.Errorf("%v is in nothing", m) })
}

// Walk reads Go's structs. Protobuf's own reflection is the judge of which
// messages there are, and in which order.
func TestWalkMeetsEveryMessage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/statements.sql")
	if err != nil {
		t.Fatal(err)
	}
	statements, err := pgsyntax.Read(append(thousand(), text...))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		var got, want []proto.Message
		pgsyntax.Walk(s.Tree, func(m proto.Message) { got = append(got, m) })
		reflected(s.Tree.ProtoReflect(), func(m proto.Message) { want = append(want, m) })
		if !slices.Equal(got, want) {
			t.Fatalf("%s: met %d messages, or in another order; there are %d", s.Text, len(got), len(want))
		}
	}
}

// A kind that is read by its type has all of its parts, also those that the
// statements above do not use.
func TestWalkMeetsEveryPart(t *testing.T) {
	t.Parallel()
	kinds := (&pg.Node{}).ProtoReflect().Descriptor().ParentFile().Messages()
	for i := range kinds.Len() {
		kind, err := protoregistry.GlobalTypes.FindMessageByName(kinds.Get(i).FullName())
		if err != nil {
			t.Fatal(err)
		}
		for choice := range kind.Descriptor().Fields().Len() {
			m := kind.New()
			fill(m, choice)
			var got, want []proto.Message
			pgsyntax.Walk(m.Interface(), func(m proto.Message) { got = append(got, m) })
			reflected(m, func(m proto.Message) { want = append(want, m) })
			if !slices.Equal(got, want) {
				t.Errorf("%s, with %s: met %d messages, or in another order; there are %d",
					kind.Descriptor().Name(), kind.Descriptor().Fields().Get(choice).Name(), len(got), len(want))
			}
			if kind.Descriptor().Oneofs().Len() == 0 {
				break // all fields are filled at once
			}
		}
	}
}

// fill gives a message two of each part that may be many, and one of each
// other. Of a choice it takes one field.
func fill(m protoreflect.Message, choice int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		switch f := fields.Get(i); {
		case f.Message() == nil || f.ContainingOneof() != nil && i != choice:
		case f.IsList():
			m.Mutable(f).List().AppendMutable()
			m.Mutable(f).List().AppendMutable()
		default:
			m.Mutable(f)
		}
	}
}

func reflected(m protoreflect.Message, visit func(proto.Message)) {
	visit(m.Interface())
	for i := range m.Descriptor().Fields().Len() {
		switch f := m.Descriptor().Fields().Get(i); {
		case f.Message() == nil || !m.Has(f):
		case f.IsList():
			for i := range m.Get(f).List().Len() {
				reflected(m.Get(f).List().Get(i).Message(), visit)
			}
		default:
			reflected(m.Get(f).Message(), visit)
		}
	}
}

func BenchmarkWalk(b *testing.B) {
	statements, err := pgsyntax.Read(thousand())
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	for b.Loop() {
		for _, s := range statements {
			pgsyntax.Walk(s.Tree, func(proto.Message) { n++ })
		}
	}
	b.ReportMetric(float64(n)/float64(b.N), "messages/op")
}
