package dag

import "cmp"

// Graph holds nodes by key and what each of them needs. The zero value is
// empty and ready to use. It is not safe for concurrent writing.
type Graph[K cmp.Ordered] struct {
	index map[K]int
	keys  []K
	needs [][]int // by node: what must come before it, in the order given
}

// Add adds a node; adding it again changes nothing. Among nodes that no edge
// orders, the one added first comes first.
func (g *Graph[K]) Add(key K) { g.add(key) }

// Need adds the edge "key comes after needed", and the nodes if they are new.
// An edge that is there already changes nothing in any result.
func (g *Graph[K]) Need(key, needed K) {
	k, n := g.add(key), g.add(needed)
	g.needs[k] = append(g.needs[k], n)
}

// Len returns the number of nodes.
func (g *Graph[K]) Len() int { return len(g.keys) }

// Needs returns what key needs directly, in the order given.
func (g *Graph[K]) Needs(key K) []K {
	i, ok := g.index[key]
	if !ok {
		return nil
	}
	return g.keysOf(g.needs[i])
}

// Transitive returns everything that key needs, directly or through others,
// in the order in which the nodes were added.
func (g *Graph[K]) Transitive(key K) []K {
	start, ok := g.index[key]
	if !ok {
		return nil
	}
	reached := make([]bool, len(g.keys))
	for open := []int{start}; len(open) > 0; {
		at := open[len(open)-1]
		open = open[:len(open)-1]
		for _, n := range g.needs[at] {
			if !reached[n] {
				reached[n] = true
				open = append(open, n)
			}
		}
	}
	var out []K
	for i, yes := range reached {
		if yes {
			out = append(out, g.keys[i])
		}
	}
	return out
}

func (g *Graph[K]) add(key K) int {
	if i, ok := g.index[key]; ok {
		return i
	}
	if g.index == nil {
		g.index = map[K]int{}
	}
	i := len(g.keys)
	g.index[key] = i
	g.keys = append(g.keys, key)
	g.needs = append(g.needs, nil)
	return i
}

func (g *Graph[K]) keysOf(nodes []int) []K {
	out := make([]K, 0, len(nodes))
	for _, i := range nodes {
		out = append(out, g.keys[i])
	}
	return out
}
