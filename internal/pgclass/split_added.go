package pgclass

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// requiredFiles add a column that has to have a value, which only the author
// knows for the rows that are there.
func (a alteration) requiredFiles(d *pg.ColumnDef) []File {
	if domain := a.now.Types[a.now.TypeOf(d.GetTypeName()).Name]; domain != nil && domain.NotNull {
		return nil
	}
	var primary, forbidden bool
	for _, k := range d.GetConstraints() {
		kind := k.GetConstraint().GetContype()
		primary = primary || kind == pg.ConstrType_CONSTR_PRIMARY
		forbidden = forbidden || kind == pg.ConstrType_CONSTR_NOTNULL
	}
	files := a.laterFiles(d, func(kind pg.ConstrType) bool {
		return slices.Contains([]pg.ConstrType{pg.ConstrType_CONSTR_NOTNULL, pg.ConstrType_CONSTR_CHECK, pg.ConstrType_CONSTR_PRIMARY}, kind)
	})
	if files == nil {
		return nil
	}
	files[0].SQL = "-- new code fills it; a backfill fills the rows that are there\n" + files[0].SQL
	if primary || forbidden {
		files = append(files, notNullFiles(a.judging, a.table, d.GetColname())...)
	}
	if !primary {
		return files
	}
	key := a.uniqueFiles(named(a.table.Local, "pkey"), []string{d.GetColname()})
	if key == nil || primaryOf(a.t) != nil {
		return nil
	}
	key[1].SQL = strings.Replace(key[1].SQL, " UNIQUE USING INDEX ", " PRIMARY KEY USING INDEX ", 1)
	key[0].SQL = "-- lockstep:phase contract it follows the NOT NULL that it relies on\n" + key[0].SQL
	return append(files, key...)
}

// laterFiles add a column before the deployment and those of its constraints
// after it that are of a kind which running code does not survive.
func (a alteration) laterFiles(d *pg.ColumnDef, later func(pg.ConstrType) bool) []File {
	bare, _ := proto.Clone(d).(*pg.ColumnDef)
	bare.Constraints = nil
	bare.IsNotNull = bare.IsNotNull && !later(pg.ConstrType_CONSTR_NOTNULL)
	var held []File
	for _, k := range d.GetConstraints() {
		if !later(k.GetConstraint().GetContype()) {
			bare.Constraints = append(bare.Constraints, k)
			continue
		}
		held = append(held, a.heldConstraint(d.GetColname(), k.GetConstraint())...)
	}
	add, err := a.addSQL(bare)
	if err != nil {
		return nil
	}
	return append([]File{{
		Name: "expand_add_" + act(a.table.Local, d.GetColname()), Phase: phaseExpand,
		SQL: lines(add), Down: lines(a.sql() + " DROP COLUMN " + ident(d.GetColname())),
	}}, held...)
}

func (a alteration) addSQL(d *pg.ColumnDef) (string, error) {
	cmd := &pg.AlterTableCmd{Subtype: pg.AlterTableType_AT_AddColumn, Def: &pg.Node{Node: &pg.Node_ColumnDef{ColumnDef: d}}, Behavior: pg.DropBehavior_DROP_RESTRICT}
	return pgsyntax.Deparse(&pg.Node{Node: &pg.Node_AlterTableStmt{AlterTableStmt: &pg.AlterTableStmt{
		Relation: rangeVar(a.table), Cmds: []*pg.Node{{Node: &pg.Node_AlterTableCmd{AlterTableCmd: cmd}}}, Objtype: pg.ObjectType_OBJECT_TABLE,
	}}})
}

// heldConstraint adds a constraint of one column as a constraint of its table.
func (a alteration) heldConstraint(column string, k *pg.Constraint) []File {
	k, _ = proto.Clone(k).(*pg.Constraint)
	list := []*pg.Node{pg.MakeStrNode(column)}
	suffix := ""
	switch k.GetContype() {
	case pg.ConstrType_CONSTR_CHECK:
		suffix = "check"
	case pg.ConstrType_CONSTR_FOREIGN:
		k.FkAttrs, suffix = list, "fkey"
	case pg.ConstrType_CONSTR_UNIQUE:
		k.Keys, suffix = list, "key"
	default:
		return nil // NOT NULL and a primary key have files of their own
	}
	if k.GetConname() == "" {
		k.Conname = named(a.table.Local, column, suffix)
	}
	if k.GetContype() == pg.ConstrType_CONSTR_UNIQUE {
		return a.uniqueFiles(k.GetConname(), []string{column})
	}
	return a.validatedFiles(k, phaseContract)
}

// keyFiles make a unique constraint or a primary key without keeping writers
// out. A primary key is taken without a scan where no column may be NULL.
func (a alteration) keyFiles(k *pg.Constraint) []File {
	columns, name := pgschema.Strings(k.GetKeys()), k.GetConname()
	if k.GetContype() != pg.ConstrType_CONSTR_PRIMARY {
		if name == "" {
			name = named(a.table.Local, strings.Join(columns, "_"), "key")
		}
		return a.uniqueFiles(name, columns)
	}
	if name == "" {
		name = named(a.table.Local, "pkey")
	}
	files := a.uniqueFiles(name, columns)
	if files == nil {
		return nil
	}
	var before []File
	for _, c := range columns {
		if a.mayBeNull(c) {
			before = append(before, notNullFiles(a.judging, a.table, c)...)
		}
	}
	files[1].SQL = strings.Replace(files[1].SQL, " UNIQUE USING INDEX ", " PRIMARY KEY USING INDEX ", 1)
	return append(before, files...)
}

// uniqueFiles make the index of a unique constraint without keeping writers
// out, and then the constraint.
func (a alteration) uniqueFiles(name string, columns []string) []File {
	if a.t == nil || a.t.Partitioned {
		return nil
	}
	index := "CREATE UNIQUE INDEX CONCURRENTLY " + ident(name) + " ON " + sqlName(a.table) + " (" + idents(columns) + ")"
	label := act(a.table.Local, name)
	return []File{
		{
			Name: "contract_index_" + label, Phase: phaseContract,
			SQL:  "-- it fails where values repeat; those are the author's to mend first\n" + lines(index),
			Down: lines("DROP INDEX CONCURRENTLY " + sqlName(pgschema.Name{Schema: a.table.Schema, Local: name})),
		},
		{
			Name: "contract_constraint_" + label, Phase: phaseContract,
			SQL:  "-- lockstep:phase contract it makes a constraint of the index before it\n" + lines(a.sql()+" ADD CONSTRAINT "+ident(name)+" UNIQUE USING INDEX "+ident(name)),
			Down: "-- lockstep:no-transaction\n" + lines(a.sql()+" DROP CONSTRAINT "+ident(name), index),
		},
	}
}

// serverName is what PostgreSQL calls a CHECK or a foreign key without a name.
func serverName(table string, k *pg.Constraint) string {
	if k.GetContype() == pg.ConstrType_CONSTR_FOREIGN {
		return named(table, strings.Join(pgschema.Strings(k.GetFkAttrs()), "_"), "fkey")
	}
	if columns := pgschema.MentionsOf(k).Columns; len(columns) == 1 {
		return named(table, columns[0], "check")
	}
	return named(table, "check")
}

// validatedFiles add a CHECK or a foreign key in one phase without reading the
// table, and validate it after the deployment in a transaction of its own, so
// that no lock is held over the scan.
//
// Source: "Notes" in https://www.postgresql.org/docs/current/sql-altertable.html.
func (a alteration) validatedFiles(k *pg.Constraint, phase string) []File {
	if a.t == nil || a.t.Partitioned && k.GetContype() == pg.ConstrType_CONSTR_FOREIGN || k.GetSkipValidation() {
		return nil
	}
	k, _ = proto.Clone(k).(*pg.Constraint)
	if k.GetConname() == "" {
		k.Conname = serverName(a.table.Local, k)
	}
	if a.t.Constraint(k.GetConname()) != nil {
		return nil
	}
	k.SkipValidation, k.InitiallyValid = true, false
	cmd := &pg.AlterTableCmd{Subtype: pg.AlterTableType_AT_AddConstraint, Def: &pg.Node{Node: &pg.Node_Constraint{Constraint: k}}, Behavior: pg.DropBehavior_DROP_RESTRICT}
	add, err := pgsyntax.Deparse(&pg.Node{Node: &pg.Node_AlterTableStmt{AlterTableStmt: &pg.AlterTableStmt{
		Relation: rangeVar(a.table), Cmds: []*pg.Node{{Node: &pg.Node_AlterTableCmd{AlterTableCmd: cmd}}}, Objtype: pg.ObjectType_OBJECT_TABLE,
	}}})
	if err != nil {
		return nil
	}
	label := act(a.table.Local, k.GetConname())
	header := ""
	if phase == phaseContract {
		header = "-- lockstep:phase contract running code may write what it rejects\n"
	}
	return []File{
		{
			Name: phase + "_constraint_" + label, Phase: phase, SQL: header + lines(add),
			Down: lines(a.sql() + " DROP CONSTRAINT " + ident(k.GetConname())),
		},
		{
			Name: "contract_validate_" + label, Phase: phaseContract,
			SQL:  "-- lockstep:phase contract it validates what a file before it adds\n" + lines(a.sql()+" VALIDATE CONSTRAINT "+ident(k.GetConname())),
			Down: lines(a.sql()+" DROP CONSTRAINT "+ident(k.GetConname()), add),
		},
	}
}
