package tfchange

import (
	"cmp"
	"slices"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/lockstep-dev/lockstep/plans"
)

// Change is one change together with what is needed to compare it: values,
// which stay in here.
type Change struct {
	plans.ResourceChange
	after     any
	unknown   any
	sensitive any
	importID  string
}

// Changes returns what the plan does, without no-ops and reads, in order of
// address.
func (p *Plan) Changes(m Mask) []Change {
	found := collect(p.document.ResourceChanges, m)
	gone := map[string]bool{}
	for _, rc := range p.document.ResourceDrift {
		gone[rc.Address] = gone[rc.Address] || rc.DeposedKey == "" && rc.Change.Actions.Delete()
	}
	for i := range found {
		found[i].Repairs = found[i].Kind() == plans.ChangeCreate && gone[found[i].Address]
	}
	return found
}

// Drift returns what changed outside of Terraform, in order of address. What
// the configuration itself moves is listed there by Terraform too, and is none.
func (p *Plan) Drift(m Mask) []Change {
	found := slices.DeleteFunc(collect(p.document.ResourceDrift, m), func(c Change) bool { return c.Kind() == plans.ChangeMove })
	for i := range found {
		found[i].Weakens = nil // nobody plans it: it has happened
	}
	return found
}

func collect(all []*tfjson.ResourceChange, m Mask) []Change {
	var found []Change
	for _, rc := range all {
		if !quiet(rc) {
			found = append(found, read(rc, m))
		}
	}
	slices.SortStableFunc(found, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Address, b.Address), cmp.Compare(a.Deposed, b.Deposed))
	})
	return found
}

func read(rc *tfjson.ResourceChange, m Mask) Change {
	c := Change{
		ResourceChange: outline(rc),
		after:          rc.Change.After, unknown: rc.Change.AfterUnknown, sensitive: rc.Change.AfterSensitive,
	}
	if c.Importing {
		c.importID = rc.Change.Importing.ID
		if m.String(c.importID) == c.importID {
			c.ImportID = c.importID
		}
	}
	c.After = c.digest(m)
	c.Attributes = attributes(c.Kind(), rc.Change, m)
	c.Stateful = stateful(rc.Type, rc.Change.Before, rc.Change.After)
	if c.Kind() == plans.ChangeUpdate {
		c.Weakens = weakenings(rc.Type, rc.Change)
	}
	return c
}

// outline is what is done to which object, without what it is made of.
func outline(rc *tfjson.ResourceChange) plans.ResourceChange {
	c := plans.ResourceChange{
		Address: rc.Address, Type: rc.Type, Reason: string(rc.ActionReason),
		Previous: rc.PreviousAddress, Importing: rc.Change.Importing != nil, Deposed: rc.DeposedKey,
	}
	for _, a := range rc.Change.Actions {
		c.Actions = append(c.Actions, string(a))
	}
	return c
}

// quiet reports whether a change does nothing to anything. A move or an
// import changes the state alone, yet it is part of what is approved.
func quiet(rc *tfjson.ResourceChange) bool {
	if rc.Change.Importing != nil || rc.PreviousAddress != "" && rc.PreviousAddress != rc.Address {
		return false
	}
	for _, a := range rc.Change.Actions {
		if a != tfjson.ActionNoop && a != tfjson.ActionRead {
			return false
		}
	}
	return true
}

// Public returns the changes without their values.
func Public(changes []Change) []plans.ResourceChange {
	var out []plans.ResourceChange
	for _, c := range changes {
		out = append(out, c.ResourceChange)
	}
	return out
}
