package config

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// RevealKnown is Reveal for looking at a target before everything is known:
// unknown values are null.
func (s Settings) RevealKnown() (json.RawMessage, error) {
	known, err := s.KnownAlone()
	if err != nil {
		return nil, err
	}
	return known.Reveal()
}

// KnownAlone are the settings with null for every value that is unknown.
func (s Settings) KnownAlone() (Settings, error) {
	if s.value == cty.NilVal {
		return s, nil
	}
	known, err := cty.Transform(s.value, func(_ cty.Path, v cty.Value) (cty.Value, error) {
		bare, marks := v.Unmark()
		if bare.IsKnown() {
			return v, nil
		}
		return cty.NullVal(bare.Type()).WithMarks(marks), nil
	})
	return Settings{value: known}, err
}

// KnownWithout reports whether every argument except the named ones is known.
func (s Settings) KnownWithout(arguments ...string) bool {
	for _, path := range s.Unknowns() {
		name, _, _ := strings.Cut(path, ".")
		name, _, _ = strings.Cut(name, "[")
		if !slices.Contains(arguments, name) {
			return false
		}
	}
	return true
}

// DidYouMean returns `. Did you mean "x"?` for the name nearest to given, or
// "" when none is near.
func DidYouMean(given string, names []string) string {
	if hint := didYouMean(given, names); hint != "" {
		return ". " + strings.TrimSuffix(hint, ".")
	}
	return ""
}
