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
	tell   func(texts ...string) // hears of each text at once; nil for nobody
}

// add remembers every text and number inside of a JSON value.
func (s *secrets) add(raw json.RawMessage) {
	var v any
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.UseNumber()
	if dec.Decode(&v) == nil {
		s.addValue(v)
	}
}

// addValue remembers every text and number inside of a decoded JSON value, and
// tells of the texts: a number that is masked in a document leaves no document.
func (s *secrets) addValue(v any) {
	texts, numbers := leavesOf(v)
	s.addTexts(texts)
	s.addTexts(numbers)
	if s.tell != nil {
		s.tell(texts...)
	}
}

func (s *secrets) addTexts(texts []string) {
	s.values = append(s.values, texts...)
	s.mask.Learn(texts...)
}

func leavesOf(v any) (texts, numbers []string) {
	var inner []any
	switch v := v.(type) {
	case string:
		return []string{v}, nil
	case json.Number:
		return nil, []string{v.String()}
	case []any:
		inner = v
	case map[string]any:
		inner = slices.Collect(maps.Values(v))
	}
	for _, e := range inner {
		t, n := leavesOf(e)
		texts, numbers = append(texts, t...), append(numbers, n...)
	}
	return texts, numbers
}

// scrub replaces every secret in a text.
func (s *secrets) scrub(text string) string { return s.mask.String(text) }

// in reports whether a text holds a secret.
func (s *secrets) in(text string) bool { return s.scrub(text) != text }

// collectSecrets finds the secrets of a block: what the module declares
// sensitive, what the plan masks, and whatever configures the backend.
func (m *module) collectSecrets(c configuration, shown json.RawMessage) *secrets {
	s, found := m.settings, &secrets{tell: m.provider.options.Hide}
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

// hidesBackend reports whether what configures the backend holds a secret, as
// far as the plan tells by what it masks. Before there is a plan, nobody knows.
func (m *module) hidesBackend(shown json.RawMessage) bool {
	var plan struct {
		Backend map[string]any `json:"backend_config"`
	}
	if json.Unmarshal(shown, &plan) != nil {
		return true
	}
	for name := range m.settings.BackendConfig {
		value, told := plan.Backend[name]
		texts, _ := leavesOf(value)
		hidden := func(text string) bool { return text == masked || redact.Setting(text) != text }
		if !told || slices.ContainsFunc(texts, hidden) {
			return true
		}
	}
	return false
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
