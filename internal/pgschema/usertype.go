package pgschema

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
)

func (s *Schema) applyType(tree *pg.Node) string {
	switch n := tree.GetNode().(type) {
	case *pg.Node_CreateEnumStmt:
		name := NameOfParts(Strings(n.CreateEnumStmt.GetTypeName()))
		s.Types[name] = &Type{Name: name, Kind: Enum, Values: Strings(n.CreateEnumStmt.GetVals())}
	case *pg.Node_CreateRangeStmt:
		name := NameOfParts(Strings(n.CreateRangeStmt.GetTypeName()))
		s.Types[name] = &Type{Name: name, Kind: Range, Made: n.CreateRangeStmt}
	case *pg.Node_CompositeTypeStmt:
		s.createComposite(n.CompositeTypeStmt)
	case *pg.Node_CreateDomainStmt:
		s.createDomain(n.CreateDomainStmt)
	case *pg.Node_AlterEnumStmt:
		return s.alterEnum(n.AlterEnumStmt)
	case *pg.Node_AlterDomainStmt:
		return s.alterDomain(n.AlterDomainStmt)
	}
	return ""
}

func (s *Schema) createComposite(c *pg.CompositeTypeStmt) {
	t := &Type{Name: NameOf(c.GetTypevar()), Kind: Composite}
	for _, d := range c.GetColdeflist() {
		t.Columns = append(t.Columns, &Column{Name: d.GetColumnDef().GetColname(), Type: s.TypeOf(d.GetColumnDef().GetTypeName())})
	}
	s.Types[t.Name] = t
}

func (s *Schema) alterComposite(name Name, a *pg.AlterTableStmt) string {
	t := s.Types[name]
	if t == nil {
		return "type " + name.String() + " is not known"
	}
	for _, c := range a.GetCmds() {
		cmd := c.GetAlterTableCmd()
		d := cmd.GetDef().GetColumnDef()
		switch cmd.GetSubtype() {
		case pg.AlterTableType_AT_AddColumn:
			t.Columns = append(t.Columns, &Column{Name: d.GetColname(), Type: s.TypeOf(d.GetTypeName())})
		case pg.AlterTableType_AT_DropColumn:
			t.Columns = slices.DeleteFunc(t.Columns, func(c *Column) bool { return c.Name == cmd.GetName() })
		}
	}
	return ""
}

func (s *Schema) createDomain(c *pg.CreateDomainStmt) {
	t := &Type{Name: NameOfParts(Strings(c.GetDomainname())), Kind: Domain, Base: s.TypeOf(c.GetTypeName())}
	s.Types[t.Name] = t
	for _, k := range c.GetConstraints() {
		addDomainConstraint(t, k.GetConstraint())
	}
}

func addDomainConstraint(t *Type, k *pg.Constraint) {
	switch k.GetContype() {
	case pg.ConstrType_CONSTR_NOTNULL:
		t.NotNull = true
	case pg.ConstrType_CONSTR_DEFAULT:
		t.Default = k.GetRawExpr()
	case pg.ConstrType_CONSTR_CHECK:
		name := k.GetConname()
		if name == "" {
			name = limited(t.Name.Local, "", "check")
		}
		t.Checks = append(t.Checks, &Constraint{Name: name, Kind: Check, Expression: k.GetRawExpr(), Validated: !k.GetSkipValidation()})
	}
}

// alterDomain follows ALTER DOMAIN, whose sub-commands the grammar keeps as
// letters: T default, N drop not null, O set not null, C add, X drop, and V
// validate a constraint.
func (s *Schema) alterDomain(a *pg.AlterDomainStmt) string {
	name := NameOfParts(Strings(a.GetTypeName()))
	t := s.Types[name]
	if t == nil {
		return "domain " + name.String() + " is not known"
	}
	switch a.GetSubtype() {
	case "T":
		t.Default = a.GetDef()
	case "N", "O":
		t.NotNull = a.GetSubtype() == "O"
	case "C":
		addDomainConstraint(t, a.GetDef().GetConstraint())
	case "X":
		t.Checks = slices.DeleteFunc(t.Checks, func(c *Constraint) bool { return c.Name == a.GetName() })
	case "V":
		for _, c := range t.Checks {
			c.Validated = c.Validated || c.Name == a.GetName()
		}
	}
	return ""
}

func (s *Schema) alterEnum(a *pg.AlterEnumStmt) string {
	name := NameOfParts(Strings(a.GetTypeName()))
	t := s.Types[name]
	if t == nil {
		return "type " + name.String() + " is not known"
	}
	if at := slices.Index(t.Values, a.GetOldVal()); a.GetOldVal() != "" && at >= 0 {
		t.Values[at] = a.GetNewVal()
		return ""
	}
	if slices.Contains(t.Values, a.GetNewVal()) {
		return ""
	}
	at := len(t.Values)
	if neighbour := slices.Index(t.Values, a.GetNewValNeighbor()); a.GetNewValNeighbor() != "" && neighbour >= 0 {
		at = neighbour
		if a.GetNewValIsAfter() {
			at++
		}
	}
	t.Values = slices.Insert(t.Values, at, a.GetNewVal())
	return ""
}
