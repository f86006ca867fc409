package pglint

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// foresight meets what goes wrong around the statement: in prepared
// statements, on replicas, after a timeout, in the next REINDEX.
func foresight(l look) (hits []hit) {
	if l.asks("cached-plan-result-type") {
		hits = append(hits, cachedPlans(l)...)
	}
	if l.asks("wal-volume") && (len(l.effect.Rewrites) > 0 || slices.ContainsFunc(rows(l), func(h hit) bool { return h.code == "unbatched-update" })) {
		hits = append(hits, hit{"wal-volume", pgrule.Names{Whole: lines("-- in batches with a pace that waits for replicas, as a backfill block; or in a quiet hour:", l.own())}})
	}
	hits = append(hits, timeouts(l)...)
	hits = append(hits, again(l)...)
	return append(hits, searchPath(l)...)
}

// asks reports whether a rule counts that is off by default.
func (l look) asks(code string) bool { return l.file.linter.enabled[code] }

func cachedPlans(l look) []hit {
	return l.alters(func(table pgschema.Name, c *pg.AlterTableCmd) []hit {
		switch c.GetSubtype() {
		case pg.AlterTableType_AT_AddColumn, pg.AlterTableType_AT_DropColumn, pg.AlterTableType_AT_AlterColumnType:
			return []hit{{"cached-plan-result-type", pgrule.Names{Table: table.String(), Whole: "-- columns by name in the application; recycle pooled connections after the change, or on each of them:\nDEALLOCATE ALL;"}}}
		}
		return nil
	})
}

// timeouts meets waits without a bound where a project asks for one in its
// files, and bounds where a statement must be allowed to wait.
func timeouts(l look) (hits []hit) {
	if l.OutsideTransaction() {
		for _, before := range l.file.looked {
			name, value := settingOf(before.Tree)
			if (name == "lock_timeout" || name == "statement_timeout") && value != "0" && value != "" {
				return []hit{{"timeout-and-concurrently", pgrule.Names{}}}
			}
		}
		return nil
	}
	if !l.holdsAny() {
		return nil
	}
	bounded := func(setting string) bool {
		return slices.ContainsFunc(l.file.looked, func(before look) bool { return before.setting() == setting })
	}
	if l.asks("missing-lock-timeout") && !bounded("lock_timeout") {
		hits = append(hits, hit{code: "missing-lock-timeout"})
	}
	if l.asks("missing-statement-timeout") && !bounded("statement_timeout") {
		hits = append(hits, hit{code: "missing-statement-timeout"})
	}
	return hits
}

// again meets statements outside of a transaction that fail when they are run
// a second time.
func again(l look) []hit {
	if !l.asks("rerunnable") || !l.OutsideTransaction() {
		return nil
	}
	if i := l.Tree.GetIndexStmt(); i != nil && i.GetConcurrent() && !i.GetIfNotExists() {
		name := beside(pgschema.NameOf(i.GetRelation()), i.GetIdxname())
		return []hit{{"rerunnable", pgrule.Names{Name: name, Whole: lines("-- each in a file of its own:", "DROP INDEX CONCURRENTLY IF EXISTS "+name, l.own())}}}
	}
	if d := l.Tree.GetDropStmt(); d != nil && !d.GetMissingOk() {
		d, _ := proto.Clone(d).(*pg.DropStmt)
		d.MissingOk = true
		return []hit{{"rerunnable", pgrule.Names{Whole: lines("-- in a file of its own:", statement(&pg.Node{Node: &pg.Node_DropStmt{DropStmt: d}}))}}}
	}
	return nil
}

// searchPath: since PostgreSQL 17 a function that an index calls is run with a
// search_path of the server's own whenever the index is built again.
func searchPath(l look) (hits []hit) {
	i := l.Tree.GetIndexStmt()
	if i == nil {
		return nil
	}
	pgsyntax.Walk(l.Tree, func(m proto.Message) {
		f, is := m.(*pg.FuncCall)
		if !is || len(hits) > 0 {
			return
		}
		name := pgschema.NameOfParts(pgschema.Strings(f.GetFuncname()))
		if own := l.schema.Functions[name]; own != nil && own.Language != "c" && own.Language != "internal" {
			hits = append(hits, hit{"search-path-maintenance", pgrule.Names{Name: sql(name), Other: quotedPart(name.Schema)}})
		}
	})
	return hits
}
