package pglint

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// Alternatives are written with the file's own names. What follows spells them;
// where a tree cannot be written, the result is empty and the rule's
// placeholder stays.

// quoted spells one name, or each of a list, so that it can be copied: with
// quotes around words that the server reserves.
func quoted(name string) string {
	parts := sqlscan.Names(name)
	if !slices.ContainsFunc(parts, sqlscan.Reserved) {
		return name
	}
	for i, part := range parts {
		parts[i] = quotedPart(part)
	}
	return strings.Join(parts, ".")
}

func quotedPart(part string) string {
	if sqlscan.Reserved(part) {
		return `"` + part + `"`
	}
	return sqlscan.Identifier(part)
}

// sql spells a relation's name as it can be copied.
func sql(n pgschema.Name) string { return quoted(n.String()) }

// beside is a name in the schema of another one.
func beside(n pgschema.Name, local string) string {
	return sql(pgschema.Name{Schema: n.Schema, Local: local})
}

// expression writes an expression.
func expression(e *pg.Node) string {
	text, err := pgsyntax.DeparseExpression(e)
	if err != nil {
		return ""
	}
	return text
}

// statement writes a statement.
func statement(tree *pg.Node) string {
	text, err := pgsyntax.Deparse(tree)
	if err != nil {
		return ""
	}
	return text
}

// demand writes what a constraint demands, without its name: of a column's own
// constraint with the column.
func demand(k *pg.Constraint, column string) string {
	k = proto.CloneOf(k)
	k.Conname, k.SkipValidation = "", false
	switch k.GetContype() {
	case pg.ConstrType_CONSTR_FOREIGN:
		k.InitiallyValid = true
		if len(k.GetFkAttrs()) == 0 && column != "" {
			k.FkAttrs = []*pg.Node{pg.MakeStrNode(column)}
		}
	case pg.ConstrType_CONSTR_CHECK:
		k.InitiallyValid = true
	}
	const before = "ALTER TABLE x ADD "
	text := statement(&pg.Node{Node: &pg.Node_AlterTableStmt{AlterTableStmt: &pg.AlterTableStmt{
		Relation: &pg.RangeVar{Relname: "x", Inh: true, Relpersistence: "p"}, Objtype: pg.ObjectType_OBJECT_TABLE,
		Cmds: []*pg.Node{{Node: &pg.Node_AlterTableCmd{AlterTableCmd: &pg.AlterTableCmd{
			Subtype: pg.AlterTableType_AT_AddConstraint, Behavior: pg.DropBehavior_DROP_RESTRICT,
			Def: &pg.Node{Node: &pg.Node_Constraint{Constraint: k}},
		}}}},
	}}})
	after, found := strings.CutPrefix(text, before)
	if !found {
		return ""
	}
	return after
}

// renamedColumns is an expression with each column reference as change says.
func renamedColumns(e *pg.Node, change func(*pg.ColumnRef)) *pg.Node {
	e = proto.CloneOf(e)
	pgsyntax.Walk(e, func(m proto.Message) {
		if c, is := m.(*pg.ColumnRef); is {
			change(c)
		}
	})
	return e
}

// lines are statements, one a line.
func lines(statements ...string) string {
	var all []string
	for _, s := range statements {
		switch {
		case s == "":
		case strings.HasPrefix(s, "--"):
			all = append(all, s)
		default:
			all = append(all, strings.TrimSuffix(s, ";")+";")
		}
	}
	return strings.Join(all, "\n")
}
