package terraform

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
)

const unknownValue = "(known after apply)"

// digest is the digest of the planned values without unknown and secret ones.
func (c planned) digest(s *secrets) plans.Digest {
	return digestOf(hide(c.after, c.unknown, c.sensitive), s)
}

func digestOf(v any, s *secrets) plans.Digest {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return plans.DigestOf([]byte(s.scrub(string(b))))
}

// hide replaces the unknown and the sensitive parts of a planned value.
// Terraform leaves unknown attributes out of the value; they are put back, so
// that an attribute which is gone and one which is not yet known differ.
func hide(v, unknown, sensitive any) any {
	if unknown == true {
		return unknownValue
	}
	if sensitive == true {
		return masked
	}
	switch v := v.(type) {
	case map[string]any:
		u, _ := unknown.(map[string]any)
		s, _ := sensitive.(map[string]any)
		out := map[string]any{}
		for name, e := range v {
			out[name] = hide(e, u[name], s[name])
		}
		for name, e := range u {
			if _, known := v[name]; !known && anyTrue(e) {
				out[name] = hide(nil, e, s[name])
			}
		}
		return out
	case []any:
		u, _ := unknown.([]any)
		s, _ := sensitive.([]any)
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = hide(e, at(u, i), at(s, i))
		}
		return out
	case nil:
		if anyTrue(unknown) {
			return unknownValue
		}
	}
	return v
}

func at(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return nil
}

// within reports what of the fresh changes the approved ones do not cover;
// empty if all are. A fresh change is covered by an approved one with the same
// address, type and actions, whose values agree wherever the approved ones
// were known: what was unknown at approval may have become known since.
func within(approved, fresh []planned, s *secrets) string {
	byAddress := map[string]planned{}
	for _, a := range approved {
		byAddress[a.Address] = a
	}
	for _, f := range fresh {
		a, ok := byAddress[f.Address]
		if !ok {
			return fmt.Sprintf("%s would now %s, which was not approved", f.Address, strings.Join(f.Actions, " and "))
		}
		if a.Type != f.Type || !covers(a.Actions, f.Actions) {
			return fmt.Sprintf("%s would now %s; approved was to %s", f.Address, strings.Join(f.Actions, " and "), strings.Join(a.Actions, " and "))
		}
		if !agree(a, f, s) {
			return fmt.Sprintf("%s would %s with other values than approved", f.Address, strings.Join(f.Actions, " and "))
		}
	}
	return ""
}

// covers reports whether approved actions allow fresh ones: the same, or the
// create that is left of a replacement whose delete is done.
func covers(approved, fresh []string) bool {
	return slices.Equal(approved, fresh) ||
		slices.Equal(fresh, []string{"create"}) && slices.Equal(approved, []string{"delete", "create"})
}

// unfinished spells the replacement of an object that this very step began to
// create, and that an interrupt left tainted, as the create that it completes.
// Objects from before the step are left alone: their loss is nobody's plan.
func unfinished(changes []planned, was, now *stateFile) []planned {
	if was == nil {
		return changes
	}
	before, after := was.managed(), now.managed()
	out := slices.Clone(changes)
	for i, c := range out {
		_, existed := before[c.Address]
		if !existed && after[c.Address].Status == "tainted" && slices.Equal(c.Actions, []string{"delete", "create"}) {
			out[i].Actions = []string{"create"}
		}
	}
	return out
}

// equal reports what of two sets of changes differs; empty if nothing does.
func equal(approved, fresh []planned, s *secrets) string {
	if difference := within(approved, fresh, s); difference != "" {
		return difference
	}
	for _, a := range approved {
		if !slices.ContainsFunc(fresh, func(f planned) bool { return f.Address == a.Address }) {
			return fmt.Sprintf("%s was approved to %s and would now stay as it is", a.Address, strings.Join(a.Actions, " and "))
		}
	}
	return ""
}

// agree compares two changes' values with the unknown and sensitive parts of
// both hidden. Values that were already known must still be.
func agree(a, f planned, s *secrets) bool {
	if newlyUnknown(a, f) {
		return false
	}
	unknown, sensitive := union(a.unknown, nil), union(a.sensitive, f.sensitive)
	return digestOf(hide(a.after, unknown, sensitive), s) == digestOf(hide(f.after, unknown, sensitive), s)
}

// newlyUnknown reports whether something is unknown that was approved as known.
func newlyUnknown(a, f planned) bool {
	hiddenByBoth := digestOf(hide(f.after, union(a.unknown, f.unknown), nil), &secrets{})
	return hiddenByBoth != digestOf(hide(f.after, a.unknown, nil), &secrets{})
}

// union marks what either of two marks does.
func union(a, b any) any {
	if a == true || b == true {
		return true
	}
	switch x := a.(type) {
	case map[string]any:
		y, _ := b.(map[string]any)
		out := maps.Clone(x)
		for name, e := range y {
			out[name] = union(x[name], e)
		}
		return out
	case []any:
		y, _ := b.([]any)
		out := make([]any, max(len(x), len(y)))
		for i := range out {
			out[i] = union(at(x, i), at(y, i))
		}
		return out
	}
	if b != nil {
		return b
	}
	return a
}
