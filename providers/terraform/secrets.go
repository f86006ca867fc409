package terraform

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/redact"
)

// masked is what plans show in place of a sensitive value.
const masked = "(sensitive value)"

// secrets are values that must not leave this package in a text.
type secrets struct {
	values []string
	mask   redact.Values
}

// add remembers every text and number inside of a JSON value.
func (s *secrets) add(raw json.RawMessage) {
	var v any
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.UseNumber()
	if dec.Decode(&v) == nil {
		s.addTexts(textsIn(v))
	}
}

func (s *secrets) addTexts(texts []string) {
	s.values = append(s.values, texts...)
	s.mask.Learn(texts...)
}

func textsIn(v any) []string {
	var texts []string
	switch v := v.(type) {
	case string:
		texts = append(texts, v)
	case json.Number:
		texts = append(texts, v.String())
	case []any:
		for _, e := range v {
			texts = append(texts, textsIn(e)...)
		}
	case map[string]any:
		for _, e := range v {
			texts = append(texts, textsIn(e)...)
		}
	}
	return texts
}

// scrub replaces every secret in a text.
func (s *secrets) scrub(text string) string { return s.mask.String(text) }

// in reports whether a text holds a secret.
func (s *secrets) in(text string) bool { return s.scrub(text) != text }

// collectSecrets finds the secrets of a block: what the module declares
// sensitive, what the plan masks, and whatever configures the backend.
func collectSecrets(s settings, c configuration, shown json.RawMessage) *secrets {
	found := &secrets{}
	for _, name := range c.sensitive {
		found.add(s.Inputs[name])
	}
	for _, name := range slices.Sorted(maps.Keys(s.BackendConfig)) {
		found.add(s.BackendConfig[name])
	}
	var plan struct {
		Inputs map[string]any `json:"inputs"`
	}
	if json.Unmarshal(shown, &plan) == nil {
		for name, v := range plan.Inputs {
			found.addMasked(v, s.Inputs[name])
		}
	}
	return found
}

// addMasked remembers the parts of a value that its shown form masks.
func (s *secrets) addMasked(shown any, raw json.RawMessage) {
	switch shown := shown.(type) {
	case string:
		if shown == masked {
			s.add(raw)
		}
	case map[string]any:
		var parts map[string]json.RawMessage
		if json.Unmarshal(raw, &parts) == nil {
			for name, v := range shown {
				s.addMasked(v, parts[name])
			}
		}
	case []any:
		var parts []json.RawMessage
		if json.Unmarshal(raw, &parts) == nil && len(parts) == len(shown) {
			for i, v := range shown {
				s.addMasked(v, parts[i])
			}
		}
	}
}
