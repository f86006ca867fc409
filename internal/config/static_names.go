package config

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// rootNames are the first parts of names that expressions in a scope can use.
func rootNames(s scope) []string {
	names := []string{"var", "local", "path", "lockstep", "database", "terraform"}
	if s.changeSet != nil {
		names = append(names, "migration", "backfill", "artifact", "deployment", "check")
	}
	if s.self {
		names = append(names, "self")
	}
	return names
}

// index holds what may follow the first part of a name: blocks by the rest of
// their address. What is no block has nil.
type index map[string]*block

type indexKey struct {
	parent *block
	kind   string
}

// namesOf returns what may follow the first part of a name, and whether that
// first part exists in the scope.
func (c *checker) namesOf(r reference, s scope) (index, bool) {
	switch kind := r.parts[0]; kind {
	case "var":
		return c.blocksOf(c.project.root, "variable"), true
	case "local":
		return c.indexed(indexKey{nil, kind}, func(names index) {
			for name := range c.project.locals() {
				names[name] = nil
			}
		}), true
	case "path":
		return index{"root": nil}, true
	case "lockstep":
		return index{"environment": nil, "change_set": nil}, true
	case "database", "environment", "change_set":
		return c.blocksOf(c.project.root, kind), true
	case "terraform":
		if s.changeSet == nil {
			return c.terraformOfAll(), true
		}
		return c.blocksOf(s.changeSet, kind), true
	case "migration", "backfill", "artifact", "deployment", "check":
		if s.changeSet != nil {
			return c.blocksOf(s.changeSet, kind), true
		}
	case "self":
		return nil, s.self
	}
	return nil, false
}

// terraformOfAll is what databases and locals may refer to: they belong to no
// change set.
func (c *checker) terraformOfAll() index {
	return c.indexed(indexKey{nil, "terraform"}, func(names index) {
		for _, changeSet := range c.project.root.children("change_set") {
			for name, b := range c.blocksOf(changeSet, "terraform") {
				names[name] = b
			}
		}
	})
}

func (c *checker) blocksOf(parent *block, kind string) index {
	return c.indexed(indexKey{parent, kind}, func(names index) {
		for _, b := range parent.children(kind) {
			if b.name != "" {
				names[strings.TrimPrefix(b.address(), kind+".")] = b
			}
		}
	})
}

func (c *checker) indexed(key indexKey, fill func(index)) index {
	names, ok := c.indexes[key]
	if !ok {
		names = index{}
		fill(names)
		c.indexes[key] = names
	}
	return names
}

func (p *Project) locals() map[string]*argument { return p.named }

func (p *Project) collectLocals() map[string]*argument {
	locals := map[string]*argument{}
	for _, b := range p.root.children("locals") {
		for name, arg := range b.args {
			if locals[name] == nil {
				locals[name] = arg
			}
		}
	}
	return locals
}

// cycles looks for blocks and locals that wait for each other.
func (c *checker) cycles() {
	locals := c.project.locals()
	needs := map[string][]string{}
	places := map[string]hcl.Range{}
	for name, arg := range locals {
		needs["local."+name] = localNeeds(arg)
		places["local."+name] = arg.place
	}
	c.cycle(needs, places)
	for _, kind := range []string{"environment", "change_set"} {
		needs, places := map[string][]string{}, map[string]hcl.Range{}
		for _, b := range c.project.root.children(kind) {
			needs[b.address()] = addressesIn(b.args["depends_on"])
			places[b.address()] = b.place
		}
		c.cycle(needs, places)
	}
	for _, changeSet := range c.project.root.children("change_set") {
		needs, places := map[string][]string{}, map[string]hcl.Range{}
		for _, b := range changeSet.blocks {
			if addressLength(b.doc.Type) > 0 {
				needs[b.address()] = c.project.needsOf(b)
				places[b.address()] = b.place
			}
		}
		c.cycle(needs, places)
	}
}

func localNeeds(arg *argument) []string {
	var needs []string
	for _, r := range referencesIn(arg.expr) {
		if r.parts[0] == "local" && len(r.parts) > 1 {
			needs = append(needs, "local."+r.parts[1])
		}
	}
	return needs
}

func (c *checker) cycle(needs map[string][]string, places map[string]hcl.Range) {
	_, cycle := sortByNeeds(needs)
	if len(cycle) == 0 {
		return
	}
	c.fail(mistake{
		"cycle", fmt.Sprintf("%s depends on itself", cycle[0]),
		"The cycle is " + strings.Join(cycle, " -> ") + " (each needs the next).", "Remove one of these references.",
	}, places[cycle[0]])
}
