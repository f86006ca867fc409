package planner

import (
	"cmp"
	"slices"
)

// ownersOf returns the change sets of this environment that migrate the
// database, lowest version first.
func (d *draft) ownersOf(database string) []Sibling {
	all := []Sibling{d.self}
	for _, s := range d.in.Siblings {
		if s.Name != d.self.Name {
			all = append(all, s)
		}
	}
	all = slices.DeleteFunc(all, func(s Sibling) bool {
		_, migrates := s.Versions[database]
		return !migrates || (s.Name != d.self.Name && !s.goesTo(d.in.Environment.Name))
	})
	slices.SortFunc(all, func(a, b Sibling) int {
		return cmp.Or(cmp.Compare(a.Versions[database], b.Versions[database]), cmp.Compare(a.Order, b.Order), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// owner returns the change set that a covered file belongs to: the one with
// the lowest version that covers it.
func (s *schema) owner(version uint64) string {
	i, _ := slices.BinarySearchFunc(s.owners, version, func(o Sibling, v uint64) int {
		if o.Versions[s.name] < v {
			return -1
		}
		return 1
	})
	return s.owners[i].Name // the planned change set covers every file that is asked for
}
