package pgschema

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
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
	if old := s.Functions[name]; old != nil {
		f.Overloads = slices.DeleteFunc(slices.Clone(old.Overloads), func(o *pg.CreateFunctionStmt) bool { return slices.Equal(s.inputs(o), s.inputs(c)) })
	}
	f.Overloads = append(f.Overloads, c)
	if len(f.Overloads) > 1 {
		f.Made = nil
	}
	if old := s.Functions[name]; old != nil && !c.GetReplace() {
		strictness := []string{"volatile", "stable", "immutable"}
		f.Volatility = strictness[min(slices.Index(strictness, old.Volatility), max(0, slices.Index(strictness, f.Volatility)))]
	}
	s.Functions[name] = f
}

// renameFunction follows a new name, and the triggers that call what one
// function alone is called.
func (s *Schema) renameFunction(from Name, which *pg.ObjectWithArgs, to Name) string {
	f := s.Functions[from]
	made := s.Overload(from, which)
	if made == nil || s.overloaded(to, made) {
		return "which function is renamed to " + to.String() + " is not followed"
	}
	if len(f.Overloads) > 1 || s.Functions[to] != nil {
		if s.takeOverload(f, made); len(f.Overloads) == 0 {
			delete(s.Functions, from)
		}
		s.createFunction(madeAs(made, to))
		return ""
	}
	s.nameFunction(f, to)
	return ""
}

func (s *Schema) nameFunction(f *Function, to Name) {
	from := f.Name
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
	trigger := Trigger{c.GetTrigname(), NameOfParts(Strings(c.GetFuncname())), c}
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
	t.Policies, t.Guards = append(t.Policies, c.GetPolicyName()), append(t.Guards, c)
	return ""
}

// createStatistics notes statistics that have a name; without one nothing can
// be said of them later.
func (s *Schema) createStatistics(c *pg.CreateStatsStmt) string {
	for _, r := range c.GetRelations() {
		if t := s.Tables[NameOf(r.GetRangeVar())]; t != nil && len(c.GetDefnames()) > 0 {
			t.Statistics = append(t.Statistics, c)
		}
	}
	return ""
}

func (s *Schema) dropStatistics(name Name) {
	for _, t := range s.Tables {
		t.Statistics = slices.DeleteFunc(t.Statistics, func(c *pg.CreateStatsStmt) bool { return NameOfParts(Strings(c.GetDefnames())) == name })
	}
}

// alterPolicy follows what a policy lets through, and for whom.
func (s *Schema) alterPolicy(a *pg.AlterPolicyStmt) string {
	t := s.Tables[NameOf(a.GetTable())]
	if t == nil {
		return NameOf(a.GetTable()).String() + " is not known"
	}
	for i, old := range t.Guards {
		if old.GetPolicyName() != a.GetPolicyName() {
			continue
		}
		made, _ := proto.Clone(old).(*pg.CreatePolicyStmt)
		if a.GetQual() != nil {
			made.Qual = a.GetQual()
		}
		if a.GetWithCheck() != nil {
			made.WithCheck = a.GetWithCheck()
		}
		if len(a.GetRoles()) > 0 {
			made.Roles = a.GetRoles()
		}
		t.Guards[i] = made
	}
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

// statisticsColumns are the columns that statistics are of.
func statisticsColumns(c *pg.CreateStatsStmt) []string {
	all := MentionsOf(c).Columns
	for _, e := range c.GetExprs() {
		if name := e.GetStatsElem().GetName(); name != "" {
			all = append(all, name)
		}
	}
	return all
}

// StatisticsOn are the statements that make statistics with a column.
func (t *Table) StatisticsOn(column string) []*pg.CreateStatsStmt {
	var all []*pg.CreateStatsStmt
	for _, c := range t.Statistics {
		if slices.Contains(statisticsColumns(c), column) {
			all = append(all, c)
		}
	}
	return all
}
