package pgclass

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/plans"
)

// enumAgain is an enum that is made again under its name: the old one is
// renamed away and dropped later, or its columns become text until it has been
// dropped. So values are taken away, or added where ALTER TYPE could not yet.
type enumAgain struct {
	name, away pgschema.Name // away is what is dropped
	begin      int           // the unit that takes the old one away
	values     []string
	columns    []string // that get the new one
}

func (j judging) enumsAgain(units []unit) {
	for i, u := range units {
		name, away := takesType(u.Tree)
		old := j.released.Types[name]
		if u.Class != plans.ClassSplit && u.Class != plans.ClassAsk || old == nil || old.Kind != pgschema.Enum {
			continue
		}
		e := enumAgain{name: name, away: away, begin: i}
		makes := slices.IndexFunc(units[i:], func(u unit) bool { return e.makes(u.Tree) })
		if makes < 0 {
			continue
		}
		e.values = pgschema.Strings(units[i+makes].Tree.GetCreateEnumStmt().GetVals())
		for _, u := range units {
			if column, to := retyped(u.Tree); column != "" && to == name {
				e.columns = append(e.columns, column)
			}
		}
		e.judge(units, old.Values)
	}
}

// takesType is the type that a unit renames or drops, and what it is called
// when it is dropped.
func takesType(tree *pg.Node) (name, away pgschema.Name) {
	if r := tree.GetRenameStmt(); r.GetRenameType() == pg.ObjectType_OBJECT_TYPE {
		name = pgschema.NameOfParts(objectParts(r.GetObject()))
		return name, pgschema.Name{Schema: name.Schema, Local: r.GetNewname()}
	}
	if d := tree.GetDropStmt(); d.GetRemoveType() == pg.ObjectType_OBJECT_TYPE && len(d.GetObjects()) == 1 {
		name = pgschema.NameOfParts(objectParts(d.GetObjects()[0]))
	}
	return name, name
}

// retyped is the column whose type a unit changes, and its new type.
func retyped(tree *pg.Node) (column string, to pgschema.Name) {
	a := tree.GetAlterTableStmt()
	if len(a.GetCmds()) != 1 || a.GetCmds()[0].GetAlterTableCmd().GetSubtype() != pg.AlterTableType_AT_AlterColumnType {
		return "", to
	}
	cmd := a.GetCmds()[0].GetAlterTableCmd()
	names := pgschema.Strings(cmd.GetDef().GetColumnDef().GetTypeName().GetNames())
	return columnName(pgschema.NameOf(a.GetRelation()), cmd.GetName()), pgschema.NameOfParts(names)
}

func (e enumAgain) judge(units []unit, old []string) {
	begin := &units[e.begin]
	if gone := slices.IndexFunc(old, func(v string) bool { return !slices.Contains(e.values, v) }); gone >= 0 {
		e.rest(units, func(u unit) ruling {
			return contract(u.act, "moves to the type %s without %s, which running code may write", e.name, literal(old[gone]))
		})
		return
	}
	if len(e.values) <= len(old) {
		e.rest(units, func(u unit) ruling {
			return ask(u.act, "makes the type %s again with the same values, perhaps in another order", e.name)
		})
		return
	}
	line, act := begin.Line, begin.act
	e.rest(units, func(u unit) ruling {
		r := neutral(u.act, "belongs to making the type %s again, which line %d does", e.name, line)
		r.left = true
		return r
	})
	begin.ruling = split([]File{e.file(old)}, act, "makes the type %s again with more values, which writes every table that has it anew: ADD VALUE does it without", e.name)
}

// rest rules the units that belong to it.
func (e enumAgain) rest(units []unit, rule func(unit) ruling) {
	for i := range units {
		if e.includes(units[i].Tree) {
			units[i].ruling = rule(units[i])
		}
	}
}

func (e enumAgain) includes(tree *pg.Node) bool {
	if e.makes(tree) {
		return true
	}
	if name, away := takesType(tree); name.Local != "" && (name == e.name || name == e.away || away == e.away) {
		return true
	}
	column, _ := retyped(tree)
	return column != "" && slices.Contains(e.columns, column)
}

func (e enumAgain) makes(tree *pg.Node) bool {
	c := tree.GetCreateEnumStmt()
	return c != nil && pgschema.NameOfParts(pgschema.Strings(c.GetTypeName())) == e.name
}

// file adds the new values in their places. A value is placed beside one that
// is there by then.
func (e enumAgain) file(old []string) File {
	var statements []string
	for i, v := range e.values {
		if slices.Contains(old, v) {
			continue
		}
		add := "ALTER TYPE " + sqlName(e.name) + " ADD VALUE IF NOT EXISTS " + literal(v)
		switch {
		case i > 0:
			add += " AFTER " + literal(e.values[i-1])
		case len(old) > 0:
			add += " BEFORE " + literal(old[0])
		}
		statements = append(statements, add)
	}
	return File{Name: "expand_add_values_" + act(e.name.Local), Phase: phaseExpand, SQL: valueStays + lines(statements...)}
}

// defaultsAgain finds defaults that are dropped and set again.
func (j judging) defaultsAgain(units []unit) {
	for i := range units {
		table, column, def := defaultOf(units[i].Tree)
		if column == "" || def != nil {
			continue
		}
		for k := i + 1; k < len(units); k++ {
			t, c, def := defaultOf(units[k].Tree)
			if t != table || c != column || def == nil {
				continue
			}
			j.defaultAgain(&units[i], &units[k], def)
			break
		}
	}
}

func (j judging) defaultAgain(drop, set *unit, def *pg.Node) {
	table, column, _ := defaultOf(set.Tree)
	full := table.String() + "." + quotedPart(column)
	was := j.origin(table)
	if was == nil || was.Column(column) == nil || was.Column(column).Default == nil {
		return
	}
	drop.ruling = neutral(drop.act, "drops the default of %s until line %d sets it", full, set.Line)
	if pgsyntax.Same(uncast(was.Column(column).Default), uncast(def)) {
		set.ruling = neutral(set.act, "sets the default of %s that it had", full)
		drop.left, set.left = true, true // together they do nothing
		return
	}
	set.ruling = ask(set.act, "changes the default of %s, so that INSERTs of running code write another value", full)
}

func uncast(e *pg.Node) proto.Message { return uncastNode(e) }

func uncastNode(e *pg.Node) *pg.Node {
	for e.GetTypeCast() != nil {
		e = e.GetTypeCast().GetArg()
	}
	return e
}

// defaultOf is the column whose default a unit sets, or drops: then it is nil.
func defaultOf(tree *pg.Node) (table pgschema.Name, column string, def *pg.Node) {
	a := tree.GetAlterTableStmt()
	if len(a.GetCmds()) != 1 || a.GetCmds()[0].GetAlterTableCmd().GetSubtype() != pg.AlterTableType_AT_ColumnDefault {
		return table, "", nil
	}
	cmd := a.GetCmds()[0].GetAlterTableCmd()
	return pgschema.NameOf(a.GetRelation()), cmd.GetName(), cmd.GetDef()
}
