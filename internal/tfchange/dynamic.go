package tfchange

import (
	"bytes"
	"encoding/json"
	"reflect"

	tfjson "github.com/hashicorp/terraform-json"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// An attribute of dynamic type is stored as {"value": ..., "type": ...}, where
// plans have the value alone. Which attributes are dynamic is in the
// providers' schemas, which plans lack; it follows from objects that are stored.

// builtin is the provider that is a part of Terraform and of OpenTofu.
const builtin = "terraform.io/builtin/terraform"

// dynamics are the attributes of dynamic type that are known, by type of
// resource.
type dynamics map[string]map[string]bool

// dynamics learns from the objects that are stored and that the plan shows.
func (f *foretelling) dynamics() dynamics {
	known := dynamics{}
	before := map[string]map[string]any{}
	for _, rc := range f.plan.document.ResourceChanges {
		if rc.ProviderName == builtin && rc.Type == "terraform_data" {
			known.add(rc.Type, "input")
			known.add(rc.Type, "output")
			known.add(rc.Type, "triggers_replace")
		}
		if rc.Mode == tfjson.ManagedResourceMode && rc.DeposedKey == "" {
			values, _ := rc.Change.Before.(map[string]any)
			before[was(rc)] = values
		}
	}
	for _, r := range f.resources() {
		resource, _ := r.(map[string]any)
		if resource["mode"] != "managed" {
			continue
		}
		kind, _ := resource["type"].(string)
		for _, i := range instances(resource) {
			if field(i, "deposed") != nil {
				continue
			}
			stored, _ := field(i, "attributes").(map[string]any)
			for name, value := range before[spelled(resource, i)] {
				if wrapped(stored[name], value) {
					known.add(kind, name)
				}
			}
		}
	}
	return known
}

// was is the address under which the state has a change's object.
func was(rc *tfjson.ResourceChange) string {
	if rc.PreviousAddress != "" {
		return rc.PreviousAddress
	}
	return rc.Address
}

func (d dynamics) add(kind, name string) {
	if d[kind] == nil {
		d[kind] = map[string]bool{}
	}
	d[kind][name] = true
}

// wrapped reports whether a stored value is another one with its type, and not
// an object that happens to have attributes of these names.
func wrapped(stored, shown any) bool {
	if !typed(stored) {
		return false
	}
	return !typed(shown) || reflect.DeepEqual(plainly(field(stored, "value")), plainly(shown))
}

// valueAndType is how many attributes a stored value of dynamic type has.
const valueAndType = 2

// typed reports whether a value has a value and a type that can be read.
func typed(value any) bool {
	object, ok := value.(map[string]any)
	if _, there := object["value"]; !ok || !there || len(object) != valueAndType {
		return false
	}
	spelled, err := json.Marshal(object["type"])
	if err != nil {
		return false
	}
	_, err = ctyjson.UnmarshalType(spelled)
	return err == nil
}

// plainly makes values comparable that were decoded in different ways.
func plainly(value any) any {
	b, err := json.Marshal(value)
	if err != nil {
		return value
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var out any
	if dec.Decode(&out) != nil {
		return value
	}
	return out
}

// wrap gives values of dynamic type the form in which they are stored. One
// that stays as it was keeps its type: JSON has fewer types than Terraform.
func (d dynamics) wrap(kind string, values, stored map[string]any) error {
	for name := range d[kind] {
		value := values[name]
		if value == nil {
			continue
		}
		if old := stored[name]; typed(old) && reflect.DeepEqual(plainly(field(old, "value")), plainly(value)) {
			values[name] = old
			continue
		}
		b, err := json.Marshal(value)
		if err != nil {
			return err
		}
		implied, err := ctyjson.ImpliedType(b)
		if err != nil {
			return err
		}
		spelled, err := ctyjson.MarshalType(implied)
		if err != nil {
			return err
		}
		values[name] = map[string]any{"value": value, "type": json.RawMessage(spelled)}
	}
	return nil
}
