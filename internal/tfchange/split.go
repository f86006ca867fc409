package tfchange

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// Split is the first part of a plan that adds and takes away at once.
type Split struct {
	// Targets are the addresses that the part is limited to, in order.
	Targets []string
	// Later are outputs, in order, that have their new value only when the
	// rest is done, because they are made from what is taken away.
	Later []string
}

// Divide finds the part of a plan that only adds. The second result says why
// there is none that can be carried out by itself; empty if there is.
func Divide(whole *Plan, g Graph, m Mask) (Split, string) {
	adds, takes := whole.parts(m)
	taken := map[string]bool{}
	for _, c := range takes {
		if c.Previous != "" {
			return Split{}, fmt.Sprintf("%s was %s until now and is to %s in the same plan: Terraform leaves no moved object out of a part", c.Object(), c.Previous, c.verb())
		}
		taken[configured(c.Address)] = true
	}
	targets := map[string]bool{}
	for _, c := range adds {
		if way := g.path(configured(c.Address), taken); way != nil {
			return Split{}, chain(c, way, takes)
		}
		targets[c.Address] = true
		if c.Previous != "" {
			targets[c.Previous] = true
		}
	}
	var s Split
	for _, name := range slices.Sorted(maps.Keys(whole.document.OutputChanges)) {
		if still(whole.document.OutputChanges[name]) {
			continue
		}
		if g.path("output."+name, taken) != nil {
			s.Later = append(s.Later, name)
			continue
		}
		for _, source := range g.resourcesOf("output." + name) {
			targets[source] = true // a part leaves out an output of which it has not every source
		}
	}
	s.Targets = slices.Sorted(maps.Keys(targets))
	return s, ""
}

// chain says how what is added leads to what is taken away.
func chain(c Change, way []string, takes []Change) string {
	end := way[len(way)-1]
	i := slices.IndexFunc(takes, func(t Change) bool { return configured(t.Address) == end })
	return fmt.Sprintf("%s is made from %s, which is to %s (%s)", c.Object(), takes[i].Object(), takes[i].verbOrTakes(), strings.Join(way, " -> "))
}

func (c Change) verbOrTakes() string {
	if len(c.Weakens) > 0 {
		return fmt.Sprintf("%s what others rely on (%s)", c.verb(), c.Weakens[0].Attribute)
	}
	return c.verb()
}

// parts are the changes that only add, moves among them, and those that take.
func (p *Plan) parts(m Mask) (adds, takes []Change) {
	for _, c := range p.Changes(m) {
		if c.Takes() {
			takes = append(takes, c)
		} else {
			adds = append(adds, c)
		}
	}
	return adds, takes
}

// Taking are the plan's changes that take something away.
func (p *Plan) Taking(m Mask) []Change {
	_, takes := p.parts(m)
	return takes
}

// Differs says what of a plan that is limited to a split's targets is not as
// the whole plan has it; empty if the part is all that adds, and that alone.
func (s Split) Differs(whole, part *Plan, m Mask) string {
	adds, _ := whole.parts(m)
	if why := Equal(adds, part.Changes(m), m); why != "" {
		return why
	}
	for _, name := range slices.Sorted(maps.Keys(part.document.OutputChanges)) {
		c := part.document.OutputChanges[name]
		if still(c) || slices.Contains(s.Later, name) {
			continue
		}
		w := whole.document.OutputChanges[name]
		if w == nil || !sameOutput(w, c) {
			return fmt.Sprintf("output %q would have another value", name)
		}
	}
	return ""
}

func still(c *tfjson.Change) bool { return c.Actions.NoOp() || c.Actions.Delete() }

// sameOutput compares what is known of both.
func sameOutput(whole, part *tfjson.Change) bool {
	unknown := union(whole.AfterUnknown, part.AfterUnknown)
	return digestOf(hide(whole.After, unknown, nil), plain{}) == digestOf(hide(part.After, unknown, nil), plain{})
}

// UsableInPart refuses a plan that Terraform could not finish. That it is
// limited to a part is what was asked for: Lockstep itself did.
func (p *Plan) UsableInPart() error {
	limited := *p
	limited.complete = nil
	return limited.Usable()
}
