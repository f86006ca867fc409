package pgeffect

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// publish locks the tables that a publication names, against other changes of
// their definition. All tables of a schema or of the database are not locked.
//
// Source: OpenTableList in src/backend/commands/publicationcmds.c. Measured:
// create_publication, create_publication_all, alter_publication_set.
func (a *analysis) publish(objects []*pg.Node) {
	for _, o := range objects {
		r := o.GetPublicationObjSpec().GetPubtable().GetRelation()
		if r == nil {
			continue
		}
		n := a.named(r, shareUpdateExclusive)
		if t := a.schema.Tables[n]; r.GetInh() && t != nil && !t.Partitioned {
			a.below(n, shareUpdateExclusive)
		}
	}
}

func (a *analysis) alterPublication(s *pg.AlterPublicationStmt) {
	a.publish(s.GetPubobjects())
	if s.GetAction() != pg.AlterPublicationAction_AP_SetObjects || len(s.GetPubobjects()) == 0 {
		return
	}
	p := a.schema.Publications[s.GetPubname()]
	if p == nil {
		a.unknown("publication " + s.GetPubname() + " is not in the schema; the tables that leave it are locked, too")
		return
	}
	listed := pgschema.PublishedTables(s.GetPubobjects())
	for _, n := range append(listed, p.Tables...) {
		a.lock(n, shareUpdateExclusive)
	}
}
