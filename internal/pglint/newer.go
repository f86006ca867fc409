package pglint

import (
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// newer meets what the server has learned in a later version than the one that
// the files are for.
//
// Source: the release notes of each version,
// https://www.postgresql.org/docs/release/
func newer(l look) []hit {
	major := l.file.linter.server.Major
	if major == 0 || major >= newestGrammar || l.Tree == nil {
		return nil
	}
	what, since := l.newest()
	if since <= major {
		return nil
	}
	return []hit{{"needs-newer-server", pgrule.Names{Name: what, Whole: "-- without " + what + ", which PostgreSQL " + strconv.Itoa(since) +
		" has and " + strconv.Itoa(major) + " has not; where the server is a newer one, its version is to be said\n"}}}
}

// newestGrammar is the first version on which nothing that the grammar reads is
// missing.
const newestGrammar = pgsyntax.GrammarVersion

// newest is the part of the statement that came last to PostgreSQL.
func (l look) newest() (what string, since int) {
	note := func(yes bool, part string, version int) {
		if yes && version > since {
			what, since = part, version
		}
	}
	switch n := l.Tree.GetNode().(type) {
	case *pg.Node_MergeStmt:
		note(true, "MERGE", 15)
		note(len(n.MergeStmt.GetReturningList()) > 0, "MERGE ... RETURNING", 17)
	case *pg.Node_ReindexStmt:
		note(switchedOn(n.ReindexStmt.GetParams(), "concurrently"), "REINDEX CONCURRENTLY", 12)
	case *pg.Node_IndexStmt:
		note(n.IndexStmt.GetNullsNotDistinct(), "NULLS NOT DISTINCT", 15)
	case *pg.Node_CreateTrigStmt:
		note(n.CreateTrigStmt.GetReplace(), "CREATE OR REPLACE TRIGGER", 14)
	case *pg.Node_CreateFunctionStmt:
		note(n.CreateFunctionStmt.GetSqlBody() != nil, "a function's body outside of a string", 14)
	case *pg.Node_AlterTypeStmt:
		note(true, "ALTER TYPE ... SET", 13)
	case *pg.Node_DropdbStmt:
		note(len(n.DropdbStmt.GetOptions()) > 0, "DROP DATABASE ... FORCE", 13)
	case *pg.Node_ViewStmt:
		note(invoker(n.ViewStmt.GetOptions()), "security_invoker", 15)
	case *pg.Node_CreateStmt:
		note(n.CreateStmt.GetAccessMethod() != "", "CREATE TABLE ... USING", 12)
	case *pg.Node_AlterTableStmt:
		for _, c := range n.AlterTableStmt.GetCmds() {
			note(newPart(c.GetAlterTableCmd()))
		}
	case *pg.Node_CreatePublicationStmt:
		note(publishesParts(n.CreatePublicationStmt.GetPubobjects()))
	case *pg.Node_AlterPublicationStmt:
		note(publishesParts(n.AlterPublicationStmt.GetPubobjects()))
	}
	pgsyntax.Walk(l.Tree, func(m proto.Message) {
		switch p := m.(type) {
		case *pg.Constraint:
			note(p.GetContype() == pg.ConstrType_CONSTR_GENERATED, "GENERATED ALWAYS AS (...) STORED", 12)
			note(p.GetNullsNotDistinct(), "NULLS NOT DISTINCT", 15)
		case *pg.CommonTableExpr:
			note(p.GetCtematerialized() > pg.CTEMaterialize_CTEMaterializeDefault, "WITH ... AS MATERIALIZED", 12)
		}
	})
	return what, since
}

func newPart(c *pg.AlterTableCmd) (is bool, part string, since int) {
	switch c.GetSubtype() {
	case pg.AlterTableType_AT_SetExpression:
		return true, "SET EXPRESSION", 17
	case pg.AlterTableType_AT_DropExpression:
		return true, "DROP EXPRESSION", 13
	case pg.AlterTableType_AT_SetCompression:
		return true, "SET COMPRESSION", 14
	case pg.AlterTableType_AT_SetAccessMethod:
		return true, "SET ACCESS METHOD", 15
	case pg.AlterTableType_AT_DetachPartitionFinalize:
		return true, "DETACH PARTITION ... FINALIZE", 14
	case pg.AlterTableType_AT_DetachPartition:
		return c.GetDef().GetPartitionCmd().GetConcurrent(), "DETACH PARTITION ... CONCURRENTLY", 14
	case pg.AlterTableType_AT_SetRelOptions:
		return invoker(c.GetDef().GetList().GetItems()), "security_invoker", 15
	}
	return false, "", 0
}

// invoker reports whether an option says with whose rights a view is read.
func invoker(options []*pg.Node) bool {
	for _, o := range options {
		if o.GetDefElem().GetDefname() == "security_invoker" {
			return true
		}
	}
	return false
}

func publishesParts(objects []*pg.Node) (is bool, part string, since int) {
	for _, o := range objects {
		spec := o.GetPublicationObjSpec()
		if spec.GetPubtable() == nil || spec.GetPubtable().GetWhereClause() != nil || len(spec.GetPubtable().GetColumns()) > 0 {
			return true, "a publication of schemas, columns or rows", 15
		}
	}
	return false, "", 0
}

// lostColumns are the columns that a DROP ... CASCADE takes from tables that
// stay, with their values.
func (l look) lostColumns(d *pg.DropStmt) (hits []hit) {
	for table, column := range l.schema.Dropped(d).Columns() {
		if !l.old(table) {
			continue
		}
		hits = append(hits, hit{"drop-column", pgrule.Names{
			Table: table.String(), Column: quotedPart(column), Name: quotedPart("unused_" + column),
			Whole: l.copied(table, column),
		}})
	}
	return hits
}

// copied keeps a column's values as text before its type goes.
func (l look) copied(table pgschema.Name, column string) string {
	kept := quotedPart(column + "_kept")
	return lines("-- keep the values as text first, filled by a backfill block:",
		"ALTER TABLE "+sql(table)+" ADD COLUMN "+kept+" text",
		"UPDATE "+sql(table)+" SET "+kept+" = "+quotedPart(column)+"::text WHERE "+kept+" IS NULL",
		"-- in a later change set:", strings.TrimSuffix(l.own(), ";"))
}
