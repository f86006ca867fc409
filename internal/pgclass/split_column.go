package pgclass

import (
	"strconv"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// free is a name that no column of the table has.
func (c columnAlteration) free(name string) string {
	free := named(name)
	for i := 2; c.t.Column(free) != nil; i++ {
		free = named(name, strconv.Itoa(i))
	}
	return free
}

// notNullFiles forbid NULL in a column without holding a lock over the scan:
// since PostgreSQL 12 SET NOT NULL believes a validated CHECK.
//
// Source: "If a valid CHECK constraint is found which proves no NULL can
// exist, then the table scan is skipped" in
// https://www.postgresql.org/docs/current/sql-altertable.html.
func notNullFiles(j judging, table pgschema.Name, column string) []File {
	alter := "ALTER TABLE " + sqlName(table)
	name := named(table.Local, column, "not_null")
	if t := j.now.Tables[table]; t != nil {
		for i := 2; t.Constraint(name) != nil; i++ {
			name = named(table.Local, column, "not_null", strconv.Itoa(i))
		}
	}
	label := act(table.Local, column)
	return []File{
		{
			Name: "contract_check_" + label, Phase: phaseContract,
			SQL:  "-- from here on NULL is rejected; rows that have it are to be filled before the next file\n" + lines(alter+" ADD CONSTRAINT "+ident(name)+" CHECK ("+ident(column)+" IS NOT NULL) NOT VALID"),
			Down: lines(alter + " DROP CONSTRAINT " + ident(name)),
		},
		{
			Name: "contract_validate_" + label, Phase: phaseContract,
			SQL: "-- lockstep:phase contract it validates what the file before it adds\n" + lines(alter+" VALIDATE CONSTRAINT "+ident(name)),
		},
		{
			Name: "contract_not_null_" + label, Phase: phaseContract,
			SQL: "-- lockstep:phase contract it follows the CHECK that it relies on\n" + lines(
				alter+" ALTER COLUMN "+ident(column)+" SET NOT NULL", alter+" DROP CONSTRAINT "+ident(name)),
			Down: lines(alter+" ADD CONSTRAINT "+ident(name)+" CHECK ("+ident(column)+" IS NOT NULL) NOT VALID", alter+" ALTER COLUMN "+ident(column)+" DROP NOT NULL"),
		},
	}
}

// requiredFiles add a column that has to have a value, which only the author
// knows for the rows that are there.
func (a alteration) requiredFiles(d *pg.ColumnDef) []File {
	nullable, _ := proto.Clone(d).(*pg.ColumnDef)
	nullable.IsNotNull = false
	var left []*pg.Node
	for _, k := range nullable.GetConstraints() {
		switch k.GetConstraint().GetContype() {
		case pg.ConstrType_CONSTR_NOTNULL:
		case pg.ConstrType_CONSTR_PRIMARY, pg.ConstrType_CONSTR_CHECK:
			return nil
		default:
			left = append(left, k)
		}
	}
	if domain := a.now.Types[a.now.TypeOf(d.GetTypeName()).Name]; domain != nil && domain.NotNull {
		return nil
	}
	nullable.Constraints = left
	cmd := &pg.AlterTableCmd{Subtype: pg.AlterTableType_AT_AddColumn, Def: &pg.Node{Node: &pg.Node_ColumnDef{ColumnDef: nullable}}, Behavior: pg.DropBehavior_DROP_RESTRICT}
	add, err := pgsyntax.Deparse(&pg.Node{Node: &pg.Node_AlterTableStmt{AlterTableStmt: &pg.AlterTableStmt{
		Relation: rangeVar(a.table), Cmds: []*pg.Node{{Node: &pg.Node_AlterTableCmd{AlterTableCmd: cmd}}}, Objtype: pg.ObjectType_OBJECT_TABLE,
	}}})
	if err != nil {
		return nil
	}
	return append([]File{{
		Name: "expand_add_" + act(a.table.Local, d.GetColname()), Phase: phaseExpand,
		SQL:  "-- new code fills it; a backfill fills the rows that are there\n" + lines(add),
		Down: lines(a.sql() + " DROP COLUMN " + ident(d.GetColname())),
	}}, notNullFiles(a.judging, a.table, d.GetColname())...)
}

// enumFiles add the new value, and move the rows when no running code writes
// the old one any more. Nothing removes a value.
func (j judging) enumFiles(typ pgschema.Name, from, to string) []File {
	label := act(typ.Local, to)
	files := []File{{
		Name: "expand_add_value_" + label, Phase: phaseExpand,
		SQL: "-- new code has to understand both values\n" + lines("ALTER TYPE "+sqlName(typ)+" ADD VALUE "+literal(to)+" AFTER "+literal(from)),
	}}
	var moves, back []string
	for _, t := range j.now.TablesUsing(typ) {
		for _, c := range t.Columns {
			if c.Type.Name != typ || c.Type.Array || c.Generated {
				continue
			}
			set := func(from, to string) string {
				return "UPDATE " + sqlName(t.Name) + " SET " + ident(c.Name) + " = " + literal(to) + " WHERE " + ident(c.Name) + " = " + literal(from)
			}
			moves, back = append(moves, set(from, to)), append(back, set(to, from))
		}
	}
	if len(moves) > 0 {
		files = append(files, File{
			Name: "contract_move_" + label, Phase: phaseContract, Down: lines(back...),
			SQL: "-- lockstep:phase contract no running code writes the old value any more; the type keeps it\n" + lines(moves...),
		})
	}
	return files
}
