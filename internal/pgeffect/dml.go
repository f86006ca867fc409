package pgeffect

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// rows has the statements that read and change rows, and those whose work
// only a server knows; it reports whether the statement is of them.
func (a *analysis) rows(tree *pg.Node) bool {
	switch n := tree.GetNode().(type) {
	case *pg.Node_SelectStmt, *pg.Node_InsertStmt, *pg.Node_UpdateStmt, *pg.Node_DeleteStmt, *pg.Node_MergeStmt:
		a.query(tree, ran)
	case *pg.Node_CopyStmt:
		a.copyRows(n.CopyStmt)
	case *pg.Node_ExplainStmt:
		a.explain(n.ExplainStmt)
	case *pg.Node_PrepareStmt:
		a.query(n.PrepareStmt.GetQuery(), planned)
	case *pg.Node_DeclareCursorStmt:
		a.query(n.DeclareCursorStmt.GetQuery(), ran)
	case *pg.Node_DoStmt:
		a.unknown("what a DO block does is not read")
	case *pg.Node_CallStmt:
		a.unknown("what a procedure does is not read")
	case *pg.Node_ExecuteStmt:
		a.unknown("a prepared statement is not followed")
	case *pg.Node_AlterExtensionStmt:
		a.unknown("an extension's update runs scripts of its own")
	default:
		return false
	}
	return true
}

func (a *analysis) explain(s *pg.ExplainStmt) {
	if option(s.GetOptions(), "analyze") {
		a.query(s.GetQuery(), ran)
		return
	}
	a.query(s.GetQuery(), planned)
}

// stage is how far the server goes with a query.
type stage int

const (
	parsed  stage = iota // names are looked up
	planned              // views are opened, partitions and indexes looked at
	ran
)

// query locks what a query names: ACCESS SHARE what it reads, ROW SHARE what
// it locks rows of, ROW EXCLUSIVE what it changes.
//
// Source: https://www.postgresql.org/docs/current/explicit-locking.html.
// Indexes have the mode of their table since 12 (get_relation_info); INSERT
// lets go of them when it is done. Measured:
// insert_select, update_*, select_for_update.
func (a *analysis) query(tree *pg.Node, to stage) {
	if tree == nil {
		return
	}
	targets := targetsOf(tree)
	for _, n := range pgschema.MentionsOf(tree).Relations {
		if _, changed := targets[n]; !changed {
			a.read(n, to, indexed(a.schema, n, tree.GetSelectStmt().GetWhereClause()))
		}
	}
	a.rowLocks(tree)
	for n, c := range targets {
		a.change(n, c, to)
	}
	a.called(tree)
}

// read locks a table, or a view and everything below it.
func (a *analysis) read(n pgschema.Name, to stage, found bool) {
	if !a.schema.Has(n) {
		a.unknown(n.String() + " is not in the schema")
	}
	a.lock(n, accessShare)
	if to == parsed {
		return
	}
	if v := a.schema.Views[n]; v != nil && !v.Materialized {
		for _, base := range v.Reads {
			if base != n && a.locks[base] == 0 {
				a.read(base, to, false)
			}
		}
		return
	}
	a.below(n, accessShare)
	if to == ran && !found {
		for _, t := range a.schema.Tree(n) {
			a.scan(t)
		}
	}
}

// action is what a statement does to the rows of its target.
type action string

const (
	inserts action = "insert"
	updates action = "update"
	deletes action = "delete"
)

// change is one target of a statement, which may have more inside of WITH.
type change struct {
	action action
	// columns are those that get a value, where the statement lists them.
	columns   []string
	condition *pg.Node
	// fromDefaults is true for an INSERT that lists no columns and no rows.
	fromDefaults bool
}

func targetsOf(tree *pg.Node) map[pgschema.Name]change {
	targets := map[pgschema.Name]change{}
	pgschema.Walk(tree, func(m proto.Message) {
		switch s := m.(type) {
		case *pg.InsertStmt:
			targets[pgschema.NameOf(s.GetRelation())] = change{
				action: inserts, columns: targetColumns(s.GetCols()), fromDefaults: s.GetSelectStmt() == nil,
			}
		case *pg.UpdateStmt:
			targets[pgschema.NameOf(s.GetRelation())] = change{
				action: updates, columns: targetColumns(s.GetTargetList()), condition: s.GetWhereClause(),
			}
		case *pg.MergeStmt:
			targets[pgschema.NameOf(s.GetRelation())] = change{action: updates, condition: s.GetJoinCondition()}
		case *pg.DeleteStmt:
			targets[pgschema.NameOf(s.GetRelation())] = change{action: deletes, condition: s.GetWhereClause()}
		}
	})
	return targets
}

func targetColumns(nodes []*pg.Node) []string {
	var all []string
	for _, n := range nodes {
		all = append(all, n.GetResTarget().GetName())
	}
	return all
}

// sets reports whether one of these columns may get a value; without a list
// all may.
func (c change) sets(columns []string) bool {
	return len(c.columns) == 0 && !c.fromDefaults || overlap(c.columns, columns)
}

func (a *analysis) change(n pgschema.Name, c change, to stage) {
	a.lockNamed(n, rowExclusive)
	t := a.schema.Tables[n]
	if t == nil {
		if a.schema.Views[n] != nil {
			a.unknown("rows are changed through the view " + n.String())
		}
		return
	}
	scans := c.action != inserts && to == ran && !indexed(a.schema, n, c.condition)
	for _, below := range a.schema.Tree(n) {
		a.lock(below, rowExclusive)
		if c.action == updates || c.action == deletes && a.server.Major >= 12 {
			a.indexes(below, rowExclusive)
		}
		if scans {
			a.scan(below)
		}
	}
	if to == ran {
		a.foreignKeys(t, c)
		a.defaults(t, c)
	}
	for _, g := range t.Triggers {
		a.unknown("trigger " + g.Name + " on " + n.String() + " may do more")
	}
}

// defaults takes a number from the sequence of each column that an INSERT
// leaves out.
func (a *analysis) defaults(t *pgschema.Table, c change) {
	if c.action != inserts {
		return
	}
	for _, column := range t.Columns {
		if c.sets([]string{column.Name}) {
			continue
		}
		if column.Default != nil && !column.Generated {
			for _, q := range pgschema.SequencesIn(column.Default) {
				a.lock(q, rowExclusive)
			}
		}
		for _, q := range a.schema.SequencesOf(t.Name) {
			if column.Identity && q.Column == column.Name {
				a.lock(q.Name, rowExclusive)
			}
		}
	}
}

// rowLocks is SELECT ... FOR UPDATE and its like.
func (a *analysis) rowLocks(tree *pg.Node) {
	pgschema.Walk(tree, func(m proto.Message) {
		s, ok := m.(*pg.SelectStmt)
		if !ok || len(s.GetLockingClause()) == 0 {
			return
		}
		for _, from := range s.GetFromClause() {
			for _, n := range pgschema.MentionsOf(from).Relations {
				a.lock(n, rowShare)
				if a.server.Major >= 12 {
					a.indexes(n, rowShare)
				}
			}
		}
	})
}

// called looks at the functions of a query: those of sequences are known,
// those of the user are not read.
func (a *analysis) called(tree *pg.Node) {
	for _, q := range pgschema.SequencesIn(tree) {
		a.lockNamed(q, rowExclusive)
	}
	for _, f := range pgschema.MentionsOf(tree).Functions {
		name := functionName(f)
		if a.schema.Functions[name] != nil || a.volatility(f) == "" {
			a.unknown("what function " + name.String() + " does is not read")
		}
	}
}

func (a *analysis) copyRows(s *pg.CopyStmt) {
	switch {
	case s.GetRelation() == nil:
		a.query(s.GetQuery(), ran)
	case s.GetIsFrom():
		a.change(pgschema.NameOf(s.GetRelation()), change{action: inserts, columns: pgschema.Strings(s.GetAttlist())}, ran)
	default:
		a.read(pgschema.NameOf(s.GetRelation()), ran, false)
	}
}
