package pgschema

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
)

func (s *Schema) alterTable(a *pg.AlterTableStmt) string {
	name := NameOf(a.GetRelation())
	if a.GetObjtype() == pg.ObjectType_OBJECT_INDEX {
		return s.alterIndex(name, a)
	}
	if a.GetObjtype() == pg.ObjectType_OBJECT_TYPE {
		return s.alterComposite(name, a)
	}
	t := s.Tables[name]
	if t == nil {
		if a.GetMissingOk() || s.Has(name) {
			return ""
		}
		return name.String() + " is not known, so ALTER TABLE is not followed"
	}
	var reasons []string
	for _, c := range a.GetCmds() {
		reasons = append(reasons, s.alter(t, c.GetAlterTableCmd(), a.GetRelation().GetInh()))
	}
	return join(reasons)
}

// alter applies one sub-command to a table, and to the tables below it where
// PostgreSQL does so.
func (s *Schema) alter(t *Table, c *pg.AlterTableCmd, recurse bool) string {
	if reason, done := s.alterOnce(t, c); done {
		return reason
	}
	tables := []Name{t.Name}
	if recurse {
		tables = s.Tree(t.Name)
	}
	var reasons []string
	for _, name := range tables {
		reasons = append(reasons, s.alterEach(s.Tables[name], c))
	}
	return join(reasons)
}

// alterOnce applies what concerns the named table alone, or finds its own way
// down.
func (s *Schema) alterOnce(t *Table, c *pg.AlterTableCmd) (reason string, done bool) {
	switch c.GetSubtype() {
	case pg.AlterTableType_AT_DropColumn:
		s.Remove(s.DroppedColumn(t.Name, c.GetName()))
	case pg.AlterTableType_AT_DropConstraint:
		s.Remove(s.DroppedConstraint(t.Name, c.GetName()))
	case pg.AlterTableType_AT_AddConstraint:
		return s.addConstraintBelow(t, c.GetDef().GetConstraint()), true
	case pg.AlterTableType_AT_SetLogged, pg.AlterTableType_AT_SetUnLogged:
		t.Unlogged = c.GetSubtype() == pg.AlterTableType_AT_SetUnLogged
	case pg.AlterTableType_AT_SetAccessMethod:
		t.AccessMethod = c.GetName()
	case pg.AlterTableType_AT_AddInherit:
		return s.addParent(t, NameOf(c.GetDef().GetRangeVar())), true
	case pg.AlterTableType_AT_DropInherit:
		parent := NameOf(c.GetDef().GetRangeVar())
		s.unlink()
		t.Inherits = slices.DeleteFunc(t.Inherits, func(n Name) bool { return n == parent })
	case pg.AlterTableType_AT_AttachPartition:
		return s.attach(t, c.GetDef().GetPartitionCmd()), true
	case pg.AlterTableType_AT_DetachPartition, pg.AlterTableType_AT_DetachPartitionFinalize:
		return s.detach(c.GetDef().GetPartitionCmd()), true
	default:
		return "", false
	}
	return "", true
}

func (s *Schema) addParent(t *Table, parent Name) string {
	if slices.Contains(s.Tree(t.Name), parent) {
		return t.Name.String() + " cannot stand below itself"
	}
	s.unlink()
	t.Inherits = append(t.Inherits, parent)
	return ""
}

func (s *Schema) addConstraintBelow(t *Table, k *pg.Constraint) string {
	reason := s.addConstraint(t, k)
	kind := k.GetContype()
	if kind != pg.ConstrType_CONSTR_CHECK && (kind != pg.ConstrType_CONSTR_FOREIGN || !t.Partitioned) || len(t.Constraints) == 0 {
		return reason
	}
	added := t.Constraints[len(t.Constraints)-1]
	for _, name := range s.Tree(t.Name)[1:] {
		if !k.GetIsNoInherit() && s.Tables[name] != nil {
			s.inheritConstraint(s.Tables[name], added)
		}
	}
	return reason
}

func (s *Schema) alterEach(t *Table, c *pg.AlterTableCmd) string {
	if t == nil {
		return ""
	}
	if c.GetSubtype() == pg.AlterTableType_AT_AddColumn {
		return s.addColumn(t, c.GetDef().GetColumnDef())
	}
	if c.GetSubtype() == pg.AlterTableType_AT_ValidateConstraint {
		if k := t.Constraint(c.GetName()); k != nil {
			k.Validated = true
		}
		return ""
	}
	if k := t.Constraint(c.GetDef().GetConstraint().GetConname()); k != nil && c.GetSubtype() == pg.AlterTableType_AT_AlterConstraint {
		k.Deferrable, k.Deferred = c.GetDef().GetConstraint().GetDeferrable(), c.GetDef().GetConstraint().GetInitdeferred()
		return ""
	}
	if column := t.Column(c.GetName()); column != nil {
		s.alterColumn(t, column, c)
	}
	return ""
}

func (s *Schema) alterColumn(t *Table, column *Column, c *pg.AlterTableCmd) {
	switch c.GetSubtype() {
	case pg.AlterTableType_AT_ColumnDefault:
		column.Default = c.GetDef()
	case pg.AlterTableType_AT_SetExpression:
		column.Default = c.GetDef()
	case pg.AlterTableType_AT_SetNotNull:
		column.NotNull = true
	case pg.AlterTableType_AT_DropNotNull:
		column.NotNull = false
	case pg.AlterTableType_AT_DropExpression:
		column.Generated, column.Default = false, nil
	case pg.AlterTableType_AT_AddIdentity:
		k := c.GetDef().GetConstraint()
		column.Identity, column.Always = true, k.GetGeneratedWhen() == "a"
		s.number(t, column.Name, k.GetOptions())
	case pg.AlterTableType_AT_SetIdentity:
		s.setIdentity(t, column, c.GetDef().GetList().GetItems())
	case pg.AlterTableType_AT_DropIdentity:
		column.Identity, column.Always = false, false
		for _, q := range s.SequencesOf(t.Name) {
			if q.Column == column.Name && q.Internal {
				delete(s.Sequences, q.Name)
			}
		}
	case pg.AlterTableType_AT_AlterColumnType:
		d := c.GetDef().GetColumnDef()
		column.Type, column.Collation = s.TypeOf(d.GetTypeName()), collation(d.GetCollClause())
	}
}

// setIdentity follows when an identity column gets a number, and which one.
func (s *Schema) setIdentity(t *Table, column *Column, options []*pg.Node) {
	for _, o := range options {
		if o.GetDefElem().GetDefname() == "generated" {
			column.Always = o.GetDefElem().GetArg().GetInteger().GetIval() == 'a'
			continue
		}
		for _, q := range s.SequencesOf(t.Name) {
			if q.Column == column.Name && q.Internal {
				q.Options = append(slices.Clip(q.Options), o)
			}
		}
	}
}

func (s *Schema) attach(parent *Table, p *pg.PartitionCmd) string {
	child := s.Tables[NameOf(p.GetName())]
	if child == nil {
		return NameOf(p.GetName()).String() + " is not known"
	}
	if slices.Contains(s.Tree(child.Name), parent.Name) {
		return child.Name.String() + " cannot stand below itself"
	}
	s.unlink()
	child.PartitionOf, child.Bound = parent.Name, p.GetBound()
	for _, k := range parent.Constraints {
		s.inheritConstraint(child, k)
	}
	s.attachIndexes(parent, child)
	return ""
}

// attachIndexes gives a new partition the indexes that it lacks.
func (s *Schema) attachIndexes(parent, child *Table) {
	for _, i := range s.IndexesOf(parent.Name) {
		if same := s.EqualIndex(child.Name, i); same != nil {
			same.Parent = i.Name
			continue
		}
		copied := *i
		copied.Table, copied.Parent = child.Name, i.Name
		copied.Name = s.free(Name{child.Name.Schema, indexName(child.Name.Local, i)})
		s.addIndex(&copied)
	}
}

// EqualIndex returns an index of a table that has the same keys as another
// index and belongs to no parent yet, or nil.
func (s *Schema) EqualIndex(table Name, want *Index) *Index {
	for _, i := range s.IndexesOf(table) {
		if i.Parent == (Name{}) && i.Plain() && want.Plain() && i.Unique == want.Unique && i.Method == want.Method &&
			slices.Equal(keyColumns(i), keyColumns(want)) {
			return i
		}
	}
	return nil
}

func (s *Schema) detach(p *pg.PartitionCmd) string {
	child := s.Tables[NameOf(p.GetName())]
	if child == nil {
		return NameOf(p.GetName()).String() + " is not known"
	}
	s.unlink()
	child.PartitionOf, child.Bound = Name{}, nil
	for _, i := range s.IndexesOf(child.Name) {
		i.Parent = Name{}
	}
	return ""
}

func (s *Schema) alterIndex(name Name, a *pg.AlterTableStmt) string {
	for _, c := range a.GetCmds() {
		cmd := c.GetAlterTableCmd()
		if cmd.GetSubtype() != pg.AlterTableType_AT_AttachPartition {
			continue
		}
		child := s.Indexes[NameOf(cmd.GetDef().GetPartitionCmd().GetName())]
		if child == nil {
			return "an index that is attached to " + name.String() + " is not known"
		}
		child.Parent = name
	}
	return ""
}
