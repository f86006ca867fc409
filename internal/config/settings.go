package config

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/lockstep-dev/lockstep/internal/redact"
)

// What stands in the place of values that cannot be shown.
const (
	maskUnknown = "(known after apply)"
	maskSecret  = "(sensitive value)"
)

// Settings are the evaluated arguments of a block. The zero value has none.
type Settings struct{ value cty.Value }

// Reveal returns the real values as a JSON object, secrets included. It is an
// error when some are unknown; the error names them.
func (s Settings) Reveal() (json.RawMessage, error) {
	if s.value == cty.NilVal {
		return json.RawMessage("{}"), nil
	}
	if unknown := s.Unknowns(); len(unknown) > 0 {
		return nil, fmt.Errorf("not known yet: %s", strings.Join(unknown, ", "))
	}
	bare, _ := s.value.UnmarkDeep()
	raw, err := ctyjson.Marshal(bare, bare.Type())
	if err != nil {
		return nil, fmt.Errorf("encode settings: %w", err)
	}
	return raw, nil
}

// Masked returns the values as a JSON object that may be shown: unknown ones
// are "(known after apply)", sensitive ones "(sensitive value)", and passwords
// in URLs are masked wherever they came from.
func (s Settings) Masked() json.RawMessage {
	if s.value == cty.NilVal {
		return json.RawMessage("{}")
	}
	raw, err := json.Marshal(masked(s.value))
	if err != nil {
		return json.RawMessage("{}") // only NaN and cycles fail, and values have neither
	}
	return raw
}

// Known reports whether every value is known.
func (s Settings) Known() bool { return len(s.Unknowns()) == 0 }

// Unknowns returns the paths of unknown values, such as
// "environment_variables.CACHE_URL", in order.
func (s Settings) Unknowns() []string {
	var paths []string
	s.walk(func(path cty.Path, v cty.Value) {
		if !v.IsKnown() {
			paths = append(paths, pathText(path))
		}
	})
	slices.Sort(paths)
	return slices.Compact(paths)
}

// Secrets returns the sensitive texts, and passwords of URLs, so that output
// of commands can be masked.
func (s Settings) Secrets() []string {
	var secrets []string
	if s.value != cty.NilVal {
		secrets = secretsIn(s.value, false)
	}
	slices.Sort(secrets)
	return slices.Compact(secrets)
}

// Get returns an argument's value without marks, and whether it exists and is
// not null.
func (s Settings) Get(name string) (cty.Value, bool) {
	if s.value == cty.NilVal || !s.value.Type().HasAttribute(name) {
		return cty.NilVal, false
	}
	value, _ := s.value.GetAttr(name).UnmarkDeep()
	return value, !value.IsKnown() || !value.IsNull()
}

// Text returns an argument that is a known text, or "".
func (s Settings) Text(name string) string {
	value, ok := s.Get(name)
	if !ok {
		return ""
	}
	return textOf(value)
}

func (s Settings) walk(visit func(cty.Path, cty.Value)) {
	if s.value == cty.NilVal {
		return
	}
	bare, _ := s.value.UnmarkDeep()
	// The visitor never returns an error.
	_ = cty.Walk(bare, func(path cty.Path, v cty.Value) (bool, error) {
		visit(path, v)
		return true, nil
	})
}

func pathText(path cty.Path) string {
	var b strings.Builder
	for _, step := range path {
		switch s := step.(type) {
		case cty.GetAttrStep:
			b.WriteString("." + s.Name)
		case cty.IndexStep:
			if s.Key.Type() == cty.Number {
				fmt.Fprintf(&b, "[%s]", s.Key.AsBigFloat().Text('f', 0))
			} else {
				b.WriteString("." + textOf(s.Key))
			}
		}
	}
	return strings.TrimPrefix(b.String(), ".")
}

// masked turns a value into what json.Marshal shows of it.
func masked(v cty.Value) any {
	switch {
	case isSecret(v):
		return maskSecret
	case !v.IsKnown():
		return maskUnknown
	case v.IsNull():
		return nil
	}
	v, _ = v.Unmark()
	switch t := v.Type(); {
	case t == cty.String:
		return redact.Setting(v.AsString())
	case t == cty.Number:
		return numberOf(v.AsBigFloat())
	case t == cty.Bool:
		return v.True()
	case t.IsObjectType() || t.IsMapType():
		object := map[string]any{}
		for it := v.ElementIterator(); it.Next(); {
			key, element := it.Element()
			object[textOf(key)] = masked(element)
		}
		return object
	case v.CanIterateElements():
		list := []any{}
		for it := v.ElementIterator(); it.Next(); {
			_, element := it.Element()
			list = append(list, masked(element))
		}
		return list
	}
	return nil
}

// numberOf writes a number without an exponent. Most are whole and small, and
// big.Float takes a thousand times as long to write them.
func numberOf(f *big.Float) json.Number {
	if whole, accuracy := f.Int64(); accuracy == big.Exact {
		return json.Number(strconv.FormatInt(whole, 10))
	}
	return json.Number(f.Text('f', -1))
}

// secretsIn collects texts below marks, and passwords anywhere.
func secretsIn(v cty.Value, marked bool) []string {
	marked = marked || isSecret(v)
	v, _ = v.Unmark()
	if !v.IsKnown() || v.IsNull() {
		return nil
	}
	var secrets []string
	switch {
	case v.Type() == cty.String:
		secrets = redact.Passwords(v.AsString())
		if marked && v.AsString() != "" {
			secrets = append(secrets, v.AsString())
		}
	case v.CanIterateElements():
		for it := v.ElementIterator(); it.Next(); {
			_, element := it.Element()
			secrets = append(secrets, secretsIn(element, marked)...)
		}
	}
	return secrets
}
