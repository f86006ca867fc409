package pgclass

import (
	"slices"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// anew is a constraint of the old column, and its like of the new one.
type anew struct {
	table    pgschema.Name
	old, now string // names
	was, is  string // what they demand
	// validated is false for one that is NOT VALID today.
	validated bool
	// foreign is true for a foreign key of another table or column that points
	// at the old column, which does not go with it.
	foreign bool
}

func (a anew) alter() string { return "ALTER TABLE " + sqlName(a.table) }

func (a anew) addNow() string {
	return a.alter() + " ADD CONSTRAINT " + ident(a.now) + " " + a.is + " NOT VALID"
}

func (a anew) validateNow() string { return a.alter() + " VALIDATE CONSTRAINT " + ident(a.now) }

func (a anew) dropNow() string { return a.alter() + " DROP CONSTRAINT " + ident(a.now) }

// addOld brings the old one back, as it was.
func (a anew) addOld() string {
	text := a.alter() + " ADD CONSTRAINT " + ident(a.old) + " " + a.was
	if !a.validated {
		text += " NOT VALID"
	}
	return text
}

// keyObstacle names a constraint that cannot be made for the new column.
func (r replacement) keyObstacle() string {
	for _, k := range r.t.Constraints {
		if !slices.Contains(k.Columns, r.old()) {
			continue
		}
		switch {
		case k.Kind == pgschema.Exclusion:
			return "the exclusion constraint " + quotedPart(k.Name) + " has it, whose index cannot be made while rows are written: drop the constraint first, and add it again for the new column after the deployment"
		case k.Kind == pgschema.Check && r.checkText(k, r.old()) == "":
			return "the CHECK " + quotedPart(k.Name) + " cannot be written anew: drop it first, and add it again for the new column after the deployment"
		case k.Kind == pgschema.ForeignKey && !r.pointsAt(k):
			return "the foreign key " + quotedPart(k.Name) + " points at columns whose type " + typeSQL(r.typ) + " does not compare with: change the type of " + k.References.String() + " in the same way first"
		}
	}
	for _, ref := range r.references() {
		if !r.referable(ref) {
			return "the foreign key " + quotedPart(ref.Constraint.Name) + " of " + ref.From.String() + " points at it, whose columns do not compare with " + typeSQL(r.typ) + ": give " + ref.From.String() + " a column of that type first, and drop this key after the deployment"
		}
	}
	return ""
}

// references are the foreign keys that point at the old column.
func (r replacement) references() []pgschema.Reference {
	return slices.DeleteFunc(r.now.ReferencesTo(r.table), func(ref pgschema.Reference) bool {
		return !slices.Contains(r.targets(ref.Constraint), r.old())
	})
}

// targets are the columns that a foreign key to the table points at.
func (r replacement) targets(k *pgschema.Constraint) []string {
	if len(k.ReferencedColumns) > 0 {
		return k.ReferencedColumns
	}
	return primaryOf(r.now.Tables[k.References])
}

func primaryOf(t *pgschema.Table) []string {
	if t == nil {
		return nil
	}
	for _, k := range t.Constraints {
		if k.Kind == pgschema.Primary {
			return k.Columns
		}
	}
	return nil
}

// referable reports whether a foreign key's column compares with the new type.
func (r replacement) referable(ref pgschema.Reference) bool {
	child := r.now.Tables[ref.From]
	at := slices.Index(r.targets(ref.Constraint), r.old())
	if child == nil || child.Partitioned || child.PartitionOf != (pgschema.Name{}) || at >= len(ref.Constraint.Columns) {
		return false
	}
	if ref.From == r.table && slices.Contains(ref.Constraint.Columns, r.old()) {
		return false
	}
	c := child.Column(ref.Constraint.Columns[at])
	return c != nil && compares(r.now.Underlying(c.Type), r.typ)
}

// pointsAt reports whether the new column compares with what a foreign key of
// the old one points at.
func (r replacement) pointsAt(k *pgschema.Constraint) bool {
	parent := r.now.Tables[k.References]
	at := slices.Index(k.Columns, r.old())
	if targets := r.targets(k); parent != nil && at < len(targets) && parent.Column(targets[at]) != nil {
		return compares(r.typ, r.now.Underlying(parent.Column(targets[at]).Type))
	}
	return r.typ.Equal(r.c.Type)
}

// compares reports whether a foreign key of one type may point at a column of
// another one: both are of one family of operators, or the first becomes the
// second by itself.
//
// Source: "pfeqop" in ATAddForeignKeyConstraint,
// src/backend/commands/tablecmds.c.
func compares(from, to pgschema.DataType) bool {
	if from.Same(to) {
		return true
	}
	for _, family := range [][]string{{"int2", "int4", "int8"}, {"float4", "float8"}, {"date", "timestamp", "timestamptz"}, {"text", "varchar"}} {
		if slices.Contains(family, from.Builtin()) && slices.Contains(family, to.Builtin()) {
			return true
		}
	}
	return slices.Contains(wider(from), to.Builtin())
}

// constraints are the CHECKs and foreign keys that the new column gets.
func (r replacement) constraintsAnew() []anew {
	var list []anew
	for _, k := range r.t.Constraints {
		a := anew{table: r.table, old: k.Name, now: named(k.Name, r.name), validated: k.Validated}
		switch {
		case !slices.Contains(k.Columns, r.old()):
			continue
		case k.Kind == pgschema.Check:
			a.was, a.is = r.checkText(k, r.old()), r.checkText(k, r.name)
		case k.Kind == pgschema.ForeignKey:
			a.was, a.is = foreignKey(k, k.Columns, k.ReferencedColumns), foreignKey(k, r.renamedColumns(k.Columns), k.ReferencedColumns)
		default:
			continue
		}
		list = append(list, a)
	}
	for _, ref := range r.references() {
		k := ref.Constraint
		list = append(list, anew{
			table: ref.From, old: k.Name, now: named(k.Name, r.name), validated: k.Validated, foreign: true,
			was: foreignKey(k, k.Columns, r.targets(k)), is: foreignKey(k, k.Columns, r.renamedColumns(r.targets(k))),
		})
	}
	return list
}

func (r replacement) checkText(k *pgschema.Constraint, column string) string {
	e := k.Expression
	if column != r.old() {
		e = pgschema.WithColumn(e, r.old(), column)
	}
	text, err := pgsyntax.DeparseExpression(e)
	if err != nil {
		return ""
	}
	text = "CHECK (" + text + ")"
	if k.Made.GetIsNoInherit() {
		text += " NO INHERIT"
	}
	return text
}

// foreignKey is what a foreign key demands, with other columns.
func foreignKey(k *pgschema.Constraint, columns, targets []string) string {
	text := "FOREIGN KEY (" + idents(columns) + ") REFERENCES " + sqlName(k.References)
	if len(targets) > 0 {
		text += " (" + idents(targets) + ")"
	}
	if k.Made.GetFkMatchtype() == "f" {
		text += " MATCH FULL"
	}
	actions := map[string]string{"r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
	if does := actions[k.OnDelete]; does != "" {
		text += " ON DELETE " + does
		if list := pgschema.Strings(k.Made.GetFkDelSetCols()); len(list) > 0 {
			text += " (" + idents(list) + ")"
		}
	}
	if does := actions[k.OnUpdate]; does != "" {
		text += " ON UPDATE " + does
	}
	return text + deferrable(k)
}

func deferrable(k *pgschema.Constraint) string {
	switch {
	case k.Deferred:
		return " DEFERRABLE INITIALLY DEFERRED"
	case k.Deferrable:
		return " DEFERRABLE"
	}
	return ""
}

// keys are the unique constraints and the primary key that the old column is
// part of, with the indexes that keep them.
func (r replacement) keys() []*pgschema.Index {
	return slices.DeleteFunc(r.indexes(), func(i *pgschema.Index) bool { return i.Constraint == "" })
}

// keyKind is how a constraint by an index is spelled.
func keyKind(i *pgschema.Index) string {
	if i.Primary {
		return " PRIMARY KEY"
	}
	return " UNIQUE"
}

// useIndex makes a constraint of a unique index, which gets its name.
func (r replacement) useIndex(i *pgschema.Index, name string) string {
	text := r.sql() + " ADD CONSTRAINT " + ident(name) + keyKind(i) + " USING INDEX " + ident(r.indexName(i))
	if k := r.t.Constraint(i.Constraint); k != nil {
		text += madeDeferrable(k)
	}
	return text
}

func madeDeferrable(k *pgschema.Constraint) string {
	switch {
	case k.Made.GetInitdeferred():
		return " DEFERRABLE INITIALLY DEFERRED"
	case k.Made.GetDeferrable():
		return " DEFERRABLE"
	}
	return ""
}

// oldKey adds a constraint of the old column as it was, with its index.
func (r replacement) oldKey(i *pgschema.Index) string {
	k := r.t.Constraint(i.Constraint)
	text := r.sql() + " ADD CONSTRAINT " + ident(i.Constraint) + keyKind(i)
	if k.Made.GetNullsNotDistinct() {
		text += " NULLS NOT DISTINCT"
	}
	text += " (" + idents(k.Columns) + ")"
	if include := pgschema.Strings(k.Made.GetIncluding()); len(include) > 0 {
		text += " INCLUDE (" + idents(include) + ")"
	}
	return text + madeDeferrable(k)
}
