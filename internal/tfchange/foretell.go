package tfchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/lockstep-dev/lockstep/plans"
)

// Foretell returns a state (format 4) as it will be once the plan is carried
// out, so that Terraform can plan from there. What is not known yet is null,
// except where a provider alone computes it and the object has a value: that
// one is kept. Objects that the plan leaves alone stay as they are stored. An
// error says why the plan's outcome cannot be told.
func (p *Plan) Foretell(state []byte) ([]byte, error) {
	f, err := p.foretelling(state)
	if err != nil {
		return nil, err
	}
	for _, rc := range p.document.ResourceChanges {
		if rc.Mode != tfjson.ManagedResourceMode || quiet(rc) {
			continue
		}
		if err := f.carryOut(rc); err != nil {
			return nil, fmt.Errorf("%s: %w", rc.Address, err)
		}
	}
	f.state["resources"] = slices.DeleteFunc(f.resources(), func(r any) bool { return len(instances(r)) == 0 })
	delete(f.state, "check_results")
	return json.Marshal(f.state)
}

// stateFormat is the only version of the state's format that is written.
const stateFormat = 4

// foretelling is a state on its way to what it will be.
type foretelling struct {
	state  map[string]any
	plan   *Plan
	values map[string]*tfjson.StateResource // planned, by address
	typed  dynamics
}

func (p *Plan) foretelling(state []byte) (*foretelling, error) {
	f := &foretelling{plan: p, state: map[string]any{"version": stateFormat}, values: map[string]*tfjson.StateResource{}}
	if len(bytes.TrimSpace(state)) > 0 {
		dec := json.NewDecoder(bytes.NewReader(state))
		dec.UseNumber()
		if err := dec.Decode(&f.state); err != nil {
			return nil, errors.New("the state is not JSON")
		}
	}
	if p.document.PlannedValues != nil {
		f.note(p.document.PlannedValues.RootModule)
	}
	f.typed = f.dynamics()
	return f, nil
}

func (f *foretelling) note(m *tfjson.StateModule) {
	if m == nil {
		return
	}
	for _, r := range m.Resources {
		f.values[r.Address] = r
	}
	for _, child := range m.ChildModules {
		f.note(child)
	}
}

func (f *foretelling) carryOut(rc *tfjson.ResourceChange) error {
	switch outline(rc).Kind() {
	case plans.ChangeCreate, plans.ChangeUpdate, plans.ChangeReplace, plans.ChangeReplaceAfter, plans.ChangeReplaceKept, plans.ChangeMove, plans.ChangeImport:
		return f.put(rc)
	case plans.ChangeDelete, plans.ChangeForget:
		f.take(rc.Address, rc.DeposedKey)
	case plans.ChangeUnclear:
		return errors.New("the plan holds an action that this version does not know")
	}
	return nil
}

// put stores the object as it will be, over what is stored of it now.
func (f *foretelling) put(rc *tfjson.ResourceChange) error {
	planned := f.values[rc.Address]
	if planned == nil {
		return errors.New("the plan does not say what it will be")
	}
	instance := f.take(rc.Address, "")
	if rc.PreviousAddress != "" {
		if moved := f.take(rc.PreviousAddress, ""); moved != nil {
			instance = moved
		}
	}
	stored, _ := field(instance, "attributes").(map[string]any)
	if instance == nil || rc.Change.Actions.Replace() || rc.Change.Actions.Create() {
		instance = map[string]any{"sensitive_attributes": []any{}}
	}
	resource, declared, err := f.resourceOf(rc)
	if err != nil {
		return err
	}
	delete(instance, "status")
	delete(instance, "index_key")
	if rc.Index != nil {
		instance["index_key"] = rc.Index
	}
	instance["schema_version"] = planned.SchemaVersion
	attributes, ok := settled(rc.Change.After, rc.Change.AfterUnknown, rc.Change.Before, declared).(map[string]any)
	if !ok {
		return errors.New("the plan does not say what it will be")
	}
	if err := f.typed.wrap(rc.Type, attributes, stored); err != nil {
		return fmt.Errorf("the type of a value of dynamic type cannot be told: %w", err)
	}
	instance["attributes"] = attributes
	resource["instances"] = append(instances(resource), any(instance))
	return nil
}

// settled fills in what is not known: with the value before where the
// configuration says nothing of the attribute, else with null, which no
// configuration that sets it agrees with.
func settled(after, unknown, before any, declared func(string) bool) any {
	values, _ := after.(map[string]any)
	marks, _ := unknown.(map[string]any)
	was, _ := before.(map[string]any)
	out := map[string]any{}
	for name, v := range values {
		out[name] = filled(v, marks[name])
	}
	for name, mark := range marks {
		if mark != true {
			if _, there := values[name]; !there {
				out[name] = filled(nil, mark)
			}
			continue
		}
		out[name] = nil
		if !declared(name) {
			out[name] = was[name]
		}
	}
	return out
}

// filled puts null where a nested value is not known.
func filled(value, unknown any) any {
	switch mark := unknown.(type) {
	case bool:
		if mark {
			return nil
		}
	case map[string]any:
		object, ok := value.(map[string]any)
		if !ok {
			return value
		}
		out := map[string]any{}
		for name, v := range object {
			out[name] = filled(v, mark[name])
		}
		for name, m := range mark {
			if _, there := object[name]; !there && m == true {
				out[name] = nil
			}
		}
		return out
	case []any:
		list, ok := value.([]any)
		if !ok {
			return value
		}
		out := make([]any, len(list))
		for i, v := range list {
			out[i] = filled(v, at(mark, i))
		}
		return out
	}
	return value
}

func (f *foretelling) resources() []any {
	list, _ := f.state["resources"].([]any)
	return list
}

func instances(resource any) []any {
	list, _ := field(resource, "instances").([]any)
	return list
}

// take removes an object from the state and returns it, or nil.
func (f *foretelling) take(address, deposed string) map[string]any {
	var taken map[string]any
	for _, r := range f.resources() {
		resource, ok := r.(map[string]any)
		if !ok || resource["mode"] != "managed" {
			continue
		}
		resource["instances"] = slices.DeleteFunc(instances(resource), func(i any) bool {
			key, _ := field(i, "deposed").(string)
			if key != deposed || spelled(resource, i) != address {
				return false
			}
			taken, _ = i.(map[string]any)
			return true
		})
	}
	return taken
}

// spelled is a stored object's address as plans have it.
func spelled(resource map[string]any, instance any) string {
	text := func(name string) string { t, _ := resource[name].(string); return t }
	address := text("type") + "." + text("name")
	if module := text("module"); module != "" {
		address = module + "." + address
	}
	switch key := field(instance, "index_key").(type) {
	case string:
		quoted, _ := json.Marshal(key)
		return address + "[" + string(quoted) + "]"
	case json.Number:
		return address + "[" + key.String() + "]"
	}
	return address
}

// resourceOf returns the state's entry for a change's object, new where there
// is none, and which attributes its configuration sets.
func (f *foretelling) resourceOf(rc *tfjson.ResourceChange) (map[string]any, func(string) bool, error) {
	written := f.plan.written(rc.Address)
	declared := func(name string) bool {
		if written == nil {
			return true
		}
		_, ok := written.Expressions[name]
		return ok
	}
	for _, r := range f.resources() {
		resource, ok := r.(map[string]any)
		module, _ := resource["module"].(string)
		if ok && resource["mode"] == "managed" && module == rc.ModuleAddress && resource["type"] == rc.Type && resource["name"] == rc.Name {
			return resource, declared, nil
		}
	}
	if written == nil {
		return nil, nil, errors.New("the plan does not say which provider configuration it belongs to")
	}
	resource := map[string]any{
		"mode": "managed", "type": rc.Type, "name": rc.Name, "provider": f.plan.providerOf(written.ProviderConfigKey, rc.ProviderName),
	}
	if rc.ModuleAddress != "" {
		resource["module"] = rc.ModuleAddress
	}
	f.state["resources"] = append(f.resources(), any(resource))
	return resource, declared, nil
}

// providerOf spells a provider configuration as states do.
func (p *Plan) providerOf(key, name string) string {
	c := p.document.Config.ProviderConfigs[key]
	address := `provider["` + name + `"]`
	if c == nil {
		_, own, _ := strings.Cut(key[strings.LastIndex(key, ":")+1:], ".")
		if own != "" {
			address += "." + own
		}
		return address
	}
	if c.Alias != "" {
		address += "." + c.Alias
	}
	if c.ModuleAddress != "" {
		address = c.ModuleAddress + "." + address
	}
	return address
}

// Stateful says why what is in an object of a type is lost with it; empty for
// what holds nothing. Attributes are the object's, or nil.
func Stateful(kind string, attributes any) string { return stateful(kind, attributes, nil) }
