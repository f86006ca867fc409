package pgeffect

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// rows has the statements that read and change rows, and those whose work
// only a server knows; it reports whether the statement is of them.
func (a *analysis) rows(tree *pg.Node) bool {
	switch n := tree.GetNode().(type) {
	case *pg.Node_SelectStmt, *pg.Node_InsertStmt, *pg.Node_UpdateStmt, *pg.Node_DeleteStmt, *pg.Node_MergeStmt:
		a.query(tree, true)
	case *pg.Node_CopyStmt:
		a.copyRows(n.CopyStmt)
	case *pg.Node_ExplainStmt:
		a.query(n.ExplainStmt.GetQuery(), option(n.ExplainStmt.GetOptions(), "analyze"))
	case *pg.Node_PrepareStmt:
		a.query(n.PrepareStmt.GetQuery(), false)
	case *pg.Node_DeclareCursorStmt:
		a.query(n.DeclareCursorStmt.GetQuery(), true)
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

// query locks what a query names: ACCESS SHARE what it reads, ROW SHARE what
// it locks rows of, ROW EXCLUSIVE what it changes. run is false where it is
// only parsed.
//
// Source: https://www.postgresql.org/docs/current/explicit-locking.html.
// Indexes have the mode of their table since 12 (get_relation_info). Measured:
// insert_select, update_*, select_for_update.
func (a *analysis) query(tree *pg.Node, run bool) {
	if tree == nil {
		return
	}
	targets := targetsOf(tree)
	for _, n := range pgschema.MentionsOf(tree).Relations {
		if _, changed := targets[n]; !changed {
			a.read(n, run && !indexed(a.schema, n, tree))
		}
	}
	a.rowLocks(tree)
	for n, how := range targets {
		a.change(n, how, tree, run)
	}
	a.called(tree)
}

// read locks a table, or a view and everything below it.
func (a *analysis) read(n pgschema.Name, scans bool) {
	if !a.schema.Has(n) {
		a.unknown(n.String() + " is not in the schema")
	}
	if v := a.schema.Views[n]; v != nil && !v.Materialized {
		a.lock(n, accessShare)
		for _, base := range v.Reads {
			if base != n && a.locks[base] == 0 {
				a.read(base, scans)
			}
		}
		return
	}
	a.below(n, accessShare)
	if scans {
		for _, t := range a.schema.Tree(n) {
			a.scan(t)
		}
	}
}

// change is what a statement does to its target.
type change string

const (
	inserts change = "insert"
	updates change = "update"
	deletes change = "delete"
)

func targetsOf(tree *pg.Node) map[pgschema.Name]change {
	targets := map[pgschema.Name]change{}
	pgschema.Walk(tree, func(m proto.Message) {
		switch s := m.(type) {
		case *pg.InsertStmt:
			targets[pgschema.NameOf(s.GetRelation())] = inserts
		case *pg.UpdateStmt:
			targets[pgschema.NameOf(s.GetRelation())] = updates
		case *pg.MergeStmt:
			targets[pgschema.NameOf(s.GetRelation())] = updates
		case *pg.DeleteStmt:
			targets[pgschema.NameOf(s.GetRelation())] = deletes
		}
	})
	return targets
}

func (a *analysis) change(n pgschema.Name, how change, tree *pg.Node, run bool) {
	a.lockNamed(n, rowExclusive)
	t := a.schema.Tables[n]
	if t == nil {
		if a.schema.Views[n] != nil {
			a.unknown("rows are changed through the view " + n.String())
		}
		return
	}
	tables := a.schema.Tree(n)
	for _, below := range tables {
		a.lock(below, rowExclusive)
		if how != deletes || a.server.Major >= 12 {
			a.indexes(below, rowExclusive)
		}
	}
	if how != inserts && run && !indexed(a.schema, n, tree) {
		for _, below := range tables {
			a.scan(below)
		}
	}
	a.foreignKeys(t, how, tree)
	if how == inserts {
		a.defaults(t, tree.GetInsertStmt())
	}
	for _, g := range t.Triggers {
		a.unknown("trigger " + g.Name + " on " + n.String() + " may do more")
	}
}

// defaults takes a number from the sequence of each column that an INSERT
// leaves out.
func (a *analysis) defaults(t *pgschema.Table, s *pg.InsertStmt) {
	var given []string
	for _, c := range s.GetCols() {
		given = append(given, c.GetResTarget().GetName())
	}
	for _, c := range t.Columns {
		if len(given) == 0 && s.GetSelectStmt() != nil || slices.Contains(given, c.Name) {
			continue
		}
		if c.Default != nil && !c.Generated {
			for _, q := range pgschema.SequencesIn(c.Default) {
				a.lock(q, rowExclusive)
			}
		}
		for _, q := range a.schema.SequencesOf(t.Name) {
			if c.Identity && q.Column == c.Name {
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
		a.query(s.GetQuery(), true)
	case s.GetIsFrom():
		a.change(pgschema.NameOf(s.GetRelation()), inserts, nil, true)
	default:
		a.read(pgschema.NameOf(s.GetRelation()), true)
	}
}
