package pgclass

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// numberedAgain finds columns that numbered their rows by a default and are to
// do so by an identity, or the other way round: both have to change in one
// transaction, and the numbers have to go on.
func (j judging) numberedAgain(units []unit) {
	for i := range units {
		table, column, ends := j.numberingEnds(units[i].Tree)
		if column == "" {
			continue
		}
		for k := range units {
			if n, is := j.numberingBegins(units[k].Tree, table, column); is && k > i && n.identity != ends {
				j.numberAgain(units, numbering{begin: i, set: k, renumbered: n})
				break
			}
		}
	}
}

// numbering is the change of how a column numbers its rows; the numbers are of
// units.
type numbering struct {
	begin, set int
	renumbered
}

// renumbered is a column and what numbers its rows.
type renumbered struct {
	columnAlteration
	identity, always bool // what it becomes; else a default
	was, is          pgschema.Name
	options          string
}

// numberingEnds is the column of which an action drops the identity, or the
// default that draws from a sequence.
func (j judging) numberingEnds(tree *pg.Node) (table pgschema.Name, column string, identity bool) {
	a := tree.GetAlterTableStmt()
	if len(a.GetCmds()) != 1 || j.newRelation(pgschema.NameOf(a.GetRelation())) {
		return table, "", false
	}
	table, cmd := pgschema.NameOf(a.GetRelation()), a.GetCmds()[0].GetAlterTableCmd()
	was := j.origin(table)
	if was == nil || was.Column(cmd.GetName()) == nil {
		return table, "", false
	}
	switch c := was.Column(cmd.GetName()); cmd.GetSubtype() {
	case pg.AlterTableType_AT_DropIdentity:
		return table, c.Name, true
	case pg.AlterTableType_AT_ColumnDefault:
		if cmd.GetDef() == nil && c.Default != nil && len(pgschema.SequencesIn(c.Default)) == 1 {
			return table, c.Name, false
		}
	}
	return table, "", false
}

// numberingBegins reports whether an action gives that column an identity, or a
// default that draws from a sequence.
func (j judging) numberingBegins(tree *pg.Node, table pgschema.Name, column string) (n renumbered, is bool) {
	a := tree.GetAlterTableStmt()
	if len(a.GetCmds()) != 1 || pgschema.NameOf(a.GetRelation()) != table || a.GetCmds()[0].GetAlterTableCmd().GetName() != column {
		return n, false
	}
	released := judging{j.released, j.released}
	n.columnAlteration = alteration{judging: released, table: table, t: j.released.Tables[table], cmd: a.GetCmds()[0].GetAlterTableCmd()}.column()
	if n.c == nil {
		return n, false
	}
	q := released.sequenceOf(table, n.c)
	if q == nil {
		return n, false
	}
	n.was, n.options = q.Name, sequenceOptions(q.Options, true)
	switch n.cmd.GetSubtype() {
	case pg.AlterTableType_AT_AddIdentity:
		n.identity, n.is, n.always = true, q.Name, n.columnAlteration.always()
		return n, true
	case pg.AlterTableType_AT_ColumnDefault:
		drawn := pgschema.SequencesIn(n.cmd.GetDef())
		if n.cmd.GetDef() == nil || len(drawn) != 1 {
			return n, false
		}
		n.is = drawn[0]
		return n, true
	}
	return n, false
}

// sequenceOf is the sequence that numbers a column.
func (j judging) sequenceOf(table pgschema.Name, c *pgschema.Column) *pgschema.Sequence {
	if c.Default != nil {
		for _, n := range pgschema.SequencesIn(c.Default) {
			return j.now.Sequences[n]
		}
	}
	for _, q := range j.now.SequencesOf(table) {
		if q.Column == c.Name && q.Internal {
			return q
		}
	}
	return nil
}

// numberAgain rules all units that belong to it.
func (j judging) numberAgain(units []unit, n numbering) {
	line := units[n.begin].Line
	for i := range units {
		if i == n.begin || i != n.set && !n.belongs(units[i].Tree) {
			continue
		}
		units[i].ruling = neutral(units[i].act, "belongs to how %s numbers its rows, which line %d changes", n.full, line)
		units[i].left = true
	}
	u := &units[n.begin]
	from, to := "default", "identity"
	if !n.identity {
		from, to = to, from
	}
	u.ruling = split(n.files(), u.act, "lets %s number its rows by the %s instead of the %s: both change in one transaction, in which the numbers go on", n.full, to, from)
	u.settled = true
}

// belongs reports whether a statement is about the numbers alone.
func (n numbering) belongs(tree *pg.Node) bool {
	about := func(name pgschema.Name) bool { return name == n.was || name == n.is }
	switch s := tree.GetNode().(type) {
	case *pg.Node_CreateSeqStmt:
		return about(pgschema.NameOf(s.CreateSeqStmt.GetSequence()))
	case *pg.Node_AlterSeqStmt:
		return about(pgschema.NameOf(s.AlterSeqStmt.GetSequence()))
	case *pg.Node_RenameStmt:
		return s.RenameStmt.GetRenameType() == pg.ObjectType_OBJECT_SEQUENCE && about(pgschema.NameOf(s.RenameStmt.GetRelation()))
	case *pg.Node_DropStmt:
		return s.DropStmt.GetRemoveType() == pg.ObjectType_OBJECT_SEQUENCE && len(s.DropStmt.GetObjects()) == 1 &&
			about(pgschema.NameOfParts(objectParts(s.DropStmt.GetObjects()[0])))
	case *pg.Node_SelectStmt:
		calls := pgschema.MentionsOf(s.SelectStmt).Functions
		return slices.ContainsFunc(calls, func(f *pg.FuncCall) bool { return calledName(f).Local == "setval" })
	}
	return false
}

func (n numbering) files() []File {
	serial, identity := n.serial(), n.numbered()
	if !n.identity {
		return []File{{Name: "expand_default_" + act(n.table.Local, n.name), Phase: phaseExpand, SQL: goesOn + lines(serial...), Down: lines(identity...)}}
	}
	files := []File{{Name: "expand_identity_" + act(n.table.Local, n.name), Phase: phaseExpand, SQL: goesOn + lines(identity...), Down: lines(serial...)}}
	if n.always {
		files = append(files, File{
			Name: "contract_always_" + act(n.table.Local, n.name), Phase: phaseContract,
			SQL: lines(n.sqlColumn() + " SET GENERATED ALWAYS"), Down: lines(n.sqlColumn() + " SET GENERATED BY DEFAULT"),
		})
	}
	return files
}

const goesOn = "-- lockstep:phase expand in one transaction the rows are numbered in another way, and the numbers go on\n"

// serial are the statements from the identity to the default, and numbered
// those from the default to the identity. Each takes the numbers over.
func (n numbering) serial() []string {
	identity, serial := n.was, n.is
	if n.identity {
		identity, serial = n.is, n.was
	}
	beside := pgschema.Name{Schema: serial.Schema, Local: named(serial.Local, "next")}
	return []string{
		"CREATE SEQUENCE " + sqlName(beside) + " AS " + replacement{}.sequenceType(n.c.Type) + spaced(n.options),
		takeOver(beside, identity),
		n.sqlColumn() + " DROP IDENTITY",
		"ALTER SEQUENCE " + sqlName(beside) + " RENAME TO " + ident(serial.Local),
		n.sqlColumn() + " SET DEFAULT nextval(" + literal(sqlName(serial)) + ")",
		"ALTER SEQUENCE " + sqlName(serial) + " OWNED BY " + sqlName(n.table) + "." + ident(n.name),
	}
}

func (n numbering) numbered() []string {
	identity, serial := n.was, n.is
	if n.identity {
		identity, serial = n.is, n.was
	}
	beside, when := pgschema.Name{Schema: n.table.Schema, Local: named(identity.Local, "next")}, "BY DEFAULT"
	if !n.identity && n.c.Always {
		when = "ALWAYS"
	}
	return []string{
		n.sqlColumn() + " DROP DEFAULT",
		n.sqlColumn() + " ADD GENERATED " + when + " AS IDENTITY (SEQUENCE NAME " + sqlName(beside) + spaced(n.options) + ")",
		takeOver(beside, serial),
		"DROP SEQUENCE " + sqlName(serial),
		"ALTER SEQUENCE " + sqlName(beside) + " RENAME TO " + ident(identity.Local),
	}
}

func takeOver(next, before pgschema.Name) string {
	return "SELECT setval(" + literal(sqlName(next)) + ", last_value, is_called) FROM " + sqlName(before)
}

func spaced(options string) string {
	if options == "" {
		return ""
	}
	return " " + options
}
