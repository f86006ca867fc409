package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Change is what happened to an object between two snapshots.
type Change string

// Changes.
const (
	Added   Change = "added"
	Removed Change = "removed"
	Changed Change = "changed"
)

// Difference is one object that came, one that went, or one attribute that is
// another. A change to several attributes is several differences.
type Difference struct {
	Change Change
	Kind   Kind
	Name   string // as in Object
	On     string // as in Object
	// Attribute, From and To are set for Changed; an empty From or To stands
	// for the default.
	Attribute, From, To string
}

// Compare lists how after differs from before: by kind in the order of a
// snapshot, then by name. The position of columns does not count.
func Compare(before, after Snapshot) []Difference {
	old, now := before.byKey(), after.byKey()
	var found []Difference
	for _, o := range before.Objects {
		if _, ok := now[o.key()]; !ok {
			found = append(found, Difference{Change: Removed, Kind: o.Kind, Name: o.Name, On: o.On})
		}
	}
	for _, o := range after.Objects {
		if was, ok := old[o.key()]; ok {
			found = append(found, attributes(was, o)...)
		} else {
			found = append(found, Difference{Change: Added, Kind: o.Kind, Name: o.Name, On: o.On})
		}
	}
	slices.SortStableFunc(found, func(a, b Difference) int {
		return compareKeys(key{a.Kind, a.Name}, key{b.Kind, b.Name})
	})
	return found
}

// Anew lists the tables and columns of after that are not those which had their
// names before, though they may look the same: what those held went with them.
// The columns of such a table are not listed. Of two databases, nothing is known.
func Anew(before, after Snapshot) []Object {
	if before.database == "" || before.database != after.database {
		return nil
	}
	old, now := before.byKey(), after.byKey()
	another := func(k key) bool {
		was, known := old[k]
		return known && was.id != now[k].id
	}
	return slices.DeleteFunc(slices.Clone(after.Objects), func(o Object) bool {
		return !another(o.key()) || o.Kind != Table && (o.Kind != Column || another(key{Table, o.On}))
	})
}

// attributes compares two states of one object. An index may lie on another
// table than before: that is a difference as well.
func attributes(was, is Object) []Difference {
	var found []Difference
	note := func(attribute, from, to string) {
		if from != to {
			found = append(found, Difference{Changed, is.Kind, is.Name, is.On, attribute, from, to})
		}
	}
	note("table", was.On, is.On)
	for _, a := range was.Attributes {
		note(a.Name, a.Value, is.get(a.Name))
	}
	for _, a := range is.Attributes {
		if !slices.ContainsFunc(was.Attributes, func(b Attribute) bool { return b.Name == a.Name }) {
			note(a.Name, "", a.Value)
		}
	}
	return found
}

func compareKeys(a, b key) int {
	return cmp.Or(cmp.Compare(rank(a.kind), rank(b.kind)), cmp.Compare(a.name, b.name))
}

// rank is the place of a kind in a snapshot.
func rank(kind Kind) int {
	return slices.IndexFunc(queries(), func(q query) bool { return q.kind == kind })
}

// String says the difference in one sentence. Objects of the schema public
// are called by their names alone.
func (d Difference) String() string {
	name := strings.TrimPrefix(d.Name, "public.")
	switch d.Change {
	case Added:
		return fmt.Sprintf("%s %s is new", d.Kind, name)
	case Removed:
		return fmt.Sprintf("%s %s is missing", d.Kind, name)
	}
	if d.From != "" && d.To == "" {
		return fmt.Sprintf("%s of %s %s is gone, was %s", d.Attribute, d.Kind, name, line(d.From))
	}
	if d.From == "" {
		return fmt.Sprintf("%s of %s %s is %s, was not set", d.Attribute, d.Kind, name, line(d.To))
	}
	return fmt.Sprintf("%s of %s %s is %s, was %s", d.Attribute, d.Kind, name, line(d.To), line(d.From))
}

// line brings a value into a sentence: a definition of many lines in one.
func line(value string) string { return strings.Join(strings.Fields(value), " ") }
