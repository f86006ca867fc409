package dag

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestSortKeepsInsertionOrderWhereItMay(t *testing.T) {
	t.Parallel()
	var g Graph[string]
	for _, k := range []string{"z", "a", "m", "b"} {
		g.Add(k)
	}
	g.Need("a", "b")
	got, err := g.Sort()
	if want := []string{"z", "m", "b", "a"}; err != nil || !slices.Equal(got, want) {
		t.Fatalf("got %v, %v; want %v", got, err, want)
	}
}

func TestRepeatedEdgesAndNodes(t *testing.T) {
	t.Parallel()
	var g Graph[int]
	g.Add(2)
	g.Add(2)
	g.Need(2, 1)
	g.Need(2, 1)
	got, err := g.Sort()
	if err != nil || !slices.Equal(got, []int{1, 2}) || g.Len() != 2 {
		t.Fatalf("got %v, %v, %d nodes", got, err, g.Len())
	}
}

func TestCycleIsNamedInFull(t *testing.T) {
	t.Parallel()
	tests := []struct {
		edges [][2]string
		want  string
	}{
		{[][2]string{{"a", "a"}}, "cycle: a needs a"},
		{[][2]string{{"a", "b"}, {"b", "c"}, {"c", "a"}}, "cycle: a needs b needs c needs a"},
		{[][2]string{{"entry", "b"}, {"b", "free"}, {"b", "c"}, {"c", "b"}}, "cycle: b needs c needs b"},
	}
	for _, tt := range tests {
		var g Graph[string]
		for _, e := range tt.edges {
			g.Need(e[0], e[1])
		}
		_, err := g.Sort()
		var cycle *CycleError[string]
		if !errors.As(err, &cycle) || err.Error() != tt.want {
			t.Errorf("%v: got %v, want %s", tt.edges, err, tt.want)
		}
	}
}

func TestTransitive(t *testing.T) {
	t.Parallel()
	var g Graph[string]
	for _, k := range []string{"a", "b", "c", "d"} {
		g.Add(k)
	}
	g.Need("d", "b")
	g.Need("b", "a")
	if got := g.Transitive("d"); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("got %v", got)
	}
	if got := g.Transitive("unknown"); got != nil {
		t.Errorf("unknown: got %v", got)
	}
	if got := g.Needs("d"); !slices.Equal(got, []string{"b"}) {
		t.Errorf("needs: got %v", got)
	}
}

func TestSortProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "nodes")
		type edge struct{ from, to int }
		edges := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) edge {
			return edge{rapid.IntRange(0, n-1).Draw(t, "from"), rapid.IntRange(0, n-1).Draw(t, "to")}
		}), 0, 60).Draw(t, "edges")
		build := func() *Graph[int] {
			g := &Graph[int]{}
			for i := range n {
				g.Add(i)
			}
			for _, e := range edges {
				g.Need(e.from, e.to)
			}
			return g
		}
		g := build()
		order, err := g.Sort()
		if again, err2 := build().Sort(); !slices.Equal(order, again) || fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("not stable: %v and %v", order, again)
		}
		if err != nil {
			cycle, ok := errors.AsType[*CycleError[int]](err)
			if !ok {
				t.Fatalf("got %v, want a cycle", err)
			}
			path := cycle.Path
			if len(path) < 2 || path[0] != path[len(path)-1] {
				t.Fatalf("not closed: %v", path)
			}
			for i := range len(path) - 1 {
				if !slices.Contains(g.Needs(path[i]), path[i+1]) {
					t.Fatalf("%v: no edge %d -> %d", path, path[i], path[i+1])
				}
			}
			return
		}
		if len(order) != n {
			t.Fatalf("%d of %d nodes", len(order), n)
		}
		for _, e := range edges {
			if slices.Index(order, e.from) < slices.Index(order, e.to) {
				t.Fatalf("%d before what it needs, %d: %v", e.from, e.to, order)
			}
		}
	})
}

func BenchmarkSort(b *testing.B) {
	var g Graph[int]
	for i := range 10_000 {
		g.Need(i, max(0, i-1)+20_000)
		g.Need(i+20_000, i/2+40_000)
	}
	for b.Loop() {
		if _, err := g.Sort(); err != nil {
			b.Fatal(err)
		}
	}
}
