package pgclass

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// computedAgain adds a generated column beside one whose expression, name or
// type changes. Nothing is lost by dropping the old one: the server computes
// it again.
func (c columnAlteration) computedAgain(act string) ruling {
	reason := "changes what %s is computed from, which running code reads"
	if c.c == nil {
		return ask(act, reason+", and no migration has made it, so that its type is not known: add another generated column, and drop this one after the deployment", c.full)
	}
	another := *c.c
	another.Name, another.Default = c.free(c.name+"_v2"), c.cmd.GetDef()
	files, why := c.computedFiles(&another)
	if why != "" {
		return ask(act, reason+"; "+why, c.full)
	}
	return split(files, act, reason, c.full)
}

// computedFiles are the split for a generated column that another one takes the
// place of; why says what is in the way.
func (c columnAlteration) computedFiles(another *pgschema.Column) (files []File, why string) {
	was, is := generatedSQL(c.c), generatedSQL(another)
	switch {
	case c.t.Column(another.Name) != nil:
		return nil, "there is a column " + quotedPart(another.Name) + " already: give the new one another name"
	case was == "" || is == "":
		return nil, "it cannot be written anew from what is known: add another generated column, and drop this one after the deployment"
	case c.mayFail(another.Default) != "" || !c.fits(another.Type, another.Default):
		return nil, "what it is computed by can fail for a row, and a write of running code fails with it: let the expression have a value for every row"
	case len(c.t.Inherits) > 0 || c.t.PartitionOf != pgschema.Name{} || len(c.now.Children(c.table)) > 0:
		return nil, "its table has tables above or below it: add another generated column to the one above, and drop this one after the deployment"
	}
	if needed := c.needing(); needed != "" {
		return nil, needed + " needs it: add another generated column, let that need it, and drop this one after the deployment"
	}
	const warning = "-- it is computed for every row, under a lock that stops everything\n"
	add := func(definition string) string { return c.sql() + " ADD COLUMN " + definition }
	drop := func(name string) string { return c.sql() + " DROP COLUMN " + ident(name) }
	return []File{
		{Name: "expand_add_" + act(c.table.Local, another.Name), Phase: phaseExpand, SQL: warning + lines(add(is)), Down: lines(drop(another.Name))},
		{Name: "contract_drop_" + act(c.table.Local, c.name), Phase: phaseContract, SQL: lines(drop(c.name)), Down: warning + lines(add(was))},
	}, ""
}

// needing names what goes with a column, or keeps it from being dropped.
func (c columnAlteration) needing() string {
	for _, i := range c.now.IndexesOf(c.table) {
		if slices.Contains(i.Columns, c.name) {
			return "the index " + i.Name.String()
		}
	}
	for _, k := range c.t.Constraints {
		if slices.Contains(k.Columns, c.name) {
			return "the constraint " + quotedPart(k.Name)
		}
	}
	for _, v := range c.now.ViewsOn(c.table, c.name) {
		return "the view " + v.Name.String()
	}
	for _, g := range c.t.Guards {
		if slices.Contains(pgschema.MentionsOf(g).Columns, c.name) {
			return "the policy " + quotedPart(g.GetPolicyName())
		}
	}
	for _, g := range c.t.Triggers {
		if g.Made != nil && (slices.Contains(pgschema.MentionsOf(g.Made).Columns, c.name) || slices.Contains(pgschema.Strings(g.Made.GetColumns()), c.name)) {
			return "the trigger " + quotedPart(g.Name)
		}
	}
	if len(c.t.StatisticsOn(c.name)) > 0 {
		return "a statistics object"
	}
	return ""
}

// generatedSQL is the definition of a generated column, empty where it cannot
// be spelled.
func generatedSQL(c *pgschema.Column) string { return generatedAs(c, c.Default) }

func generatedAs(c *pgschema.Column, e *pg.Node) string {
	text, err := pgsyntax.DeparseExpression(e)
	if err != nil || typeSQL(c.Type) == "" {
		return ""
	}
	definition := ident(c.Name) + " " + typeSQL(c.Type) + collate(c.Collation) + " GENERATED ALWAYS AS (" + text + ") STORED"
	if c.NotNull {
		definition += " NOT NULL"
	}
	return definition
}
