package pgclass

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgeffect"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// create are the statements that make a relation, a function or a trigger.
func (j judging) create(tree *pg.Node) (ruling, bool) {
	switch n := tree.GetNode().(type) {
	case *pg.Node_CreateStmt:
		return j.createTable(n.CreateStmt), true
	case *pg.Node_CreateForeignTableStmt:
		return j.createTable(n.CreateForeignTableStmt.GetBaseStmt()), true
	case *pg.Node_CreateTableAsStmt:
		return j.createTableAs(n.CreateTableAsStmt), true
	case *pg.Node_ViewStmt:
		return j.createView(n.ViewStmt), true
	case *pg.Node_IndexStmt:
		return j.createIndex(n.IndexStmt), true
	case *pg.Node_CreateFunctionStmt:
		return j.createFunction(n.CreateFunctionStmt), true
	case *pg.Node_CreateTrigStmt:
		return j.createTrigger(n.CreateTrigStmt), true
	case *pg.Node_RuleStmt:
		return j.createRule(n.RuleStmt), true
	}
	return ruling{}, false
}

// createTable is an expand even where a foreign key points at a table of
// running code: until new code writes the first row, nothing holds it.
func (j judging) createTable(c *pg.CreateStmt) ruling {
	name := pgschema.NameOf(c.GetRelation())
	act := act("create", name.Local)
	switch {
	case c.GetRelation().GetRelpersistence() == "t":
		return neutral(act, "creates the temporary table %s", name)
	case j.now.Has(name) && c.GetIfNotExists():
		return neutral(act, "creates nothing, as %s is there already", name)
	case c.GetPartbound() != nil && len(c.GetInhRelations()) > 0:
		parent := pgschema.NameOf(c.GetInhRelations()[0].GetRangeVar())
		if r, is := j.stricterPartition(partition{name, parent, demanding(c), act}); is {
			return r
		}
		return expand(act, "creates the partition %s of %s", name, parent).back("DROP TABLE " + sqlName(name))
	}
	reason := "creates the table " + name.String()
	if parent, holds := j.holdsParent(c, name); holds {
		reason += "; once new code has written to it, a DELETE of a row of " + parent.String() + " that it points at fails"
	}
	return expand(act, "%s", reason).back("DROP TABLE " + sqlName(name))
}

// holdsParent names a released table whose rows a foreign key of the new table
// will keep from being deleted.
func (j judging) holdsParent(c *pg.CreateStmt, name pgschema.Name) (pgschema.Name, bool) {
	var found pgschema.Name
	pgschema.Walk(c, func(m proto.Message) {
		k, is := m.(*pg.Constraint)
		if !is || k.GetContype() != pg.ConstrType_CONSTR_FOREIGN || found != (pgschema.Name{}) {
			return
		}
		parent := pgschema.NameOf(k.GetPktable())
		if holds(k) && parent != name && !j.newRelation(parent) {
			found = parent
		}
	})
	return found, found != pgschema.Name{}
}

// holds reports whether a foreign key keeps the row that it points at.
func holds(k *pg.Constraint) bool {
	return !slices.Contains([]string{"c", "n", "d"}, k.GetFkDelAction())
}

func (j judging) createTableAs(c *pg.CreateTableAsStmt) ruling {
	own := madeFromQuery(c)
	if changes := j.changes(c.GetQuery()); len(changes) > 0 {
		return worstOf(append(changes, own))
	}
	return own
}

func madeFromQuery(c *pg.CreateTableAsStmt) ruling {
	name := pgschema.NameOf(c.GetInto().GetRel())
	act := act("create", name.Local)
	if c.GetInto().GetRel().GetRelpersistence() == "t" {
		return neutral(act, "creates the temporary table %s", name)
	}
	if c.GetObjtype() == pg.ObjectType_OBJECT_MATVIEW {
		return expand(act, "creates the materialized view %s", name).back("DROP MATERIALIZED VIEW " + sqlName(name))
	}
	return expand(act, "creates the table %s from a query", name).back("DROP TABLE " + sqlName(name))
}

func (j judging) createView(v *pg.ViewStmt) ruling {
	name := pgschema.NameOf(v.GetView())
	act := act("create", name.Local)
	old := j.now.Views[name]
	var r ruling
	switch {
	case old == nil && v.GetReplace() && !j.sure():
		r = ask(act, "creates or replaces the view %s: the schema is not all known, so running code may read one of that name", name)
	case old == nil && v.GetReplace():
		r = expand(act, "creates the view %s; where somebody has made one of that name outside of the migrations, running code reads the new one", name).back("DROP VIEW " + sqlName(name))
	case old == nil:
		r = expand(act, "creates the view %s", name).back("DROP VIEW " + sqlName(name))
	case j.newRelation(name):
		r = expand(act, "replaces the view %s, which released code does not know", name)
	case optioned(v) || old.Options:
		r = ask(act, "replaces the view %s with other options or without those that it had, by which writes of running code may fail or its rights may not do", name)
	case pgsyntax.Same(v.GetQuery(), old.Query):
		r = neutral(act, "replaces the view %s by the same query", name)
	case extends(v.GetQuery().GetSelectStmt(), old.Query.GetSelectStmt()) && j.harmlessBehind(v.GetQuery(), old.Query):
		r = expand(act, "adds columns behind those of the view %s", name)
	default:
		r = ask(act, "replaces the view %s, so that released code may read something else", name)
	}
	r.outputs = j.outputs(v)
	return r
}

// extends reports whether a query is another one with more columns behind.
func extends(query, of *pg.SelectStmt) bool {
	had := len(of.GetTargetList())
	if of == nil || query == nil || len(query.GetTargetList()) <= had || of.GetOp() != pg.SetOperation_SETOP_NONE ||
		query.GetOp() != pg.SetOperation_SETOP_NONE || len(of.GetDistinctClause()) > 0 || len(of.GetGroupClause()) > 0 {
		return false
	}
	shorter, _ := proto.Clone(query).(*pg.SelectStmt)
	shorter.TargetList = shorter.GetTargetList()[:had]
	return pgsyntax.Same(shorter, of)
}

// optioned reports whether a view has options, which decide whose rights count
// and which rows are taken.
func optioned(v *pg.ViewStmt) bool {
	return len(v.GetOptions()) > 0 || v.GetWithCheckOption() > pg.ViewCheckOption_NO_CHECK_OPTION
}

// harmlessBehind reports whether the columns that a query has behind those of
// another one change no row and cannot fail: a set doubles rows, and a window
// or an aggregate takes no more writes through the view.
func (j judging) harmlessBehind(query, of *pg.Node) bool {
	list := query.GetSelectStmt().GetTargetList()
	for _, n := range list[len(of.GetSelectStmt().GetTargetList()):] {
		if j.mayFail(n) != "" {
			return false
		}
	}
	return true
}

// outputs are the columns of a view over one table without conditions, nil
// for any other view.
func (j judging) outputs(v *pg.ViewStmt) []string {
	q := v.GetQuery().GetSelectStmt()
	if q == nil || len(q.GetFromClause()) != 1 || q.GetFromClause()[0].GetRangeVar() == nil || q.GetWhereClause() != nil ||
		len(q.GetGroupClause()) > 0 || len(q.GetDistinctClause()) > 0 || q.GetLimitCount() != nil || q.GetLimitOffset() != nil ||
		len(v.GetAliases()) > 0 || q.GetOp() != pg.SetOperation_SETOP_NONE {
		return nil
	}
	var all []string
	for _, n := range q.GetTargetList() {
		all = append(all, j.output(n.GetResTarget(), pgschema.NameOf(q.GetFromClause()[0].GetRangeVar()))...)
	}
	return all
}

func (j judging) output(target *pg.ResTarget, from pgschema.Name) []string {
	fields := target.GetVal().GetColumnRef().GetFields()
	if len(fields) == 0 {
		return nil // an expression, which nobody writes through
	}
	if fields[len(fields)-1].GetAStar() == nil {
		if target.GetName() != "" {
			return []string{target.GetName()}
		}
		return []string{pgschema.ColumnOf(target.GetVal())}
	}
	t := j.now.Tables[from]
	if t == nil {
		return []string{everything}
	}
	var all []string
	for _, c := range t.Columns {
		all = append(all, c.Name)
	}
	return all
}

// everything stands for the columns of what is no table.
const everything = "*"

func (j judging) createIndex(n *pg.IndexStmt) ruling {
	table := pgschema.NameOf(n.GetRelation())
	name, drop := n.GetIdxname(), ""
	if name == "" {
		name = "an index"
	} else {
		drop = "DROP INDEX " + sqlName(pgschema.Name{Schema: table.Schema, Local: name})
		if n.GetConcurrent() {
			drop = "DROP INDEX CONCURRENTLY " + sqlName(pgschema.Name{Schema: table.Schema, Local: name})
		}
	}
	act := act("index", table.Local, n.GetIdxname())
	if why := j.mayFail(&pg.Node{Node: &pg.Node_IndexStmt{IndexStmt: n}}); why != "" && !j.newRelation(table) {
		return ask(act, "creates %s on %s by what can fail for a row (%s), and a write of running code fails with it", quotedName(name), table, why).back(drop)
	}
	if n.GetIfNotExists() && j.now.Indexes[pgschema.Name{Schema: table.Schema, Local: name}] != nil {
		return neutral(act, "creates nothing, as the index %s is there already", name)
	}
	if !n.GetUnique() {
		return expand(act, "creates %s on %s", quotedName(name), table).back(drop)
	}
	var columns []string
	for _, p := range n.GetIndexParams() {
		if c := p.GetIndexElem().GetName(); c != "" {
			columns = append(columns, c)
		}
	}
	columns = append(columns, pgschema.MentionsOf(&pg.List{Items: n.GetIndexParams()}).Columns...)
	return j.uniqueness(uniqueness{table: table, columns: columns, act: act, what: "creates the unique index " + name, nullsCount: n.GetNullsNotDistinct()}).back(drop)
}

func quotedName(name string) string {
	if name == "an index" {
		return name
	}
	return "the index " + name
}

// uniqueness is a demand that no two rows have the same values.
type uniqueness struct {
	table      pgschema.Name
	columns    []string
	act, what  string
	nullsCount bool // two NULLs are the same
}

// uniqueness breaks running code whose INSERTs repeat values. In a column that
// it does not know it leaves NULL, which repeats nothing, or the default.
func (j judging) uniqueness(u uniqueness) ruling {
	if j.newRelation(u.table) {
		return expand(u.act, "%s on %s, which released code does not know", u.what, u.table)
	}
	if has := j.demands(u); has != "" {
		return expand(u.act, "%s on %s, where %s rejects the same rows already", u.what, u.table, has)
	}
	for _, c := range u.columns {
		if !j.newColumn(u.table, c) {
			continue
		}
		column := j.now.Tables[u.table].Column(c)
		if j.distinct(column) && !u.nullsCount {
			return expand(u.act, "%s on %s, in whose column %s running code leaves nothing that repeats", u.what, u.table, c)
		}
	}
	return contract(u.act, "%s on %s, so that writes of running code that repeat a value fail", u.what, u.table)
}

// demands names a released unique index on no more than the same columns.
func (j judging) demands(u uniqueness) string {
	was := j.origin(u.table)
	if was == nil || u.nullsCount {
		return ""
	}
	for _, i := range j.now.IndexesOf(u.table) {
		within := !slices.ContainsFunc(i.Columns, func(c string) bool { return !slices.Contains(u.columns, c) })
		if i.Unique && i.Plain() && i.Valid && within && len(i.Parts) == len(i.Columns) && !j.newRelation(i.Name) {
			return i.Name.String()
		}
	}
	return ""
}

// distinct reports whether rows that leave a column out do not repeat a value
// in it: they have NULL, or what a sequence or a volatile function draws.
func (j judging) distinct(c *pgschema.Column) bool {
	if c.Identity || c.Default == nil && !c.NotNull {
		return true
	}
	return c.Default != nil && slices.ContainsFunc(pgschema.MentionsOf(c.Default).Functions, func(f *pg.FuncCall) bool {
		return pgeffect.Volatility(f, j.now) == "volatile" && calledName(f).Local != "random"
	})
}
