package pgschema

import "slices"

// links are the indexes and the children of each table, so that a folder of
// ten thousand tables is not searched for each statement. They are made when
// they are asked for, grow with the schema, and are given up when something
// is renamed, removed or hung elsewhere.
type links struct {
	indexes  map[Name][]*Index
	children map[Name][]*Table
}

func (s *Schema) linked() *links {
	if l := s.links.Load(); l != nil {
		return l
	}
	l := &links{indexes: map[Name][]*Index{}, children: map[Name][]*Table{}}
	for _, i := range s.Indexes {
		l.indexes[i.Table] = append(l.indexes[i.Table], i)
	}
	for _, t := range s.Tables {
		for _, parent := range t.parents() {
			l.children[parent] = append(l.children[parent], t)
		}
	}
	s.links.Store(l) // two who ask at once make the same
	return l
}

func (s *Schema) unlink() { s.links.Store(nil) }

// addIndex adds an index under its name.
func (s *Schema) addIndex(i *Index) {
	if s.Indexes[i.Name] != nil {
		s.unlink()
	}
	s.Indexes[i.Name] = i
	if l := s.links.Load(); l != nil {
		l.indexes[i.Table] = append(l.indexes[i.Table], i)
	}
}

// addChild notes that a table has got a table above it.
func (s *Schema) addChild(parent Name, t *Table) {
	if l := s.links.Load(); l != nil {
		l.children[parent] = append(l.children[parent], t)
	}
}

// parents are the tables right above a table, each once.
func (t *Table) parents() []Name {
	above := slices.Clone(t.Inherits)
	if t.PartitionOf != (Name{}) {
		above = append(above, t.PartitionOf)
	}
	slices.SortFunc(above, compareNames)
	return slices.Compact(above)
}

// byName is a list of one's own, in the order of names.
func byName[T any](list []T, name func(T) Name) []T {
	return slices.SortedFunc(slices.Values(list), func(a, b T) int { return compareNames(name(a), name(b)) })
}
