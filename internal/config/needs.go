package config

import (
	"strings"
)

// needsOf returns the addresses that a block of a change set refers to or
// depends on, in order. What its database needs is among them.
func (p *Project) needsOf(b *block) []string {
	return p.namesOf(b, reference.address)
}

// readsOf returns in full what a block and its database refer to in other
// blocks ("terraform.network.outputs.subnet"), in order.
func (p *Project) readsOf(b *block) []string {
	return p.namesOf(b, func(r reference) string {
		if r.address() == "" {
			return ""
		}
		return strings.Join(r.parts, ".")
	})
}

// namesOf collects a name of every reference of a block and of its database.
func (p *Project) namesOf(b *block, name func(reference) string) []string {
	found := map[string]bool{}
	collect := func(r reference) {
		if n := name(r); n != "" {
			found[n] = true
		}
	}
	var databases []*block
	p.collectNeeds(b, func(r reference) {
		collect(r)
		if database := p.databaseAt(r.address()); database != nil {
			databases = append(databases, database)
		}
	})
	for _, database := range databases {
		p.collectNeeds(database, collect)
	}
	return sortedKeys(found)
}

func (p *Project) collectNeeds(b *block, collect func(reference)) {
	for _, arg := range b.args {
		if arg.doc.Type == TypeConstraint {
			continue
		}
		p.collectReferences(arg, collect, map[string]bool{})
	}
	for _, child := range b.blocks {
		p.collectNeeds(child, collect)
	}
}

// collectReferences follows locals, because a local may hold a block's export.
func (p *Project) collectReferences(arg *argument, collect func(reference), followed map[string]bool) {
	for _, r := range referencesIn(arg.expr) {
		collect(r)
		if r.parts[0] == "local" && len(r.parts) > 1 && !followed[r.parts[1]] {
			followed[r.parts[1]] = true
			if local := p.locals()[r.parts[1]]; local != nil {
				p.collectReferences(local, collect, followed)
			}
		}
	}
}

func (p *Project) databaseAt(address string) *block {
	for _, b := range p.root.children("database") {
		if b.address() == address {
			return b
		}
	}
	return nil
}
