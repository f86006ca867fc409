package pglint

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// reaches meets what goes beyond the database, or runs beside its rights.
func reaches(l look) []hit {
	switch n := l.Tree.GetNode().(type) {
	case *pg.Node_CreateForeignServerStmt, *pg.Node_AlterForeignServerStmt, *pg.Node_CreateFdwStmt, *pg.Node_AlterFdwStmt,
		*pg.Node_ImportForeignSchemaStmt, *pg.Node_CreateForeignTableStmt,
		*pg.Node_CreateUserMappingStmt, *pg.Node_AlterUserMappingStmt, *pg.Node_CreateSubscriptionStmt, *pg.Node_AlterSubscriptionStmt:
		return []hit{{code: "foreign-server"}}
	case *pg.Node_CreateTableSpaceStmt, *pg.Node_DropTableSpaceStmt:
		return []hit{{"server-access", pgrule.Names{Whole: "-- where the server is operated, outside of migrations\n"}}}
	case *pg.Node_AlterDatabaseSetStmt:
		if hits := preloads(n.AlterDatabaseSetStmt.GetSetstmt()); hits != nil {
			return hits
		}
		return []hit{{"session-setting", pgrule.Names{Whole: "-- for new sessions of everybody, so where the database is operated\n"}}}
	case *pg.Node_AlterRoleSetStmt:
		return preloads(n.AlterRoleSetStmt.GetSetstmt())
	case *pg.Node_LoadStmt:
		return []hit{{"untrusted-code", pgrule.Names{Name: sqlscan.Identifier(n.LoadStmt.GetFilename()), Whole: loadElsewhere}}}
	case *pg.Node_CreateEventTrigStmt, *pg.Node_AlterEventTrigStmt:
		return []hit{{code: "event-trigger"}}
	case *pg.Node_CreateFunctionStmt:
		return l.code(n.CreateFunctionStmt.GetOptions(), pgschema.NameOfParts(pgschema.Strings(n.CreateFunctionStmt.GetFuncname())))
	case *pg.Node_DoStmt:
		return l.code(n.DoStmt.GetArgs(), pgschema.Name{Schema: pgschema.Public, Local: "do_block"})
	}
	return l.calls()
}

const loadElsewhere = "-- libraries are loaded where the server is operated, by who answers for their code\n"

// preloads meets libraries that sessions load when they begin.
func preloads(s *pg.VariableSetStmt) []hit {
	switch s.GetName() {
	case "session_preload_libraries", "local_preload_libraries", "shared_preload_libraries", "dynamic_library_path", "jit_provider":
		if s.GetKind() == pg.VariableSetKind_VAR_SET_VALUE {
			return []hit{{"untrusted-code", pgrule.Names{Name: s.GetName(), Whole: loadElsewhere}}}
		}
	}
	return nil
}

// calls meets functions of the server that leave the database.
func (l look) calls() (hits []hit) {
	if l.Tree == nil || !mayCall(l.Tree) {
		return nil
	}
	pgsyntax.Walk(l.Tree, func(m proto.Message) {
		if f, is := m.(*pg.FuncCall); is && leaves(functionOf(f)) && len(hits) == 0 {
			hits = append(hits, serverAccess(functionOf(f)))
		}
	})
	return hits
}

func mayCall(tree *pg.Node) bool {
	switch tree.GetNode().(type) {
	case *pg.Node_SelectStmt, *pg.Node_InsertStmt, *pg.Node_UpdateStmt, *pg.Node_DeleteStmt, *pg.Node_MergeStmt,
		*pg.Node_CreateTableAsStmt, *pg.Node_ViewStmt, *pg.Node_CopyStmt, *pg.Node_ExplainStmt, *pg.Node_PrepareStmt:
		return true
	}
	return false
}

func serverAccess(function string) hit {
	return hit{"server-access", pgrule.Names{Name: function, Whole: "-- without it: load rows by a backfill block or by the application; operate the server where it is operated\n"}}
}

// leaves knows functions by name. Source: System Administration Functions in
// https://www.postgresql.org/docs/current/functions-admin.html, and the pages
// of dblink, adminpack and large objects.
func leaves(function string) bool {
	for _, prefix := range []string{"dblink", "pg_ls_", "pg_read_", "pg_file_", "pg_create_physical_replication", "pg_create_logical_replication", "pg_logical_", "pg_replication_origin_", "pg_wal_", "pg_backup_"} {
		if strings.HasPrefix(function, prefix) {
			return true
		}
	}
	return slices.Contains([]string{
		"lo_import", "lo_export", "pg_stat_file", "pg_reload_conf", "pg_rotate_logfile", "pg_terminate_backend", "pg_cancel_backend",
		"pg_switch_wal", "pg_promote", "pg_drop_replication_slot", "pg_create_restore_point", "query_to_xml", "query_to_xml_and_xmlschema",
	}, function)
}

// code meets bodies in languages that the server does not hold back, and calls
// in the text of others that leave the database.
func (l look) code(options []*pg.Node, name pgschema.Name) (hits []hit) {
	language, body := "", ""
	for _, o := range options {
		switch d := o.GetDefElem(); d.GetDefname() {
		case "language":
			language = strings.ToLower(d.GetArg().GetString_().GetSval())
		case "as":
			body = d.GetArg().GetString_().GetSval()
			if parts := pgschema.Strings(d.GetArg().GetList().GetItems()); len(parts) > 0 {
				body = parts[0]
			}
		}
	}
	if language == "c" || language == "internal" || strings.HasPrefix(language, "pl") && strings.HasSuffix(language, "u") {
		hits = append(hits, hit{"untrusted-code", pgrule.Names{Name: sql(name)}})
	}
	if found := leavesIn(body); found != "" && language != "c" && language != "internal" {
		hits = append(hits, serverAccess(found))
	}
	return hits
}

// leavesIn is the first call in a body that leaves the database, or COPY ...
// PROGRAM; empty for none.
func leavesIn(body string) string {
	if body == "" {
		return ""
	}
	list, err := sqlscan.Split([]byte(body))
	if err != nil {
		return ""
	}
	for _, s := range list {
		tokens := s.Tokens()
		for i, t := range tokens {
			next := tokens[min(i+1, len(tokens)-1)]
			switch {
			case next.Symbol("(") && leaves(t.Name()):
				return t.Name()
			case (t.Is("FROM") || t.Is("TO")) && next.Is("PROGRAM"), t.Is("ALTER") && next.Is("SYSTEM"):
				return t.Text + " " + next.Text
			}
		}
	}
	return ""
}
