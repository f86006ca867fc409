package pgeffect

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// createView looks at what its query names. Measured: replace_view_add_col.
func (a *analysis) createView(s *pg.ViewStmt) {
	if name := pgschema.NameOf(s.GetView()); a.schema.Views[name] != nil && s.GetReplace() {
		a.lock(name, accessExclusive)
	}
	a.query(s.GetQuery(), parsed)
}

// refresh fills a materialized view from its query. CONCURRENTLY leaves
// readers alone and changes rows in place.
//
// Source: https://www.postgresql.org/docs/current/sql-refreshmaterializedview.html,
// and "EXCLUSIVE" in https://www.postgresql.org/docs/current/explicit-locking.html.
// Measured: refresh_mv.
func (a *analysis) refresh(s *pg.RefreshMatViewStmt) {
	m := accessExclusive
	if s.GetConcurrent() {
		m = exclusive
	}
	name := a.named(s.GetRelation(), m)
	v := a.schema.Views[name]
	if v == nil {
		return
	}
	if v.Query != nil && !s.GetSkipData() {
		a.query(v.Query, ran)
	}
	indexes := a.schema.IndexesOf(name)
	if s.GetConcurrent() {
		a.indexes(name, rowExclusive)
		a.scan(name)
		return
	}
	a.rewrites[name] = true
	for _, i := range indexes {
		a.lock(i.Name, accessExclusive)
		a.rewrites[i.Name] = true
		a.scan(name) // the new rows, for the index
	}
}
