package config

import (
	"maps"
	"slices"
)

// needsOf returns the addresses that a block of a change set refers to or
// depends on, in order. What its database needs is among them.
func (p *Project) needsOf(b *block) []string {
	found := map[string]bool{}
	p.collectNeeds(b, found)
	for _, address := range slices.Collect(maps.Keys(found)) {
		if database := p.databaseAt(address); database != nil {
			p.collectNeeds(database, found)
		}
	}
	return sortedKeys(found)
}

func (p *Project) collectNeeds(b *block, found map[string]bool) {
	for _, arg := range b.args {
		if arg.doc.Type == TypeConstraint {
			continue
		}
		p.collectReferences(arg, found, map[string]bool{})
	}
	for _, child := range b.blocks {
		p.collectNeeds(child, found)
	}
}

// collectReferences follows locals, because a local may hold a block's export.
func (p *Project) collectReferences(arg *argument, found, followed map[string]bool) {
	for _, r := range referencesIn(arg.expr) {
		if address := r.address(); address != "" {
			found[address] = true
		}
		if r.parts[0] == "local" && len(r.parts) > 1 && !followed[r.parts[1]] {
			followed[r.parts[1]] = true
			if local := p.locals()[r.parts[1]]; local != nil {
				p.collectReferences(local, found, followed)
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
