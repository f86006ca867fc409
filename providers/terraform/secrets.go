package terraform

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// masked is what plans show in place of a sensitive value.
const masked = "(sensitive value)"

// shortestSecret is the length in bytes below which a value is not looked
// for in texts: replacing "1" or "on" would make every message unreadable
// and hide nothing.
const shortestSecret = 4

// secrets are values that must not leave this package in a text.
type secrets struct{ values []string }

// add remembers every text and number inside of a JSON value.
func (s *secrets) add(raw json.RawMessage) {
	var v any
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.UseNumber()
	if dec.Decode(&v) == nil {
		s.addValue(v)
	}
}

func (s *secrets) addValue(v any) {
	switch v := v.(type) {
	case string:
		s.addText(v)
	case json.Number:
		s.addText(v.String())
	case []any:
		for _, e := range v {
			s.addValue(e)
		}
	case map[string]any:
		for _, e := range v {
			s.addValue(e)
		}
	}
}

// addText remembers a text, its lines and the form it has inside of JSON.
func (s *secrets) addText(text string) {
	quoted, _ := json.Marshal(text)
	forms := append(strings.Split(text, "\n"), text, strings.Trim(string(quoted), `"`))
	for _, f := range forms {
		if f = strings.TrimSpace(f); len(f) >= shortestSecret && !slices.Contains(s.values, f) {
			s.values = append(s.values, f)
		}
	}
	// The longest first, so that no rest of a longer one is left standing.
	slices.SortFunc(s.values, func(a, b string) int { return len(b) - len(a) })
}

// scrub replaces every secret in a text.
func (s *secrets) scrub(text string) string {
	for _, v := range s.values {
		text = strings.ReplaceAll(text, v, masked)
	}
	return text
}

// in reports whether a text holds a secret.
func (s *secrets) in(text string) bool { return s.scrub(text) != text }

// collectSecrets finds the secrets of a block: what the module declares
// sensitive, what the plan masks, and whatever configures the backend.
func collectSecrets(s settings, c configuration, shown json.RawMessage) secrets {
	var found secrets
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
