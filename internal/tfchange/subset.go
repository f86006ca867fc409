package tfchange

import (
	"fmt"
	"slices"
	"strings"
)

// Within reports what of the fresh changes the approved ones do not cover;
// empty if all are. A fresh change is covered by an approved one of the same
// object, type and actions, whose values agree wherever the approved ones
// were known: what was unknown at approval may have become known since.
func Within(approved, fresh []Change, m Mask) string {
	byObject := map[string]Change{}
	for _, a := range approved {
		byObject[a.Object()] = a
	}
	for _, f := range fresh {
		a, ok := byObject[f.Object()]
		if !ok {
			return fmt.Sprintf("%s would now %s, which was not approved", f.Object(), f.verb())
		}
		if why := covered(a, f, m); why != "" {
			return why
		}
	}
	return ""
}

// covered reports what of a fresh change the approved one of the same object
// does not allow. An import or a move that is done already is not planned
// again, so only a new one must be the approved one.
func covered(a, f Change, m Mask) string {
	switch {
	case a.Type != f.Type || !allows(a.Actions, f.Actions):
		return fmt.Sprintf("%s would now %s; approved was to %s", f.Object(), f.verb(), a.verb())
	case f.Importing && !a.Importing:
		return fmt.Sprintf("%s would now import an object, which was not approved", f.Object())
	case f.Importing && a.importID != f.importID:
		return fmt.Sprintf("%s would now import another object than was approved", f.Object())
	case f.Previous != "" && a.Previous != f.Previous:
		return fmt.Sprintf("%s would now be moved from %s, which was not approved", f.Object(), f.Previous)
	case !Agree(a, f, m):
		return fmt.Sprintf("%s would %s with other values than approved", f.Object(), f.verb())
	}
	return ""
}

func (c Change) verb() string { return strings.Join(c.Actions, " and ") }

// allows reports whether approved actions allow fresh ones: the same, or the
// create that is left of a replacement whose delete is done.
func allows(approved, fresh []string) bool {
	return slices.Equal(approved, fresh) ||
		slices.Equal(fresh, []string{"create"}) && slices.Equal(approved, []string{"delete", "create"})
}

// Equal reports what of two sets of changes differs; empty if nothing does.
func Equal(approved, fresh []Change, m Mask) string {
	if difference := Within(approved, fresh, m); difference != "" {
		return difference
	}
	for _, a := range approved {
		if !slices.ContainsFunc(fresh, func(f Change) bool { return f.Object() == a.Object() }) {
			return fmt.Sprintf("%s was approved to %s and would now stay as it is", a.Object(), a.verb())
		}
	}
	return ""
}

// Agree compares two changes' values with the unknown and sensitive parts of
// both hidden. Values that were already known must still be.
func Agree(a, f Change, m Mask) bool {
	if newlyUnknown(a, f) {
		return false
	}
	unknown, sensitive := union(a.unknown, nil), union(a.sensitive, f.sensitive)
	return digestOf(hide(a.after, unknown, sensitive), m) == digestOf(hide(f.after, unknown, sensitive), m)
}

// newlyUnknown reports whether something is unknown that was approved as known.
func newlyUnknown(a, f Change) bool {
	hiddenByBoth := digestOf(hide(f.after, union(a.unknown, f.unknown), nil), plain{})
	return hiddenByBoth != digestOf(hide(f.after, a.unknown, nil), plain{})
}

// plain masks nothing.
type plain struct{}

func (plain) String(text string) string { return text }
