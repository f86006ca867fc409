package pgclass

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// computedColumns are the generated columns that are computed from the old column.
func (r replacement) computedColumns() []*pgschema.Column {
	var all []*pgschema.Column
	for _, c := range r.t.Columns {
		if c.Generated && c.Default != nil && slices.Contains(pgschema.MentionsOf(c.Default).Columns, r.old()) {
			all = append(all, c)
		}
	}
	return all
}

// computedObstacle names what is in the way of making a generated column anew.
func (r replacement) computedObstacle() string {
	for _, c := range r.computedColumns() {
		needed := ""
		for _, i := range r.now.IndexesOf(r.table) {
			if slices.Contains(i.Columns, c.Name) {
				needed = "the index " + i.Name.String()
			}
		}
		for _, k := range r.t.Constraints {
			if slices.Contains(k.Columns, c.Name) {
				needed = "the constraint " + quotedPart(k.Name)
			}
		}
		if views := r.now.ViewsOn(r.table, c.Name); len(views) > 0 {
			needed = "the view " + views[0].Name.String()
		}
		if needed != "" {
			return "the generated column " + quotedPart(c.Name) + " is computed from it, and " + needed + " needs that: drop " + needed + " first, and make it again for the new column"
		}
		if typeSQL(c.Type) == "" || r.generated(c, true) == "" {
			return "the generated column " + quotedPart(c.Name) + " is computed from it in a way that cannot be written anew: drop it first"
		}
	}
	return ""
}

func (r replacement) dropComputed() []string {
	var all []string
	for _, c := range r.computedColumns() {
		all = append(all, r.sql()+" DROP COLUMN "+ident(c.Name))
	}
	return all
}

func (r replacement) makeComputed(finally bool) []string {
	var all []string
	for _, c := range r.computedColumns() {
		all = append(all, r.sql()+" ADD COLUMN "+r.generated(c, finally))
	}
	return all
}

func (r replacement) generated(c *pgschema.Column, finally bool) string {
	e := c.Default
	if finally {
		e = r.finally(e)
	}
	return generatedAs(c, e)
}

// guardObstacle names a policy of another table that reads the old column.
func (r replacement) guardObstacle() string {
	for n, t := range r.now.Tables {
		for _, g := range t.Guards {
			if m := pgschema.MentionsOf(g); n != r.table && slices.Contains(m.Relations, r.table) && slices.Contains(m.Columns, r.old()) {
				return "the policy " + quotedPart(g.GetPolicyName()) + " of " + n.String() + " reads it: let that read the new column when both are filled, and drop the old one then"
			}
		}
	}
	if len(r.t.Policies) > len(r.t.Guards) || slices.Contains(r.makeGuards(true), "") {
		return "how a policy or a trigger of its table is made is not known: drop that first, and make it again for the new column"
	}
	return ""
}

// policies and triggers are those of the table that name the old column.
func (r replacement) policies() []*pg.CreatePolicyStmt {
	var all []*pg.CreatePolicyStmt
	for _, g := range r.t.Guards {
		if slices.Contains(pgschema.MentionsOf(g).Columns, r.old()) {
			all = append(all, g)
		}
	}
	return all
}

func (r replacement) triggers() []*pg.CreateTrigStmt {
	var all []*pg.CreateTrigStmt
	for _, g := range r.t.Triggers {
		if g.Made != nil && (slices.Contains(pgschema.Strings(g.Made.GetColumns()), r.old()) || slices.Contains(pgschema.MentionsOf(g.Made).Columns, r.old())) {
			all = append(all, g.Made)
		}
	}
	return all
}

func (r replacement) dropGuards() []string {
	var all []string
	for _, g := range r.policies() {
		all = append(all, "DROP POLICY "+ident(g.GetPolicyName())+" ON "+sqlName(r.table))
	}
	for _, g := range r.triggers() {
		all = append(all, "DROP TRIGGER "+ident(g.GetTrigname())+" ON "+sqlName(r.table))
	}
	for _, c := range r.t.StatisticsOn(r.old()) {
		all = append(all, "DROP STATISTICS "+sqlName(pgschema.NameOfParts(pgschema.Strings(c.GetDefnames()))))
	}
	return all
}

func (r replacement) makeGuards(finally bool) []string {
	var all []string
	for _, c := range r.t.StatisticsOn(r.old()) {
		c, _ = proto.Clone(c).(*pg.CreateStatsStmt)
		if finally && !r.takesName {
			c = pgschema.WithColumn(c, r.old(), r.name)
		}
		c.Relations, c.IfNotExists = []*pg.Node{{Node: &pg.Node_RangeVar{RangeVar: rangeVar(r.table)}}}, false
		all = append(all, written(&pg.Node{Node: &pg.Node_CreateStatsStmt{CreateStatsStmt: c}}))
	}
	for _, g := range r.policies() {
		g, _ = proto.Clone(g).(*pg.CreatePolicyStmt)
		if finally && !r.takesName {
			g = pgschema.WithColumn(g, r.old(), r.name)
		}
		g.Table = rangeVar(r.table)
		all = append(all, written(&pg.Node{Node: &pg.Node_CreatePolicyStmt{CreatePolicyStmt: g}}))
	}
	for _, g := range r.triggers() {
		g, _ = proto.Clone(g).(*pg.CreateTrigStmt)
		if finally && !r.takesName {
			g = pgschema.WithColumn(g, r.old(), r.name)
		}
		g.Relation = rangeVar(r.table)
		all = append(all, written(&pg.Node{Node: &pg.Node_CreateTrigStmt{CreateTrigStmt: g}}))
	}
	return all
}

// written is a statement as SQL, empty where it cannot be written.
func written(tree *pg.Node) string {
	text, err := pgsyntax.Deparse(tree)
	if err != nil {
		return ""
	}
	return text
}

// bodies warns of functions whose bodies say the old column's name beside the
// table's, or are of a trigger of the table: PostgreSQL does not know that they
// need it.
func (r replacement) bodies() string {
	if r.takesName {
		return ""
	}
	var all []string
	for n, f := range r.now.Functions {
		body := strings.ToLower(f.Body)
		fired := slices.ContainsFunc(r.t.Triggers, func(g pgschema.Trigger) bool { return g.Function == n })
		if strings.Contains(body, strings.ToLower(r.old())) && (fired || strings.Contains(body, strings.ToLower(r.table.Local))) {
			all = append(all, n.String())
		}
	}
	if len(all) == 0 {
		return ""
	}
	slices.Sort(all)
	return "-- first let these say " + r.name + ", which seem to say " + r.old() + ": " + strings.Join(all, ", ") + "\n"
}
