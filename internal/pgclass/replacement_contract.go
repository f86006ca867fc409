package pgclass

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// contractFiles make the new column what the old one was, and drop that one.
// What reads the table is a file of its own, as is what comes before it, so
// that no lock is held over the scan.
func (r replacement) contractFiles() []File {
	list, _ := r.constraintsAnew()
	if r.c.NotNull {
		list = append(list, constraintAnew{r.notNullName(), "CHECK (" + ident(r.name) + " IS NOT NULL)"})
	}
	if !r.takesAll() {
		old := ident(r.columnAlteration.name)
		list = append(list, constraintAnew{named(r.table.Local, r.name, "moved"), "CHECK (" + ident(r.name) + " IS NOT NULL OR " + old + " IS NULL)"})
	}
	var add, validate, undo []string
	for _, k := range list {
		add = append(add, r.sql()+" ADD CONSTRAINT "+ident(k.name)+" "+k.text+" NOT VALID")
		validate = append(validate, r.sql()+" VALIDATE CONSTRAINT "+ident(k.name))
		undo = append(undo, r.sql()+" DROP CONSTRAINT "+ident(k.name))
	}
	var files []File
	if len(list) > 0 {
		files = append(files,
			File{
				Name: "contract_check_" + r.label(), Phase: phaseContract, Down: lines(undo...),
				SQL: "-- lockstep:phase contract running code is to be gone when its columns get other constraints\n" + lines(add...),
			},
			File{
				Name: "contract_validate_" + r.label(), Phase: phaseContract,
				SQL:  "-- lockstep:phase contract it validates what the file before it adds\n" + lines(validate...),
				Down: lines(slices.Concat(undo, add)...),
			})
	}
	return append(files, r.dropFile())
}

func (r replacement) notNullName() string { return named(r.table.Local, r.name, "not_null") }

func (r replacement) dropFile() File {
	statements := []string{"DROP TRIGGER " + ident(r.trigger()) + " ON " + sqlName(r.table), "DROP FUNCTION " + r.function() + "()"}
	if r.c.NotNull {
		statements = append(statements, r.sql()+" ALTER COLUMN "+ident(r.name)+" SET NOT NULL", r.sql()+" DROP CONSTRAINT "+ident(r.notNullName()))
	}
	if r.c.Default != nil {
		statements = append(statements, r.defaultAnew()...)
	}
	for _, i := range r.indexes() {
		if i.Constraint != "" {
			statements = append(statements, r.sql()+" ADD CONSTRAINT "+ident(r.indexName(i))+" UNIQUE USING INDEX "+ident(r.indexName(i)))
		}
	}
	statements = append(statements, r.sql()+" DROP COLUMN "+ident(r.columnAlteration.name))
	return File{Name: "contract_drop_" + act(r.table.Local, r.columnAlteration.name), Phase: phaseContract, SQL: lines(statements...)}
}

// defaultAnew moves the default, and the sequence that it draws from.
func (r replacement) defaultAnew() []string {
	text, err := pgsyntax.DeparseExpression(r.c.Default)
	if err != nil {
		return []string{r.sql() + " ALTER COLUMN " + ident(r.name) + " SET DEFAULT NULL"}
	}
	switch constant := r.c.Default.GetAConst() != nil; {
	case r.typ.Equal(r.c.Type):
	case constant && strings.HasPrefix(r.c.Type.Name.Local, "timestamp"):
		text += r.cast(r.c.Type) // read in the zone of the session that inserts, as it was
	case !constant:
		text = "(" + text + ")" + r.cast(r.c.Type) + r.cast(r.typ)
	}
	all := []string{r.sql() + " ALTER COLUMN " + ident(r.name) + " SET DEFAULT " + text}
	for _, q := range r.now.SequencesOf(r.table) {
		if q.Column == r.columnAlteration.name {
			all = append(all, "ALTER SEQUENCE "+sqlName(q.Name)+" OWNED BY "+sqlName(r.table)+"."+ident(r.name))
		}
	}
	return all
}

// renameColumns is an expression with another name for a column.
func renameColumns(e *pg.Node, from, to string) *pg.Node {
	cloned, _ := proto.Clone(e).(*pg.Node)
	pgschema.Walk(cloned, func(m proto.Message) {
		c, is := m.(*pg.ColumnRef)
		if !is || len(c.GetFields()) == 0 {
			return
		}
		if last := c.GetFields()[len(c.GetFields())-1].GetString_(); last != nil && last.GetSval() == from {
			last.Sval = to
		}
	})
	return cloned
}
