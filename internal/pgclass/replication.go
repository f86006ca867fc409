package pgclass

import (
	"maps"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// replication is what subscribers get.
func (j judging) replication(tree *pg.Node) (ruling, bool) {
	switch n := tree.GetNode().(type) {
	case *pg.Node_CreatePublicationStmt:
		p := n.CreatePublicationStmt
		tables := pgschema.PublishedTables(p.GetPubobjects())
		if p.GetForAllTables() {
			tables = slices.SortedFunc(maps.Keys(j.now.Tables), byName)
		}
		return j.publish(p.GetPubname(), tables), true
	case *pg.Node_AlterPublicationStmt:
		return j.alterPublication(n.AlterPublicationStmt), true
	case *pg.Node_CreateSubscriptionStmt:
		return ask(act("subscription", n.CreateSubscriptionStmt.GetSubname()), "creates the subscription %s, which writes rows to tables of running code", n.CreateSubscriptionStmt.GetSubname()), true
	case *pg.Node_AlterSubscriptionStmt:
		return ask(act("subscription", n.AlterSubscriptionStmt.GetSubname()), "alters the subscription %s: its order with the publisher only the author knows", n.AlterSubscriptionStmt.GetSubname()), true
	case *pg.Node_DropSubscriptionStmt:
		return contract(act("subscription", n.DropSubscriptionStmt.GetSubname()), "drops the subscription %s, whose rows running code may read", n.DropSubscriptionStmt.GetSubname()), true
	}
	return ruling{}, false
}

// publish breaks running code at once where a table has no key: PostgreSQL
// then refuses UPDATE and DELETE.
//
// Source: https://www.postgresql.org/docs/current/logical-replication-publication.html.
func (j judging) publish(name string, tables []pgschema.Name) ruling {
	act := act("publication", name)
	var each []pgschema.Name // a partitioned table is published by its partitions
	for _, n := range tables {
		each = append(each, j.now.Tree(n)...)
	}
	for _, n := range each {
		t := j.now.Tables[n]
		if t == nil || t.Temporary || t.Foreign || t.Partitioned || j.newRelation(n) {
			continue
		}
		if !slices.ContainsFunc(t.Constraints, func(k *pgschema.Constraint) bool { return k.Kind == pgschema.Primary }) {
			return contract(act, "publishes %s, which has no primary key: without another replica identity an UPDATE or a DELETE of running code fails", n)
		}
	}
	return expand(act, "publishes tables by %s; subscribers need the columns before rows come", name)
}

func (j judging) alterPublication(a *pg.AlterPublicationStmt) ruling {
	if j.newObject(pg.ObjectType_OBJECT_PUBLICATION, []string{a.GetPubname()}) {
		return free(act("publication", a.GetPubname()), "alters the publication %s, which released code does not know", a.GetPubname())
	}
	if a.GetAction() == pg.AlterPublicationAction_AP_AddObjects {
		return j.publish(a.GetPubname(), pgschema.PublishedTables(a.GetPubobjects()))
	}
	return ask(act("publication", a.GetPubname()), "changes what the publication %s sends: its order with the subscribers only the author knows", a.GetPubname())
}

func byName(a, b pgschema.Name) int { return strings.Compare(a.String(), b.String()) }
