package tfchange

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/lockstep-dev/lockstep/plans"
)

// What stands in a digested value in place of what must not or cannot.
const (
	unknownValue = "(known after apply)"
	masked       = "(sensitive value)"
)

// digest is the digest of the planned values without unknown and secret ones.
func (c Change) digest(m Mask) plans.Digest {
	return digestOf(hide(c.after, c.unknown, c.sensitive), m)
}

func digestOf(v any, m Mask) plans.Digest {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return plans.DigestOf([]byte(m.String(string(b))))
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

func anyTrue(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case []any:
		return slices.ContainsFunc(v, anyTrue)
	case map[string]any:
		for _, e := range v {
			if anyTrue(e) {
				return true
			}
		}
	}
	return false
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
