package pgclass

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// enumAgain is an enum that is renamed away, made again under its name, given
// to its columns, and dropped: the way to take a value away, or to add one
// before ALTER TYPE could in a transaction.
type enumAgain struct {
	name, away   pgschema.Name
	rename, make int // numbers of units
	values       []string
}

func (j judging) enumsAgain(units []unit) {
	for i, u := range units {
		r := u.Tree.GetRenameStmt()
		old := j.released.Types[pgschema.NameOfParts(objectParts(r.GetObject()))]
		if r.GetRenameType() != pg.ObjectType_OBJECT_TYPE || u.Class != "split" || old == nil || old.Kind != pgschema.Enum {
			continue
		}
		e := enumAgain{name: old.Name, away: pgschema.Name{Schema: old.Name.Schema, Local: r.GetNewname()}, rename: i}
		e.make = slices.IndexFunc(units, func(u unit) bool {
			c := u.Tree.GetCreateEnumStmt()
			return c != nil && pgschema.NameOfParts(pgschema.Strings(c.GetTypeName())) == e.name
		})
		if e.make < i {
			continue
		}
		e.values = pgschema.Strings(units[e.make].Tree.GetCreateEnumStmt().GetVals())
		e.judge(units, old.Values)
	}
}

func (e enumAgain) judge(units []unit, old []string) {
	rename := &units[e.rename]
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
	line := rename.Line
	rename.ruling = split([]File{e.file(old)}, rename.act, "makes the type %s again with more values, which writes every table that has it anew: ADD VALUE does it without", e.name)
	e.rest(units[e.rename+1:], func(u unit) ruling {
		r := neutral(u.act, "belongs to making the type %s again, which line %d begins", e.name, line)
		r.left = true
		return r
	})
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
	if c := tree.GetCreateEnumStmt(); c != nil {
		return pgschema.NameOfParts(pgschema.Strings(c.GetTypeName())) == e.name
	}
	if r := tree.GetRenameStmt(); r != nil {
		return pgschema.NameOfParts(objectParts(r.GetObject())) == e.name
	}
	if tree.GetDropStmt() != nil {
		return slices.Equal(takesNames(tree), []string{relationName(e.away)})
	}
	cmds := tree.GetAlterTableStmt().GetCmds()
	if len(cmds) != 1 || cmds[0].GetAlterTableCmd().GetSubtype() != pg.AlterTableType_AT_AlterColumnType {
		return false
	}
	to := pgschema.Strings(cmds[0].GetAlterTableCmd().GetDef().GetColumnDef().GetTypeName().GetNames())
	return pgschema.NameOfParts(to) == e.name
}

// file adds the new values in their places. A value is placed beside one that
// is there by then.
func (e enumAgain) file(old []string) File {
	var statements []string
	for i, v := range e.values {
		if slices.Contains(old, v) {
			continue
		}
		add := "ALTER TYPE " + sqlName(e.name) + " ADD VALUE " + literal(v)
		switch {
		case i > 0:
			add += " AFTER " + literal(e.values[i-1])
		case len(old) > 0:
			add += " BEFORE " + literal(old[0])
		}
		statements = append(statements, add)
	}
	return File{Name: "expand_add_values_" + act(e.name.Local), Phase: phaseExpand, SQL: lines(statements...)}
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

func uncast(e *pg.Node) proto.Message {
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
