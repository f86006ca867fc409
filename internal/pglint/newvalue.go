package pglint

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/plans"
)

// NewValues meets values of enums that a text adds and uses in one transaction,
// on the schema as it is by now. It changes nothing: it is for down files, of
// which the other rules do not speak.
func (l *Linter) NewValues(text Text) []plans.Finding {
	if text.Apart || !slices.ContainsFunc(text.Statements, addsValue) {
		return nil
	}
	f := &fileview{linter: l, path: text.Path, made: map[pgschema.Name]bool{}}
	t := newTransaction()
	var path pgschema.SearchPath
	for _, st := range text.Statements {
		st, _ = path.Follow(l.schema, st)
		k := look{Statement: st, schema: l.schema, file: f}
		if k.ends() {
			t = newTransaction()
		}
		f.newValue(k, t)
		t.noteEnum(k)
	}
	return f.findings
}

func addsValue(st pgsyntax.Statement) bool { return st.Tree.GetAlterEnumStmt() != nil }

// noteEnum keeps the values that the transaction adds, and the types that it
// makes.
func (t *transaction) noteEnum(l look) {
	if e := l.Tree.GetCreateEnumStmt(); e != nil {
		t.types[enumName(e.GetTypeName())] = true
	}
	if e := l.Tree.GetAlterEnumStmt(); e.GetNewVal() != "" && e.GetOldVal() == "" && !t.types[enumName(e.GetTypeName())] {
		t.labels[e.GetNewVal()] = enumName(e.GetTypeName())
	}
}

func enumName(parts []*pg.Node) pgschema.Name {
	return pgschema.NameOfParts(pgschema.Strings(parts))
}

// newValue meets a string that is a new value of an enum. Where it is certain
// that it is meant as one, the server refuses the statement each time.
func (f *fileview) newValue(l look, t *transaction) {
	if len(t.labels) == 0 || l.Tree == nil {
		return
	}
	use := labelUse{look: l, labels: t.labels, relations: pgschema.MentionsOf(l.Tree).Relations}
	pgsyntax.Walk(l.Tree, use.visit)
	if use.found == "" {
		return
	}
	severity := plans.Severity("")
	if use.certain {
		severity = plans.SeverityError
	}
	f.reportAs(l, hit{"new-enum-value", pgrule.Names{Type: sql(t.labels[use.found]), Default: literal(use.found)}}, severity)
}

// labelUse looks for new values in one statement.
type labelUse struct {
	look
	labels    map[string]pgschema.Name
	relations []pgschema.Name
	found     string
	certain   bool
}

func (u *labelUse) visit(m proto.Message) {
	switch n := m.(type) {
	case *pg.A_Const:
		if value := n.GetSval().GetSval(); u.labels[value].Local != "" && !u.certain {
			u.found = value
		}
	case *pg.TypeCast:
		u.sure(n.GetArg(), u.schema.TypeOf(n.GetTypeName()).Name)
	case *pg.A_Expr:
		u.sure(n.GetRexpr(), u.typeOf(pgschema.ColumnOf(n.GetLexpr())))
		u.sure(n.GetLexpr(), u.typeOf(pgschema.ColumnOf(n.GetRexpr())))
	case *pg.UpdateStmt:
		for _, t := range n.GetTargetList() {
			u.sure(t.GetResTarget().GetVal(), u.columnOf(n.GetRelation(), t.GetResTarget().GetName()))
		}
	case *pg.InsertStmt:
		u.inserted(n)
	case *pg.AlterTableStmt:
		for _, c := range n.GetCmds() {
			if c := c.GetAlterTableCmd(); c.GetSubtype() == pg.AlterTableType_AT_ColumnDefault {
				u.sure(c.GetDef(), u.columnOf(n.GetRelation(), c.GetName()))
			}
		}
	}
}

// sure notes that an expression is a new value of the type.
func (u *labelUse) sure(e *pg.Node, typ pgschema.Name) {
	value := e.GetAConst().GetSval().GetSval()
	if typ.Local != "" && u.labels[value] == typ {
		u.found, u.certain = value, true
	}
}

func (u *labelUse) inserted(n *pg.InsertStmt) {
	var columns []string
	for _, c := range n.GetCols() {
		columns = append(columns, c.GetResTarget().GetName())
	}
	if t := u.schema.Tables[pgschema.NameOf(n.GetRelation())]; t != nil && len(columns) == 0 {
		for _, c := range t.Columns {
			columns = append(columns, c.Name)
		}
	}
	rows := n.GetSelectStmt().GetSelectStmt()
	for _, row := range rows.GetValuesLists() {
		for i, value := range row.GetList().GetItems() {
			if i < len(columns) {
				u.sure(value, u.columnOf(n.GetRelation(), columns[i]))
			}
		}
	}
	for i, target := range rows.GetTargetList() {
		if i < len(columns) {
			u.sure(target.GetResTarget().GetVal(), u.columnOf(n.GetRelation(), columns[i]))
		}
	}
}

// columnOf is the type of a table's column, as it is or was before the
// statement; empty for arrays and where it is not known.
func (u *labelUse) columnOf(r *pg.RangeVar, name string) pgschema.Name {
	return u.typeIn(pgschema.NameOf(r), name)
}

func (u *labelUse) typeIn(table pgschema.Name, name string) pgschema.Name {
	t := u.schema.Tables[table]
	if t == nil || t.Column(name) == nil || t.Column(name).Type.Array {
		return pgschema.Name{}
	}
	return t.Column(name).Type.Name
}

// typeOf is the type of a column by its name alone, where all relations of the
// statement that have it agree.
func (u *labelUse) typeOf(name string) pgschema.Name {
	var found pgschema.Name
	for _, r := range u.relations {
		typ := u.typeIn(r, name)
		switch {
		case typ.Local == "":
		case found.Local != "" && found != typ:
			return pgschema.Name{}
		default:
			found = typ
		}
	}
	return found
}
