package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
)

// unprotected refuses what takes anything from a resource that the environment
// protects. Nothing in a change set lifts it.
func (d *draft) unprotected(b *block, changes []plans.ResourceChange) bool {
	var touched, patterns []string
	for _, c := range changes {
		if pattern := d.protector(c); pattern != "" && c.Takes() {
			touched = append(touched, fmt.Sprintf("%s (%s)", c.Object(), verbOf(c)))
			patterns = append(patterns, fmt.Sprintf("%q", pattern))
		}
	}
	if len(touched) == 0 {
		return true
	}
	slices.Sort(touched)
	slices.Sort(patterns)
	d.refuse(b.Range, mistake{
		"protected-resource", fmt.Sprintf("%s would take something from what environment %s protects", b.Address, d.in.Environment.Name),
		fmt.Sprintf("Planned: %s. Protected by: %s.", listed(touched), strings.Join(slices.Compact(patterns), ", ")),
		fmt.Sprintf("Change the module, so that the resource stays as it is. If it must go, take the pattern out of protect in environment %q, in a change of its own.", d.in.Environment.Name),
	})
	return false
}

// protector is the first pattern of the environment that a change's resource
// fits: by its address, also the one from before a move, its address inside of
// its module, or its type.
func (d *draft) protector(c plans.ResourceChange) string {
	names := []string{c.Address, inModule(c), c.Type}
	if c.Previous != "" {
		names = append(names, c.Previous)
	}
	for _, pattern := range d.in.Environment.Protect {
		if slices.ContainsFunc(names, func(name string) bool { return plans.Matches(pattern, name) }) {
			return pattern
		}
	}
	return ""
}

// inModule is an address without the modules before it. A module's key may
// hold anything, the type included, so the last place counts.
func inModule(c plans.ResourceChange) string {
	if i := strings.LastIndex(c.Address, "."+c.Type+"."); i >= 0 && c.Type != "" {
		return c.Address[i+1:]
	}
	return c.Address
}

// spares refuses to destroy an object that holds something, unless the author
// has named the action: nobody notices one line among many.
func (d *draft) spares(b *block, changes []plans.ResourceChange) bool {
	var lost []string
	for _, c := range changes {
		if c.Stateful != "" && c.Destroys() && !named(b.args.AllowedActions, c) {
			lost = append(lost, fmt.Sprintf("%s (%s): %s", c.Object(), verbOf(c), c.Stateful))
		}
	}
	if len(lost) == 0 {
		return true
	}
	slices.Sort(lost)
	d.refuse(b.Range, mistake{
		"stateful-destroyed", fmt.Sprintf("%s would destroy what holds something", b.Address),
		fmt.Sprintf("Lost: %s. A new one of the same name has nothing of it.", strings.Join(lost, "; ")),
		`Keep it (a removed block forgets an object without destroying it), or name what is meant in allowed_actions, for example ["create", "update", "delete"] or "replace".`,
	})
	return false
}

// named reports whether the author allows the destruction by name.
func named(allowed []string, c plans.ResourceChange) bool {
	if slices.Contains(allowed, "delete") {
		return true
	}
	return c.Kind() != plans.ChangeDelete && slices.Contains(allowed, "replace")
}

// verbOf says in words what a change does to its object.
func verbOf(c plans.ResourceChange) string {
	switch c.Kind() {
	case plans.ChangeReplace:
		return "replaced, the old one is destroyed first"
	case plans.ChangeReplaceAfter:
		return "replaced, the old one is destroyed after the new one is made"
	case plans.ChangeReplaceKept:
		return "replaced, the old one is forgotten"
	case plans.ChangeDelete:
		return "destroyed"
	case plans.ChangeForget:
		return "forgotten"
	case plans.ChangeUpdate:
		var reasons []string
		for _, w := range c.Weakens {
			reasons = append(reasons, w.Reason)
		}
		return "changed: " + strings.Join(reasons, "; ")
	}
	return strings.Join(c.Actions, " and ")
}
