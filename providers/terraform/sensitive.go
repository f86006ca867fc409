package terraform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// This file finds the values that Terraform itself knows to be sensitive, in
// each of the places in which it says so. What follows from such a value is
// marked there as well, wherever Terraform follows it; where a provider does
// not say that an attribute repeats a secret, the text of the secret is masked.

// shownPlan is what "terraform show -json" of a plan says about secrets.
type shownPlan struct {
	ResourceChanges []shownChange          `json:"resource_changes"`
	ResourceDrift   []shownChange          `json:"resource_drift"`
	OutputChanges   map[string]markedTwice `json:"output_changes"`
	PlannedValues   storedValues           `json:"planned_values"`
	PriorState      struct {
		Values storedValues `json:"values"`
	} `json:"prior_state"`
	Variables map[string]struct {
		Value any `json:"value"`
	} `json:"variables"`
	Configuration struct {
		Root shownModule `json:"root_module"`
	} `json:"configuration"`
}

type shownChange struct {
	Change markedTwice `json:"change"`
}

type markedTwice struct {
	Before          any `json:"before"`
	After           any `json:"after"`
	BeforeSensitive any `json:"before_sensitive"`
	AfterSensitive  any `json:"after_sensitive"`
}

type shownModule struct {
	Variables map[string]struct {
		Default   any  `json:"default"`
		Sensitive bool `json:"sensitive"`
	} `json:"variables"`
	Calls map[string]struct {
		Module shownModule `json:"module"`
	} `json:"module_calls"`
}

// storedValues are a state's values as "terraform show -json" has them.
type storedValues struct {
	Outputs map[string]storedOutput `json:"outputs"`
	Root    storedModule            `json:"root_module"`
}

type storedOutput struct {
	Sensitive bool            `json:"sensitive"`
	Value     json.RawMessage `json:"value"`
}

type storedModule struct {
	Resources []struct {
		Values    any `json:"values"`
		Sensitive any `json:"sensitive_values"`
	} `json:"resources"`
	Children []storedModule `json:"child_modules"`
}

// addPlan learns what a plan's document marks.
func (s *secrets) addPlan(document []byte) error {
	var p shownPlan
	if err := decode(document, &p); err != nil {
		return errors.New("terraform show: the plan's values are not the expected JSON")
	}
	for _, c := range slices.Concat(p.ResourceChanges, p.ResourceDrift) {
		s.addTwice(c.Change)
	}
	for _, c := range p.OutputChanges {
		s.addTwice(c)
	}
	s.addStored(p.PlannedValues)
	s.addStored(p.PriorState.Values)
	for name, v := range p.Configuration.Root.Variables {
		if v.Sensitive {
			s.addValue(p.Variables[name].Value)
		}
	}
	s.addModule(p.Configuration.Root)
	return nil
}

func (s *secrets) addTwice(m markedTwice) {
	s.addMarked(m.Before, m.BeforeSensitive)
	s.addMarked(m.After, m.AfterSensitive)
}

func (s *secrets) addModule(m shownModule) {
	for _, v := range m.Variables {
		if v.Sensitive {
			s.addValue(v.Default)
		}
	}
	for _, call := range m.Calls {
		s.addModule(call.Module)
	}
}

func (s *secrets) addStored(v storedValues) {
	for _, output := range v.Outputs {
		if output.Sensitive {
			s.add(output.Value)
		}
	}
	s.addResources(v.Root)
}

func (s *secrets) addResources(m storedModule) {
	for _, r := range m.Resources {
		s.addMarked(r.Values, r.Sensitive)
	}
	for _, child := range m.Children {
		s.addResources(child)
	}
}

// addMarked learns the parts of a value that marks of the same shape name.
func (s *secrets) addMarked(v, marks any) {
	switch marks := marks.(type) {
	case bool:
		if marks {
			s.addValue(v)
		}
	case map[string]any:
		parts, _ := v.(map[string]any)
		for name, mark := range marks {
			s.addMarked(parts[name], mark)
		}
	case []any:
		parts, _ := v.([]any)
		for i, mark := range marks {
			s.addMarked(at(parts, i), mark)
		}
	}
}

// addState learns what a state file marks: sensitive outputs, and the
// attributes that its paths lead to. Terraform before 1.9 leaves out those
// that a provider's schema declares; "terraform show" has them all.
func (s *secrets) addState(b []byte) {
	var state struct {
		Outputs map[string]struct {
			Value     any  `json:"value"`
			Sensitive bool `json:"sensitive"`
		} `json:"outputs"`
		Resources []struct {
			Instances []struct {
				Attributes any          `json:"attributes"`
				Sensitive  [][]pathStep `json:"sensitive_attributes"`
			} `json:"instances"`
		} `json:"resources"`
	}
	if decode(b, &state) != nil {
		return // readState says what is wrong with it
	}
	for _, output := range state.Outputs {
		if output.Sensitive {
			s.addValue(output.Value)
		}
	}
	for _, r := range state.Resources {
		for _, i := range r.Instances {
			for _, steps := range i.Sensitive {
				s.addValue(follow(i.Attributes, steps))
			}
		}
	}
}

// pathStep is one step of a path in a state file: the name of an attribute, or
// a key or number with its type.
type pathStep struct {
	Value any `json:"value"`
}

// follow goes as far as a path leads. Where a step cannot be followed, as into
// a set, all that is there counts: rather too much is masked.
func follow(v any, steps []pathStep) any {
	for _, step := range steps {
		key := step.Value
		if typed, ok := key.(map[string]any); ok {
			key = typed["value"]
		}
		switch key := key.(type) {
		case string:
			parts, ok := plain(v).(map[string]any)
			if !ok {
				return v
			}
			v = parts[key]
		case json.Number:
			parts, ok := plain(v).([]any)
			i, err := key.Int64()
			if !ok || err != nil || i < 0 {
				return v
			}
			v = at(parts, int(i))
		default:
			return v
		}
	}
	return v
}

// plain takes a value out of the form in which a state keeps an attribute whose
// type is not fixed, such as the input of terraform_data.
func plain(v any) any {
	parts, _ := v.(map[string]any)
	inner, hasValue := parts["value"]
	if _, hasType := parts["type"]; hasType && hasValue && len(parts) == 2 {
		return inner
	}
	return v
}

func decode(b []byte, into any) error {
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.UseNumber()
	return d.Decode(into)
}

// addDefaults learns the defaults of the sensitive variables of all modules:
// a plan that fails has no document that names them.
func (s *secrets) addDefaults(files map[string][]byte) {
	folders := map[string]bool{}
	for name := range files {
		folders[path.Dir(name)] = true
	}
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		c, err := readConfiguration(folder, files)
		if err != nil {
			continue // not called, or Terraform says what is wrong with it
		}
		for _, v := range c.defaults {
			if b, err := (ctyjson.SimpleJSONValue{Value: v}).MarshalJSON(); err == nil {
				s.add(b)
			}
		}
	}
}

// isKnown reports whether a default is a value that can be learned.
func isKnown(v cty.Value) bool { return !v.IsNull() && v.IsWhollyKnown() }

// learnLocal learns from the state that Lockstep keeps, before anything runs.
func (m *module) learnLocal() error {
	if !m.config.local() {
		return nil
	}
	b, err := os.ReadFile(m.place.localState(m.workspace))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read terraform state: %w", err)
	}
	m.secrets.addState(b)
	return nil
}

// stored reads the state's values and learns what they mark.
func (m *module) stored(ctx context.Context) (storedValues, error) {
	document, err := m.program.run(ctx, "show", "-json", "-no-color")
	if err != nil {
		return storedValues{}, err
	}
	var state struct {
		Values storedValues `json:"values"`
	}
	if err := decode(document, &state); err != nil {
		return storedValues{}, errors.New("terraform show: the state's values are not the expected JSON")
	}
	m.secrets.addStored(state.Values)
	return state.Values, nil
}

// scrubWait bounds how long an error waits for the state.
const scrubWait = 30 * time.Second

// scrubbed masks an error of Terraform's that a provider may have had a part
// in. What such a text repeats may have been made a moment ago, so the state
// is read first; one that cannot be read leaves what is known already.
func (m *module) scrubbed(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), scrubWait)
	defer cancel()
	for _, file := range []string{filepath.Join(m.root(), erroredFile), m.rescued(), m.place.localState(m.workspace)} {
		if b, err := m.keys().ReadFile(file); err == nil {
			m.secrets.addState(b)
		}
	}
	_, _ = m.stored(ctx)
	return m.secrets.mask.Error(err)
}

// at is a list's element, nil past its end.
func at(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return nil
}
