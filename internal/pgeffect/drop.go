package pgeffect

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// drop locks what goes; see removal. DROP INDEX CONCURRENTLY waits for the
// users of the index and takes the hard lock on it alone, at the end.
//
// Source: https://www.postgresql.org/docs/current/sql-dropindex.html; index_drop
// in src/backend/catalog/index.c. Measured: drop_*.
func (a *analysis) drop(s *pg.DropStmt) {
	r := a.schema.Dropped(s)
	if s.GetRemoveType() == pg.ObjectType_OBJECT_STATISTIC_EXT {
		a.unknown("the table that the statistics are about is not known")
	}
	if !s.GetConcurrent() {
		a.removal(r)
		return
	}
	for _, n := range r.Touched {
		a.lock(n, shareUpdateExclusive)
	}
	for _, n := range r.Relations {
		a.lock(n, accessExclusive)
	}
	for _, n := range r.Missing {
		a.unknown(n + " is not in the schema")
	}
}

// truncate empties tables by giving them new files; with CASCADE those that
// reference them, too.
//
// Source: https://www.postgresql.org/docs/current/sql-truncate.html. Measured:
// truncate, truncate_cascade.
func (a *analysis) truncate(s *pg.TruncateStmt) {
	var all []pgschema.Name
	seen := map[pgschema.Name]bool{}
	add := func(n pgschema.Name) {
		if !seen[n] {
			seen[n] = true
			all = append(all, n)
		}
	}
	for _, r := range s.GetRelations() {
		n := a.named(r.GetRangeVar(), accessExclusive)
		add(n)
		if r.GetRangeVar().GetInh() {
			for _, child := range a.schema.Tree(n) {
				add(child)
			}
		}
	}
	for i := 0; i < len(all); i++ {
		if s.GetBehavior() == pg.DropBehavior_DROP_CASCADE {
			for _, ref := range a.schema.ReferencesTo(all[i]) {
				for _, child := range a.schema.Tree(ref.From) {
					add(child)
				}
			}
		}
		a.empty(all[i], s.GetRestartSeqs())
	}
}

func (a *analysis) empty(n pgschema.Name, restart bool) {
	a.lock(n, accessExclusive)
	if t := a.schema.Tables[n]; t != nil && t.Partitioned {
		return
	}
	a.rewrites[n] = true
	for _, i := range a.schema.IndexesOf(n) {
		a.lock(i.Name, accessExclusive)
		a.rewrites[i.Name] = true
	}
	if !restart {
		return
	}
	for _, q := range a.schema.SequencesOf(n) {
		a.lock(q.Name, accessExclusive)
		a.rewrites[q.Name] = true
	}
}
