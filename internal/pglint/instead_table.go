package pglint

import (
	"cmp"
	"maps"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// quarantine are the names with which a table is put aside.
func (l look) quarantine(n pgschema.Name) pgrule.Names {
	return pgrule.Names{Table: n.String(), Name: sqlscan.Identifier("unused_" + n.Local), Moved: beside(n, "unused_"+n.Local)}
}

// tablesIn are a schema's tables by name.
func tablesIn(s *pgschema.Schema, schema string) []*pgschema.Table {
	all := slices.DeleteFunc(slices.Collect(maps.Values(s.Tables)), func(t *pgschema.Table) bool { return t.Name.Schema != schema })
	slices.SortFunc(all, func(a, b *pgschema.Table) int { return cmp.Compare(a.Name.Local, b.Name.Local) })
	return all
}

// referencesLater is a new table without its foreign keys, which come after it
// and lock what they refer to for a moment.
func (l look) referencesLater(c *pg.CreateStmt) pgrule.Names {
	table := pgschema.NameOf(c.GetRelation())
	bare, _ := proto.Clone(c).(*pg.CreateStmt)
	var keys []string
	add := func(k *pg.Constraint, columns []string) {
		name := named(table, columns, "fkey")
		if k.GetConname() != "" {
			name = quotedPart(k.GetConname())
		}
		alter := "ALTER TABLE " + sql(table)
		keys = append(keys, alter+" ADD CONSTRAINT "+name+" "+demand(k, columns[0])+" NOT VALID", alter+" VALIDATE CONSTRAINT "+name)
	}
	bare.TableElts = slices.DeleteFunc(bare.GetTableElts(), func(n *pg.Node) bool {
		if d := n.GetColumnDef(); d != nil {
			d.Constraints = slices.DeleteFunc(d.GetConstraints(), func(k *pg.Node) bool {
				is := k.GetConstraint().GetContype() == pg.ConstrType_CONSTR_FOREIGN
				if is {
					add(k.GetConstraint(), []string{d.GetColname()})
				}
				return is
			})
		}
		k := n.GetConstraint()
		is := k.GetContype() == pg.ConstrType_CONSTR_FOREIGN && len(keyColumns(k)) > 0
		if is {
			add(k, keyColumns(k))
		}
		return is
	})
	names := pgrule.Names{Table: table.String()}
	if text := statement(&pg.Node{Node: &pg.Node_CreateStmt{CreateStmt: bare}}); text != "" && len(keys) > 0 {
		names.Whole = lines(append([]string{text, "-- each in a file of its own:"}, keys...)...)
	}
	return names
}
