package pgclass

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/plans"
)

// madeAgain finds what is dropped and made again under its name: it is
// replaced, in one transaction.
func (j judging) madeAgain(units []unit) {
	for i := range units {
		gone := takesNames(units[i].Tree)
		if len(gone) != 1 || units[i].settled || units[i].Class != "contract" && units[i].Class != "ask" {
			continue
		}
		for k := i + 1; k < len(units); k++ {
			if slices.Equal(makesNames(units[k].Tree), gone) {
				j.again(&units[i], &units[k])
				break
			}
		}
	}
}

func (j judging) again(drop, make *unit) {
	asked := drop.Class == "ask" || j.unheard(drop.Tree.GetDropStmt())
	replaced := free(drop.act, "drops what line %d makes again", make.Line)
	if asked {
		drop.ruling = neutral(drop.act, "drops what line %d makes, if somebody has made one outside of the migrations", make.Line)
		if !j.sure() && make.Class == plans.ClassExpand {
			make.ruling = ask(make.act, "%s in the place of one that may be there: the schema is not all known, so running code may use that one", make.Reason)
		}
		return
	}
	switch n := make.Tree.GetNode().(type) {
	case *pg.Node_ViewStmt:
		make.ruling = j.queryAgain(pgschema.NameOf(n.ViewStmt.GetView()), n.ViewStmt.GetQuery(), make.act)
		if old := j.released.Views[pgschema.NameOf(n.ViewStmt.GetView())]; optioned(n.ViewStmt) || old != nil && old.Options {
			make.ruling = ask(make.act, "makes the view %s again with other options or without those that it had, by which writes of running code may fail or its rights may not do", pgschema.NameOf(n.ViewStmt.GetView()))
		}
	case *pg.Node_CreateTableAsStmt:
		if n.CreateTableAsStmt.GetObjtype() == pg.ObjectType_OBJECT_MATVIEW {
			make.ruling = j.queryAgain(pgschema.NameOf(n.CreateTableAsStmt.GetInto().GetRel()), n.CreateTableAsStmt.GetQuery(), make.act)
			break
		}
		drop.ruling = anotherOfItsName(drop, make)
		return
	case *pg.Node_IndexStmt:
		make.ruling = j.indexAgain(n.IndexStmt, make.ruling)
	case *pg.Node_CreateFunctionStmt:
		make.ruling = ask(make.act, "replaces the function %s, which running code may call", pgschema.NameOfParts(pgschema.Strings(n.CreateFunctionStmt.GetFuncname())))
	case *pg.Node_CreateTrigStmt:
		if make.Class == "expand" && !asked {
			make.ruling = ask(make.act, "replaces the trigger %s of %s, whose work for what running code writes another function then does", n.CreateTrigStmt.GetTrigname(), pgschema.NameOf(n.CreateTrigStmt.GetRelation()))
		}
	case *pg.Node_CreatePolicyStmt:
		make.ruling = contract(make.act, "replaces the policy %s, which decides which rows of %s running code sees", n.CreatePolicyStmt.GetPolicyName(), pgschema.NameOf(n.CreatePolicyStmt.GetTable()))
	case *pg.Node_AlterTableStmt:
		if j.constraintAgain(drop, make, n.AlterTableStmt) {
			return
		}
	default:
		drop.ruling = anotherOfItsName(drop, make)
		return
	}
	drop.ruling = replaced
}

// unheard reports whether a DROP IF EXISTS names what no release has.
func (j judging) unheard(d *pg.DropStmt) bool {
	if !d.GetMissingOk() {
		return false
	}
	before := judging{released: j.released, now: j.released}
	return !slices.ContainsFunc(d.GetObjects(), func(o *pg.Node) bool { return !before.absent(d.GetRemoveType(), objectParts(o)) })
}

func anotherOfItsName(drop, make *unit) ruling {
	r := ask(drop.act, "%s, and line %d makes another one of its name: give the new one a name of its own, and drop the old one after the deployment", drop.Reason, make.Line)
	r.Loses = drop.Loses
	return r
}

// queryAgain judges a view that is dropped and made again.
func (j judging) queryAgain(name pgschema.Name, query *pg.Node, act string) ruling {
	old := j.released.Views[name]
	switch {
	case old != nil && old.Query != nil && pgsyntax.Same(query, old.Query):
		return neutral(act, "makes the view %s again as it was", name)
	case old != nil && extends(query.GetSelectStmt(), old.Query.GetSelectStmt()) && j.harmlessBehind(query, old.Query):
		return expand(act, "adds columns behind those of the view %s", name)
	}
	return ask(act, "replaces the view %s, so that released code may read something else", name)
}

func (j judging) indexAgain(n *pg.IndexStmt, r ruling) ruling {
	name := pgschema.Name{Schema: pgschema.NameOf(n.GetRelation()).Schema, Local: n.GetIdxname()}
	old := j.released.Indexes[name]
	if old != nil && old.Plain() && n.GetWhereClause() == nil && old.Unique == n.GetUnique() && slices.Equal(keysOf(n), keys(old)) {
		return neutral(r.act, "makes the index %s again on the same columns", name)
	}
	return contract(r.act, "replaces the index %s, which queries of running code may need as it was", name)
}

func keysOf(n *pg.IndexStmt) []string {
	var all []string
	for _, p := range n.GetIndexParams() {
		all = append(all, p.GetIndexElem().GetName())
	}
	return all
}

func keys(i *pgschema.Index) []string {
	var all []string
	for _, p := range i.Parts {
		all = append(all, p.Column)
	}
	return all
}

// constraintAgain reports whether a constraint is replaced by one that takes
// all that it took, or that has to be split: a column. Then both have their
// rulings.
func (j judging) constraintAgain(drop, make *unit, a *pg.AlterTableStmt) bool {
	cmd := a.GetCmds()[0].GetAlterTableCmd()
	if cmd.GetSubtype() == pg.AlterTableType_AT_AddColumn {
		j.columnAgain(drop, make, cmd.GetDef().GetColumnDef())
		return true
	}
	t, k := j.released.Tables[pgschema.NameOf(a.GetRelation())], cmd.GetDef().GetConstraint()
	var old *pgschema.Constraint
	if t != nil {
		old = t.Constraint(k.GetConname())
	}
	if old != nil && old.Kind == pgschema.ForeignKey && k.GetContype() == pg.ConstrType_CONSTR_FOREIGN {
		make.ruling = foreignKeyAgain(old, k, make.ruling)
		return false
	}
	if old == nil || old.Kind != pgschema.Check || k.GetContype() != pg.ConstrType_CONSTR_CHECK {
		make.ruling = contract(make.act, "replaces the constraint %s of %s, which running code may rely on as it was", k.GetConname(), pgschema.NameOf(a.GetRelation())).back(make.down)
		return false
	}
	switch {
	case pgsyntax.Same(old.Expression, k.GetRawExpr()):
		make.ruling = neutral(make.act, "makes the CHECK %s again as it was", k.GetConname())
	case takesMore(k.GetRawExpr(), old.Expression):
		make.ruling = expand(make.act, "makes the CHECK %s take more values, among them all that running code writes", k.GetConname())
	}
	return false
}

// columnAgain is a column that is dropped and added again, empty: the new one
// gets another name, and running code keeps the old one.
func (j judging) columnAgain(drop, make *unit, d *pg.ColumnDef) {
	table := pgschema.NameOf(make.Tree.GetAlterTableStmt().GetRelation())
	was := judging{j.released, j.released}
	c := columnAlteration{alteration: alteration{judging: was, table: table, t: j.released.Tables[table]}, name: d.GetColname()}
	if c.t == nil {
		drop.ruling = ask(drop.act, "%s, and line %d adds it again, empty: add a column of another name, and drop this one after the deployment", drop.Reason, make.Line).losing()
		return
	}
	another, _ := proto.Clone(make.Tree.GetAlterTableStmt().GetCmds()[0].GetAlterTableCmd()).(*pg.AlterTableCmd)
	another.GetDef().GetColumnDef().Colname = c.free(c.name + "_v2")
	c.cmd = another
	added := c.addColumn(another.GetDef().GetColumnDef())
	reason := "%s, and line %d adds it again, empty"
	text, err := c.addSQL(another.GetDef().GetColumnDef())
	if added.Class != plans.ClassExpand || err != nil {
		drop.ruling = ask(drop.act, reason+": add a column of another name, and drop this one after the deployment", drop.Reason, make.Line).losing()
		return
	}
	full := table.String() + "." + quotedPart(c.name)
	drop.ruling = split([]File{
		{Name: "expand_" + added.act, Phase: phaseExpand, SQL: lines(text), Down: lines(added.down)},
		{
			Name: "contract_" + drop.act, Phase: phaseContract,
			SQL: "-- lockstep:irreversible the values of " + full + " go with it\n" + lines(drop.text()),
		},
	}, drop.act, reason, drop.Reason, make.Line).losing()
	make.ruling = neutral(make.act, "adds %s again under another name", full)
	make.left = true
}

// foreignKeyAgain judges a foreign key that is dropped and made again: from the
// same columns to the same ones it rejects what it rejected.
func foreignKeyAgain(old *pgschema.Constraint, k *pg.Constraint, r ruling) ruling {
	parent := pgschema.NameOf(k.GetPktable())
	switch {
	case !slices.Equal(old.Columns, pgschema.Strings(k.GetFkAttrs())), old.References != parent,
		!slices.Equal(old.ReferencedColumns, pgschema.Strings(k.GetPkAttrs())):
		return r
	case old.OnDelete == k.GetFkDelAction() && old.OnUpdate == k.GetFkUpdAction():
		return neutral(r.act, "makes the foreign key %s again on the same columns", k.GetConname())
	}
	if holds(k) && !holds(&pg.Constraint{FkDelAction: old.OnDelete}) {
		return contract(r.act, "makes %s keep the row of %s that it points at, so that a DELETE of running code fails", k.GetConname(), parent)
	}
	return ask(r.act, "changes what becomes of rows when running code changes or deletes the row of %s that they point at by %s", parent, k.GetConname())
}

// takesMore reports whether one condition is "column IN (...)" with all values
// of another one and more.
func takesMore(wide, narrow *pg.Node) bool {
	column, values := listed(wide)
	other, fewer := listed(narrow)
	return column != "" && column == other && len(fewer) > 0 && !slices.ContainsFunc(fewer, func(v *pg.Node) bool {
		return !slices.ContainsFunc(values, func(w *pg.Node) bool { return pgsyntax.Same(v, w) })
	})
}

// listed reads "column IN (...)" and "column = ANY (ARRAY[...])".
func listed(e *pg.Node) (column string, values []*pg.Node) {
	x := e.GetAExpr()
	if x == nil || len(x.GetName()) != 1 || x.GetName()[0].GetString_().GetSval() != "=" {
		return "", nil
	}
	right := x.GetRexpr()
	for right.GetTypeCast() != nil {
		right = right.GetTypeCast().GetArg()
	}
	switch x.GetKind() {
	case pg.A_Expr_Kind_AEXPR_IN:
		values = right.GetList().GetItems()
	case pg.A_Expr_Kind_AEXPR_OP_ANY:
		values = right.GetAArrayExpr().GetElements()
	}
	return pgschema.ColumnOf(x.GetLexpr()), values
}
