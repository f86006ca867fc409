package terraform

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/lockstep-dev/lockstep/plans"
)

// savedPlan is Terraform's own JSON of a saved plan. terraform-json lacks two
// of the fields that say whether it may be used at all.
type savedPlan struct {
	tfjson.Plan
	errored    bool
	applyable  *bool // nil: the engine does not say
	incomplete bool
}

func decodePlan(document []byte) (*savedPlan, error) {
	var own struct {
		Errored   bool  `json:"errored"`
		Applyable *bool `json:"applyable"`
		Complete  *bool `json:"complete"`
	}
	if err := json.Unmarshal(document, &own); err != nil {
		return nil, fmt.Errorf("terraform show: %w", err)
	}
	p := &savedPlan{errored: own.Errored, applyable: own.Applyable, incomplete: own.Complete != nil && !*own.Complete}
	p.UseJSONNumber(true)
	if err := p.UnmarshalJSON(document); err != nil {
		return nil, fmt.Errorf("terraform show: %w", err)
	}
	return p, p.whole()
}

// whole refuses a document with changes that cannot be looked at: they could
// be anything.
func (p *savedPlan) whole() error {
	for _, rc := range slices.Concat(p.ResourceChanges, p.ResourceDrift) {
		if rc == nil || rc.Change == nil {
			return errors.New("terraform show: a resource change is empty")
		}
	}
	for name, c := range p.OutputChanges {
		if c == nil {
			return fmt.Errorf("terraform show: the change of output %q is empty", name)
		}
	}
	return nil
}

// usable refuses a plan that Terraform could not finish: a file is written
// for those as well.
func (p *savedPlan) usable() error {
	if p.errored {
		return errors.New("terraform could not finish the plan; run terraform plan in the module to see why")
	}
	if p.incomplete {
		return errors.New("terraform left parts out of the plan (deferred changes or -target); Lockstep applies complete plans only")
	}
	return nil
}

// planned is one change together with what is needed to compare it.
type planned struct {
	plans.ResourceChange
	after     any
	unknown   any
	sensitive any
}

// changes returns what the plan does, without no-ops and reads, in order of
// address.
func (p *savedPlan) changes(s *secrets) []planned {
	return collect(p.ResourceChanges, s)
}

func (p *savedPlan) drift(s *secrets) []planned {
	return collect(p.ResourceDrift, s)
}

func collect(all []*tfjson.ResourceChange, s *secrets) []planned {
	var found []planned
	for _, rc := range all {
		if quiet(rc) {
			continue
		}
		c := planned{
			ResourceChange: plans.ResourceChange{Address: rc.Address, Type: rc.Type, Reason: string(rc.ActionReason)},
			after:          rc.Change.After, unknown: rc.Change.AfterUnknown, sensitive: rc.Change.AfterSensitive,
		}
		if rc.DeposedKey != "" {
			c.Address += " (deposed " + rc.DeposedKey + ")"
			c.Deposed = rc.DeposedKey
		}
		c.Previous, c.Importing = rc.PreviousAddress, rc.Change.Importing != nil
		if c.Importing && !s.in(rc.Change.Importing.ID) {
			c.ImportID = rc.Change.Importing.ID
		}
		for _, a := range rc.Change.Actions {
			c.Actions = append(c.Actions, string(a))
		}
		c.After = c.digest(s)
		found = append(found, c)
	}
	slices.SortFunc(found, func(a, b planned) int { return cmp.Compare(a.Address, b.Address) })
	return found
}

// quiet reports whether a change does nothing to anything. A move or an
// import changes the state alone, yet it is part of what is approved.
func quiet(rc *tfjson.ResourceChange) bool {
	if rc.Change.Importing != nil || rc.PreviousAddress != "" {
		return false
	}
	for _, a := range rc.Change.Actions {
		if a != tfjson.ActionNoop && a != tfjson.ActionRead {
			return false
		}
	}
	return true
}

func public(changes []planned) []plans.ResourceChange {
	var out []plans.ResourceChange
	for _, c := range changes {
		out = append(out, c.ResourceChange)
	}
	return out
}

// changesOutputs reports whether applying would change an output.
func (p *savedPlan) changesOutputs() bool {
	for _, c := range p.OutputChanges {
		if !c.Actions.NoOp() {
			return true
		}
	}
	return false
}

// empty reports whether there is nothing to apply.
func (p *savedPlan) empty(s *secrets) bool {
	if p.applyable != nil {
		return !*p.applyable
	}
	return len(p.changes(s)) == 0 && !p.changesOutputs()
}

// outputs returns the outputs as they will be, in order of name, and the real
// values of those that are known and sensitive.
func (p *savedPlan) outputs(s *secrets) ([]plans.Output, map[string]json.RawMessage) {
	var out []plans.Output
	hidden := map[string]json.RawMessage{}
	for _, name := range slices.Sorted(maps.Keys(p.OutputChanges)) {
		c := p.OutputChanges[name]
		if c.Actions.Delete() {
			continue
		}
		o := plans.Output{Name: name, Known: !anyTrue(c.AfterUnknown), Sensitive: anyTrue(c.AfterSensitive)}
		value, err := json.Marshal(c.After)
		o.Sensitive = o.Sensitive || err != nil || s.in(string(value))
		switch {
		case o.Known && o.Sensitive:
			hidden[name] = value
		case o.Known:
			o.Value = value
		}
		out = append(out, o)
	}
	return out, hidden
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

// outside names the first change whose actions are not allowed; empty if all
// are. An empty list allows everything.
func outside(allowed []string, changes []plans.ResourceChange) string {
	if len(allowed) == 0 {
		return ""
	}
	for _, c := range changes {
		for _, a := range c.Actions {
			if a != "no-op" && !slices.Contains(allowed, a) {
				return fmt.Sprintf("%s would %s, and allowed are only: %s", c.Address, strings.Join(c.Actions, " and "), strings.Join(allowed, ", "))
			}
		}
	}
	return ""
}
