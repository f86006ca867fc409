package pgeffect

import (
	"fmt"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// attach locks the table that comes in, and reads it unless its constraints
// say that all its rows belong there. A default partition is locked and read
// for rows that belong into the new one.
//
// Source: ATTACH PARTITION in
// https://www.postgresql.org/docs/current/sql-altertable.html. Measured:
// attach_part, attach_part_default_exists.
func (a *alteration) attach(p *pg.PartitionCmd) {
	child := a.named(p.GetName(), accessExclusive)
	a.below(child, accessExclusive)
	a.defaultPartition(a.name, child)
	t := a.schema.Tables[child]
	if t == nil {
		return
	}
	if !fits(a.definition, t, p.GetBound()) {
		a.scan(child)
	}
	for _, i := range a.schema.IndexesOf(a.name) {
		if a.schema.EqualIndex(child, i) == nil {
			a.scan(child)
		}
	}
	for _, k := range a.definition.Constraints {
		if k.Kind == pgschema.ForeignKey {
			a.lock(k.References, shareRowExclusive)
			a.scan(child)
		}
	}
}

func (a *analysis) defaultPartition(parent, except pgschema.Name) {
	def := a.schema.DefaultPartition(parent)
	if def == nil || def.Name == except {
		return
	}
	a.lock(def.Name, accessExclusive)
	a.scan(def.Name)
}

// fits reports whether validated CHECKs of a table say what a range bound over
// one column asks for, and that the column is never NULL. It misses proofs
// that PostgreSQL finds, and finds none that PostgreSQL misses.
func fits(parent, child *pgschema.Table, bound *pg.PartitionBoundSpec) bool {
	if len(parent.PartitionKey) != 1 || bound.GetStrategy() != "r" {
		return false
	}
	key := parent.PartitionKey[0]
	c := child.Column(key)
	if !child.IsNotNull(key) && (c == nil || !c.NotNull) {
		return false
	}
	var said []string
	for _, k := range child.Constraints {
		if k.Kind == pgschema.Check && k.Validated {
			said = append(said, comparisons(k.Expression)...)
		}
	}
	return saysBound(said, key, ">=", bound.GetLowerdatums()) && saysBound(said, key, "<", bound.GetUpperdatums())
}

func saysBound(said []string, key, operator string, values []*pg.Node) bool {
	return len(values) == 1 && values[0].GetAConst() != nil && slices.Contains(said, comparison(key, operator, values[0].GetAConst()))
}

// comparisons lists the "column operator constant" that an expression demands
// all at once.
func comparisons(e *pg.Node) []string {
	if and := e.GetBoolExpr(); and != nil && and.GetBoolop() == pg.BoolExprType_AND_EXPR {
		var all []string
		for _, n := range and.GetArgs() {
			all = append(all, comparisons(n)...)
		}
		return all
	}
	x := e.GetAExpr()
	value := x.GetRexpr()
	if value.GetTypeCast() != nil {
		value = value.GetTypeCast().GetArg()
	}
	if x == nil || pgschema.ColumnOf(x.GetLexpr()) == "" || value.GetAConst() == nil || len(x.GetName()) != 1 {
		return nil
	}
	return []string{comparison(pgschema.ColumnOf(x.GetLexpr()), x.GetName()[0].GetString_().GetSval(), value.GetAConst())}
}

func comparison(column, operator string, value *pg.A_Const) string {
	return fmt.Sprintf("%s %s %T %d %q %q", column, operator, value.GetVal(), value.GetIval().GetIval(),
		value.GetFval().GetFval(), value.GetSval().GetSval())
}

// detach locks the table that leaves, and its indexes that belong to indexes
// of the parent.
//
// Source: DETACH PARTITION in
// https://www.postgresql.org/docs/current/sql-altertable.html. Measured:
// detach_part, detach_conc_hold.
func (a *alteration) detach(p *pg.PartitionCmd) {
	m := accessExclusive
	if a.server.Major < 14 {
		m = shareUpdateExclusive
	}
	child := a.named(p.GetName(), m)
	if def := a.schema.DefaultPartition(a.name); def != nil {
		a.lock(def.Name, accessExclusive)
	}
	for _, i := range a.schema.IndexesOf(child) {
		if i.Parent != (pgschema.Name{}) {
			a.lock(i.Name, accessExclusive)
		}
	}
}

// inherit locks the parent so that its definition stays. Measured: inherit;
// NO INHERIT by ATExecDropInherit in src/backend/commands/tablecmds.c.
func (a *alteration) inherit(c *pg.AlterTableCmd) {
	m := accessShare
	if c.GetSubtype() == pg.AlterTableType_AT_AddInherit {
		m = shareUpdateExclusive
	}
	a.named(c.GetDef().GetRangeVar(), m)
}
