package tfchange

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

// Mask replaces every known secret in a text.
type Mask interface{ String(text string) string }

// Plan is a saved plan as its engine describes it.
type Plan struct {
	document tfjson.Plan
	// applyable and complete are nil where the engine does not say: OpenTofu
	// knows no complete, Terraform before 1.8 neither of them.
	applyable, complete *bool
	errored             bool
}

// Decode reads the JSON of a saved plan, as "terraform show -json" prints it.
// Whether it may be applied is for Usable to say.
func Decode(document []byte) (*Plan, error) {
	// terraform-json lacks errored and applyable.
	var own struct {
		Format    string `json:"format_version"`
		Errored   bool   `json:"errored"`
		Applyable *bool  `json:"applyable"`
		Complete  *bool  `json:"complete"`
	}
	if err := json.Unmarshal(document, &own); err != nil {
		return nil, fmt.Errorf("terraform show: %w", err)
	}
	if major, _, _ := strings.Cut(own.Format, "."); major != "1" {
		return nil, fmt.Errorf("terraform show: the plan has format version %q, and this lockstep reads version 1; use a newer lockstep, or plan with another Terraform", own.Format)
	}
	p := &Plan{errored: own.Errored, applyable: own.Applyable, complete: own.Complete}
	p.document.UseJSONNumber(true)
	if err := p.document.UnmarshalJSON(document); err != nil {
		return nil, fmt.Errorf("terraform show: %w", err)
	}
	return p, p.whole()
}

// whole refuses a document with changes that cannot be looked at: they could
// be anything.
func (p *Plan) whole() error {
	for _, rc := range slices.Concat(p.document.ResourceChanges, p.document.ResourceDrift) {
		if rc == nil || rc.Change == nil {
			return errors.New("terraform show: a resource change is empty")
		}
	}
	for name, c := range p.document.OutputChanges {
		if c == nil {
			return fmt.Errorf("terraform show: the change of output %q is empty", name)
		}
	}
	return nil
}

// MadeBy is the version of the engine that made the plan; empty where the
// document does not say.
func (p *Plan) MadeBy() string { return p.document.TerraformVersion }

// Usable refuses a plan that Terraform could not finish: a file is written
// for those as well.
func (p *Plan) Usable() error {
	if p.errored {
		return errors.New("terraform could not finish the plan; run terraform plan in the module to see why")
	}
	if deferred := p.deferred(); len(deferred) > 0 {
		return fmt.Errorf("terraform put off %s, because something it depends on is not known yet; Lockstep applies complete plans only: give the module what it waits for in an earlier step, and plan again",
			strings.Join(deferred, ", "))
	}
	if p.complete != nil && !*p.complete {
		return errors.New("terraform left parts out of the plan (deferred changes or -target); Lockstep applies complete plans only")
	}
	return nil
}

// deferred names what Terraform put off, with its reason.
func (p *Plan) deferred() []string {
	var names []string
	for _, d := range p.document.DeferredChanges {
		name := "a change"
		if d != nil && d.ResourceChange != nil {
			name = cmp.Or(d.ResourceChange.Address, name)
		}
		if d != nil && d.Reason != "" {
			name += " (" + d.Reason + ")"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Empty reports whether there is nothing to apply: no change of an object, of
// Terraform's state or of an output.
func (p *Plan) Empty() bool {
	if p.applyable != nil {
		return !*p.applyable
	}
	if slices.ContainsFunc(p.document.ResourceChanges, func(rc *tfjson.ResourceChange) bool { return !quiet(rc) }) {
		return false
	}
	for _, c := range p.document.OutputChanges {
		if !c.Actions.NoOp() {
			return false
		}
	}
	return true
}

// Outputs returns the outputs as they will be, in order of name, and the real
// values of those that are known and sensitive. An output that holds a secret
// counts as sensitive whether the module says so or not.
func (p *Plan) Outputs(m Mask) ([]plans.Output, map[string]json.RawMessage) {
	var out []plans.Output
	hidden := map[string]json.RawMessage{}
	for _, name := range slices.Sorted(maps.Keys(p.document.OutputChanges)) {
		c := p.document.OutputChanges[name]
		if c.Actions.Delete() {
			continue
		}
		o := plans.Output{Name: name, Known: !anyTrue(c.AfterUnknown), Sensitive: anyTrue(c.AfterSensitive)}
		value, err := json.Marshal(c.After)
		o.Sensitive = o.Sensitive || err != nil || m.String(string(value)) != string(value)
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

// Checks returns what check blocks and conditions found that is not a pass, in
// order of address. Terraform itself goes on after a check block that fails.
func (p *Plan) Checks(m Mask) []plans.TerraformCheck {
	var found []plans.TerraformCheck
	for _, c := range p.document.Checks {
		if c.Status == tfjson.CheckStatusPass {
			continue
		}
		before := len(found)
		for _, i := range c.Instances {
			if i.Status == tfjson.CheckStatusPass {
				continue
			}
			one := plans.TerraformCheck{Address: cmp.Or(i.Address.ToDisplay, c.Address.ToDisplay), Status: string(i.Status)}
			for _, problem := range i.Problems {
				one.Messages = append(one.Messages, m.String(problem.Message))
			}
			found = append(found, one)
		}
		if len(found) == before {
			found = append(found, plans.TerraformCheck{Address: c.Address.ToDisplay, Status: string(c.Status)})
		}
	}
	slices.SortStableFunc(found, func(a, b plans.TerraformCheck) int { return cmp.Compare(a.Address, b.Address) })
	return found
}
