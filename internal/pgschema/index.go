package pgschema

import (
	pg "github.com/pganalyze/pg_query_go/v6"
)

func (s *Schema) createIndex(n *pg.IndexStmt) string {
	table := NameOf(n.GetRelation())
	i := &Index{
		Made: n, Table: table, Method: n.GetAccessMethod(), Unique: n.GetUnique(), Where: n.GetWhereClause(),
		Valid: n.GetRelation().GetInh() || s.Tables[table] == nil || !s.Tables[table].Partitioned,
	}
	for _, p := range n.GetIndexParams() {
		i.Parts = append(i.Parts, indexPart(p.GetIndexElem()))
	}
	i.Columns = append(keyColumns(i), MentionsOf(n).Columns...)
	for _, p := range n.GetIndexIncludingParams() {
		i.Included = append(i.Included, p.GetIndexElem().GetName())
	}
	i.Columns = append(i.Columns, i.Included...)
	i.Name = Name{table.Schema, n.GetIdxname()}
	if n.GetIdxname() == "" {
		i.Name = s.free(Name{table.Schema, indexName(table.Local, i)})
	}
	if s.Has(i.Name) {
		return taken(i.Name, n.GetIfNotExists())
	}
	s.addIndex(i)
	if t := s.Tables[table]; t != nil && n.GetRelation().GetInh() {
		s.spreadIndex(t, i)
	}
	if s.Tables[table] == nil && s.Views[table] == nil {
		return table.String() + " is not known"
	}
	return ""
}

func indexPart(e *pg.IndexElem) IndexPart {
	return IndexPart{
		Column: e.GetName(), Expression: e.GetExpr(),
		Collation: last(Strings(e.GetCollation())), OpClass: last(Strings(e.GetOpclass())),
	}
}

func last(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1]
}

// spreadIndex gives all partitions of a table the index that it got.
func (s *Schema) spreadIndex(t *Table, i *Index) {
	if !t.Partitioned {
		return
	}
	made := map[Name]*Index{t.Name: i}
	for _, name := range s.Tree(t.Name)[1:] {
		child := s.Tables[name]
		above := made[child.PartitionOf]
		if above == nil {
			continue
		}
		copied := *above
		copied.Table, copied.Parent = child.Name, above.Name
		copied.Name = s.free(Name{child.Name.Schema, indexName(child.Name.Local, above)})
		if i.Constraint != "" {
			copied.Constraint = copied.Name.Local
			child.Constraints = append(child.Constraints, keyConstraint(&copied))
		}
		s.addIndex(&copied)
		made[name] = &copied
	}
}
