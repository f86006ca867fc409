package pgschema

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
)

func (s *Schema) createSchema(c *pg.CreateSchemaStmt) string {
	name := c.GetSchemaname()
	if name == "" {
		return "a schema named after its owner is not followed"
	}
	s.Schemas[name] = true
	var reasons []string
	for _, e := range c.GetSchemaElts() {
		reasons = append(reasons, s.apply(e))
	}
	return join(reasons)
}

// createExtension knows the types of the extensions that are most used in
// tables; what others bring stays unknown.
func (s *Schema) createExtension(name string) string {
	s.Extensions[name] = true
	types := map[string][]string{
		"citext": {"citext"}, "hstore": {"hstore"}, "ltree": {"ltree", "lquery", "ltxtquery"},
		"vector": {"vector", "halfvec", "sparsevec"}, "postgis": {"geometry", "geography", "box2d", "box3d"},
		"cube": {"cube"}, "isn": {"ean13", "isbn", "isbn13", "ismn", "issn", "upc"},
	}
	for _, t := range types[name] {
		s.Types[qualified("", t)] = &Type{Name: qualified("", t), Kind: Base, Extension: name}
	}
	return ""
}

func (s *Schema) createFunction(c *pg.CreateFunctionStmt) {
	name := NameOfParts(Strings(c.GetFuncname()))
	f := &Function{Name: name, Volatility: "volatile", Made: c}
	for _, o := range c.GetOptions() {
		switch d := o.GetDefElem(); d.GetDefname() {
		case "volatility":
			f.Volatility = d.GetArg().GetString_().GetSval()
		case "language":
			f.Language = d.GetArg().GetString_().GetSval()
		case "as":
			f.Body = last(Strings(d.GetArg().GetList().GetItems()))
		}
	}
	if old := s.Functions[name]; old != nil && (!c.GetReplace() || old.Made == nil) {
		f.Made = nil
	}
	if old := s.Functions[name]; old != nil && !c.GetReplace() {
		strictness := []string{"volatile", "stable", "immutable"}
		f.Volatility = strictness[min(slices.Index(strictness, old.Volatility), max(0, slices.Index(strictness, f.Volatility)))]
	}
	s.Functions[name] = f
}

// renameFunction follows a name that one function alone has, and the triggers
// that call it.
func (s *Schema) renameFunction(from, to Name) string {
	f := s.Functions[from]
	if f == nil || f.Made == nil || s.Functions[to] != nil {
		return "which function is renamed to " + to.String() + " is not followed"
	}
	delete(s.Functions, from)
	f.Name = to
	s.Functions[to] = f
	for _, t := range s.Tables {
		for i := range t.Triggers {
			if t.Triggers[i].Function == from {
				t.Triggers[i].Function = to
			}
		}
	}
	return ""
}

func (s *Schema) createTrigger(c *pg.CreateTrigStmt) string {
	table := NameOf(c.GetRelation())
	t := s.Tables[table]
	if t == nil {
		if s.Views[table] != nil {
			return ""
		}
		return table.String() + " is not known"
	}
	trigger := Trigger{c.GetTrigname(), NameOfParts(Strings(c.GetFuncname()))}
	for _, name := range s.Tree(table) {
		below := s.Tables[name]
		if below == nil || name != table && (below.PartitionOf == Name{} || !c.GetRow()) {
			continue
		}
		below.Triggers = slices.DeleteFunc(below.Triggers, func(g Trigger) bool { return g.Name == trigger.Name })
		below.Triggers = append(below.Triggers, trigger)
	}
	return ""
}

func (s *Schema) createPolicy(c *pg.CreatePolicyStmt) string {
	t := s.Tables[NameOf(c.GetTable())]
	if t == nil {
		return NameOf(c.GetTable()).String() + " is not known"
	}
	t.Policies = append(t.Policies, c.GetPolicyName())
	return ""
}

func (s *Schema) applyPublication(tree *pg.Node) string {
	if c := tree.GetCreatePublicationStmt(); c != nil {
		p := &Publication{Name: c.GetPubname(), AllTables: c.GetForAllTables()}
		p.add(c.GetPubobjects())
		s.Publications[p.Name] = p
		return ""
	}
	a := tree.GetAlterPublicationStmt()
	p := s.Publications[a.GetPubname()]
	if p == nil {
		return "publication " + a.GetPubname() + " is not known"
	}
	switch a.GetAction() {
	case pg.AlterPublicationAction_AP_SetObjects:
		p.Tables, p.Schemas = nil, nil
		p.add(a.GetPubobjects())
	case pg.AlterPublicationAction_AP_AddObjects:
		p.add(a.GetPubobjects())
	case pg.AlterPublicationAction_AP_DropObjects:
		gone := PublishedTables(a.GetPubobjects())
		p.Tables = slices.DeleteFunc(p.Tables, func(n Name) bool { return slices.Contains(gone, n) })
	}
	return ""
}

func (p *Publication) add(objects []*pg.Node) {
	p.Tables = append(p.Tables, PublishedTables(objects)...)
	for _, o := range objects {
		if spec := o.GetPublicationObjSpec(); spec.GetPubtable() == nil && spec.GetName() != "" {
			p.Schemas = append(p.Schemas, spec.GetName())
		}
	}
}

// PublishedTables returns the tables that a publication's statement names.
func PublishedTables(objects []*pg.Node) []Name {
	var all []Name
	for _, o := range objects {
		if t := o.GetPublicationObjSpec().GetPubtable(); t != nil {
			all = append(all, NameOf(t.GetRelation()))
		}
	}
	return all
}
