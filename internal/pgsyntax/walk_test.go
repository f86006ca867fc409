package pgsyntax_test

import (
	"slices"
	"testing"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

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
