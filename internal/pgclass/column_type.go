package pgclass

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgeffect"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// retype is an expand where the new type takes every value that running code
// writes, gives it the same ones back, and no row is written anew.
func (c columnAlteration) retype() ruling {
	d := c.cmd.GetDef().GetColumnDef()
	to := c.now.TypeOf(d.GetTypeName())
	act := c.act("type")
	switch {
	case c.newRelation(c.table):
		return c.onNew(act, "changes a column's type")
	case c.isNew():
		return free(act, "changes the type of %s, which released code does not know", c.full)
	case c.c == nil:
		return ask(act, "changes the type of %s, which no migration has made, so that its present type is not known: add a column of another name beside it, and drop this one after the deployment", c.full)
	}
	cost := pgeffect.Of(pgsyntax.Statement{Tree: &pg.Node{Node: &pg.Node_AlterTableStmt{AlterTableStmt: &pg.AlterTableStmt{
		Relation: rangeVar(c.table), Cmds: []*pg.Node{{Node: &pg.Node_AlterTableCmd{AlterTableCmd: c.cmd}}},
		Objtype: pg.ObjectType_OBJECT_TABLE,
	}}}}, c.now, pgeffect.Server{Major: oldest})
	switch {
	case len(c.now.ViewsOn(c.table, c.name)) > 0, len(cost.Rewrites) > 0, !sameMeaning(c.c.Type, to):
		return c.another(to, d, act)
	case c.now.Constrained(c.c.Type) && !c.now.Constrained(to):
		return contract(act, "takes the demands of the domain %s off %s, which running code may rely on to reject its writes", c.c.Type, c.full)
	case len(cost.Scans) > 0:
		return c.rescanned(d, act)
	}
	return expand(act, "widens %s from %s to %s: a connection that has prepared a query of it meets one error", c.full, c.c.Type, to)
}

// oldest is the oldest server that is thought of: what is no rewrite there is
// none on a newer one.
const oldest = 12

// sameMeaning reports whether both types compare and spell values alike.
func sameMeaning(from, to pgschema.DataType) bool {
	loose := func(d pgschema.DataType) bool { return d.Name.Local == "citext" }
	return loose(from) == loose(to)
}

// another is a new column beside the old one.
func (c columnAlteration) another(to pgschema.DataType, d *pg.ColumnDef, act string) ruling {
	if c.c.Generated {
		another := *c.c
		another.Name, another.Type = c.free(c.name+"_v2"), to
		if files, why := c.computedFiles(&another); why == "" {
			return split(files, act, "changes the type of %s from %s to %s, which running code does not expect", c.full, c.c.Type, to)
		}
	}
	r := replacement{columnAlteration: c, name: c.free(c.name + "_v2"), typ: to, collation: lastOf(pgschema.Strings(d.GetCollClause().GetCollname()))}
	if !c.plainUsing(d.GetRawDefault()) {
		r.using = d.GetRawDefault()
	}
	r.takesName = r.using == nil && isInteger(c.c.Type) && isInteger(to) && r.takesAll()
	reason := "changes the type of %s from %s to %s, which running code does not expect"
	if view := c.now.ViewsOn(c.table, c.name); len(view) > 0 {
		reason += ", and PostgreSQL refuses while the view " + view[0].Name.String() + " reads it"
	}
	if why := r.obstacle(); why != "" {
		return ask(act, reason+"; "+why, c.full, c.c.Type, to)
	}
	return split(r.files(), act, reason, c.full, c.c.Type, to).touching(r.touches())
}

func isInteger(d pgschema.DataType) bool {
	return slices.Contains([]string{"int2", "int4", "int8"}, d.Builtin())
}

// plainUsing reports whether USING is the column itself, with casts or not.
func (c columnAlteration) plainUsing(using *pg.Node) bool {
	for using.GetTypeCast() != nil {
		using = using.GetTypeCast().GetArg()
	}
	return using == nil || pgschema.ColumnOf(using) == c.name
}

// rescanned is a change that no code sees, but that reads the whole table to
// check a CHECK or to make an index again. A CHECK can be made NOT VALID
// instead.
func (c columnAlteration) rescanned(d *pg.ColumnDef, act string) ruling {
	var drop, add, validate []string
	for _, k := range c.t.Constraints {
		if k.Kind != pgschema.Check || !k.Validated || !slices.Contains(k.Columns, c.name) {
			continue
		}
		text, err := pgsyntax.DeparseExpression(k.Expression)
		if err != nil {
			return ask(act, "widens %s, whose CHECK %s is read again over the whole table under a lock that stops everything: drop the CHECK in the same file, and add it again NOT VALID", c.full, k.Name)
		}
		drop = append(drop, c.sql()+" DROP CONSTRAINT "+ident(k.Name))
		add = append(add, c.sql()+" ADD CONSTRAINT "+ident(k.Name)+" CHECK ("+text+") NOT VALID")
		validate = append(validate, c.sql()+" VALIDATE CONSTRAINT "+ident(k.Name))
	}
	change, err := pgsyntax.Deparse(&pg.Node{Node: &pg.Node_AlterTableStmt{AlterTableStmt: &pg.AlterTableStmt{
		Relation: rangeVar(c.table), Cmds: []*pg.Node{{Node: &pg.Node_AlterTableCmd{AlterTableCmd: c.cmd}}}, Objtype: pg.ObjectType_OBJECT_TABLE,
	}}})
	if len(drop) == 0 || err != nil {
		return c.another(c.now.TypeOf(d.GetTypeName()), d, act)
	}
	narrow := c.sqlColumn() + " TYPE " + typeSQL(c.c.Type) + collate(c.c.Collation)
	return split([]File{
		{
			Name: "expand_widen_" + nameOf(c.table, c.name), Phase: phaseExpand, SQL: lines(slices.Concat(drop, []string{change}, add)...),
			Down: "-- it writes every row of " + c.table.String() + " under a lock that stops everything,\n-- and fails at a value that " + typeSQL(c.c.Type) + " does not hold\n" +
				lines(slices.Concat(drop, []string{narrow}, validated(add))...),
		},
		{
			Name: "expand_validate_" + nameOf(c.table, c.name), Phase: phaseExpand, SQL: lines(validate...),
			Down: lines(slices.Concat(drop, add)...),
		},
	}, act, "widens %s, whose CHECK is read again over the whole table under a lock that stops everything", c.full)
}

// validated are statements that add a constraint, which is valid then.
func validated(add []string) []string {
	var all []string
	for _, text := range add {
		all = append(all, strings.TrimSuffix(text, " NOT VALID"))
	}
	return all
}

func nameOf(table interface{ String() string }, column string) string {
	return act(table.String(), column)
}

func rangeVar(n pgschema.Name) *pg.RangeVar {
	return &pg.RangeVar{Schemaname: n.Schema, Relname: n.Local, Inh: true, Relpersistence: "p"}
}

func lastOf(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1]
}
