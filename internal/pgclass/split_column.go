package pgclass

import (
	"strconv"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
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
	label, check := act(table.Local, column), alter+" ADD CONSTRAINT "+ident(name)+" CHECK ("+ident(column)+" IS NOT NULL) NOT VALID"
	return []File{
		{
			Name: "contract_check_" + label, Phase: phaseContract,
			SQL:  "-- from here on NULL is rejected; rows that have it are to be filled before the next file\n" + lines(check),
			Down: lines(alter + " DROP CONSTRAINT " + ident(name)),
		},
		{
			Name: "contract_validate_" + label, Phase: phaseContract,
			SQL:  "-- lockstep:phase contract it validates what the file before it adds\n" + lines(alter+" VALIDATE CONSTRAINT "+ident(name)),
			Down: lines(alter+" DROP CONSTRAINT "+ident(name), check),
		},
		{
			Name: "contract_not_null_" + label, Phase: phaseContract,
			SQL: "-- lockstep:phase contract it follows the CHECK that it relies on\n" + lines(
				alter+" ALTER COLUMN "+ident(column)+" SET NOT NULL", alter+" DROP CONSTRAINT "+ident(name)),
			Down: lines(check, alter+" ALTER COLUMN "+ident(column)+" DROP NOT NULL"),
		},
	}
}

// valueStays is said of a new value of an enum.
const valueStays = "-- lockstep:irreversible nothing takes a value out of an enum again: it stays, and no row is lost by it\n"

// enumFiles add the new value, and move the rows when no running code writes
// the old one any more. Nothing removes a value.
func (j judging) enumFiles(typ pgschema.Name, from, to string) []File {
	label := act(typ.Local, to)
	files := []File{{
		Name: "expand_add_value_" + label, Phase: phaseExpand,
		SQL: valueStays + "-- new code has to understand both values\n" + lines("ALTER TYPE "+sqlName(typ)+" ADD VALUE IF NOT EXISTS "+literal(to)+" AFTER "+literal(from)),
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
