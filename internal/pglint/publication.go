package pglint

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// published meets what subscribers are sent from now on, and changes of tables
// that are sent already.
func published(l look) []hit {
	switch n := l.Tree.GetNode().(type) {
	case *pg.Node_CreatePublicationStmt:
		c := n.CreatePublicationStmt
		if !deletes(c.GetOptions()) {
			return nil
		}
		return l.publishes(c.GetPubname(), c.GetForAllTables(), c.GetPubobjects())
	case *pg.Node_AlterPublicationStmt:
		a := n.AlterPublicationStmt
		if a.GetAction() == pg.AlterPublicationAction_AP_DropObjects {
			return nil
		}
		hits := l.publishes(a.GetPubname(), false, a.GetPubobjects())
		for i := range hits {
			if hits[i].code == "publish-all-tables" {
				hits[i].names.Whole = "-- tables by name: ALTER PUBLICATION ... ADD TABLE, each after it has a key\n"
			}
		}
		return hits
	}
	return l.alters(func(table pgschema.Name, c *pg.AlterTableCmd) []hit {
		switch c.GetSubtype() {
		case pg.AlterTableType_AT_AddColumn, pg.AlterTableType_AT_DropColumn, pg.AlterTableType_AT_AlterColumnType:
			if l.isPublished(table) {
				return []hit{{"logical-replication-order", pgrule.Names{Table: table.String()}}}
			}
		}
		return nil
	})
}

// deletes reports whether a publication sends UPDATE or DELETE, as it does
// when nothing is said.
func deletes(options []*pg.Node) bool {
	i := slices.IndexFunc(options, func(o *pg.Node) bool { return o.GetDefElem().GetDefname() == "publish" })
	if i < 0 {
		return true
	}
	sent := options[i].GetDefElem().GetArg().GetString_().GetSval()
	return sent != "insert" && sent != "truncate" && sent != "insert, truncate" && sent != "insert,truncate"
}

func (l look) publishes(name string, all bool, objects []*pg.Node) (hits []hit) {
	wide := all
	for _, o := range objects {
		spec := o.GetPublicationObjSpec()
		if spec.GetPubtable() == nil {
			wide = true
			continue
		}
		table := pgschema.NameOf(spec.GetPubtable().GetRelation())
		if t := l.schema.Tables[table]; t != nil && !l.identified(t) {
			hits = append(hits, hit{"publish-without-identity", pgrule.Names{Table: table.String(), Whole: l.withKey(t)}})
		}
	}
	if wide {
		hits = append(hits, hit{"publish-all-tables", pgrule.Names{Name: name, Whole: l.listed(name)}})
	}
	return hits
}

// identified reports whether subscribers can tell the table's rows apart.
// ALTER TABLE ... REPLICA IDENTITY in this file counts; what files before it
// set is not held by the schema, and a unique index of NOT NULL columns may be
// it.
func (l look) identified(t *pgschema.Table) bool {
	if t.Partitioned {
		return true // its partitions have their own
	}
	return slices.ContainsFunc(l.schema.IndexesOf(t.Name), func(i *pgschema.Index) bool { return i.Primary }) ||
		slices.ContainsFunc(l.file.looked, func(before look) bool {
			a := before.Tree.GetAlterTableStmt()
			return pgschema.NameOf(a.GetRelation()) == t.Name && slices.ContainsFunc(a.GetCmds(), func(c *pg.Node) bool {
				return c.GetAlterTableCmd().GetSubtype() == pg.AlterTableType_AT_ReplicaIdentity
			})
		})
}

// withKey gives the table an identity before it is published.
func (l look) withKey(t *pgschema.Table) string {
	return lines("-- or a primary key, which writes less; in a file of its own:", l.identityOf(t.Name), "-- in a file of its own:", l.own())
}

// listed publishes the tables that are there and have a key.
func (l look) listed(name string) string {
	text := ""
	for _, t := range tablesIn(l.schema, pgschema.Public) {
		if !l.identified(t) || t.PartitionOf.Local != "" || t.Temporary || t.Unlogged {
			continue
		}
		if text != "" {
			text += ", "
		}
		text += sql(t.Name)
	}
	if text == "" {
		return ""
	}
	return lines("CREATE PUBLICATION " + quotedPart(name) + " FOR TABLE " + text)
}

// isPublished reports whether a publication of the schema sends the table.
func (l look) isPublished(table pgschema.Name) bool {
	for _, p := range l.schema.Publications {
		if p.AllTables || slices.Contains(p.Tables, table) || slices.Contains(p.Schemas, table.Schema) {
			return true
		}
	}
	return false
}
