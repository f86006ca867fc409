package pgclass

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// replacement is a column that takes the place of another one: running code
// goes on with the old column, new code has its own, and a trigger keeps both
// in step until the old one is dropped.
type replacement struct {
	columnAlteration
	name      string // of the new column
	typ       pgschema.DataType
	collation string
	// using computes the new column's value where a cast does not; then there
	// is no way to compute the old one's from it.
	using *pg.Node
	// takesName is true where new code goes on to say the old name, which the
	// new column gets in the end.
	takesName bool
	// alike is true for a type that has the same values under another name.
	alike bool
}

// obstacle says what the files below do not cover, and what to do about it; it
// is empty for what they do.
func (r replacement) obstacle() string {
	t := r.t
	switch {
	case t.Column(r.name) != nil:
		return "there is a column " + quotedPart(r.name) + " already: give the new one another name"
	case r.c.Generated:
		return "the server computes it: add a generated column beside it, and drop this one after the deployment"
	case r.c.Identity && !isInteger(r.typ):
		return "it is an identity column, which has to be of an integer type: drop the identity after the deployment first, and let new code make the values"
	case typeSQL(r.typ) == "" || typeSQL(r.c.Type) == "":
		return "its type is not one that can be spelled here: write the files for a column beside it"
	case slices.Contains(t.PartitionKey, r.old()):
		return "its table is divided by it: fill a table of the new shape by a trigger, and swap both after the deployment"
	case t.PartitionOf != pgschema.Name{}, len(t.Inherits) > 0, t.Foreign:
		return "its table is a partition, a child or a foreign table: change the table above it"
	}
	for _, find := range []func() string{r.keyObstacle, r.indexObstacle, r.viewObstacle, r.computedObstacle, r.guardObstacle} {
		if why := find(); why != "" {
			return why
		}
	}
	return ""
}

// old is the name of the old column.
func (r replacement) old() string { return r.columnAlteration.name }

// files are the split, in order.
func (r replacement) files() []File {
	files := []File{r.expandFile()}
	for _, i := range r.indexes() {
		files = append(files, r.indexFile(i))
	}
	files = slices.Concat(files, []File{r.fillFile()}, r.contractFiles())
	slices.SortStableFunc(files, func(a, b File) int { return phaseRank(a.Phase) - phaseRank(b.Phase) })
	return files
}

func (r replacement) label() string { return act(r.table.Local, r.name) }

func (r replacement) expandFile() File {
	add := r.sql() + " ADD COLUMN " + ident(r.name) + " " + typeSQL(r.typ) + collate(r.collation)
	down := append(r.dropSync(), r.sql()+" DROP COLUMN "+ident(r.name))
	note := ""
	switch {
	case r.using != nil:
		note = "-- new code writes both columns: how " + r.old() + " follows from " + r.name + " only its author knows\n"
	case r.takesName:
		note = "-- new code goes on to say " + r.old() + "; what the old type does not hold is taken from the last file on\n"
	}
	return File{
		Name: "expand_add_" + r.label(), Phase: phaseExpand,
		SQL: note + lines(append([]string{add}, r.makeSync()...)...), Down: lines(down...),
	}
}

func (r replacement) fillFile() File {
	old, now := ident(r.old()), ident(r.name)
	value, hint := old+r.cast(r.typ), "-- on a large table let a backfill do it in batches\n"
	if r.using != nil {
		value = r.computed(nil)
	}
	if !r.takesAll() {
		hint += "-- it fails at a value that " + typeSQL(r.typ) + " does not hold; those are the author's to mend first\n"
	}
	return File{
		Name: "data_fill_" + r.label(), Phase: phaseData,
		SQL:  hint + lines("UPDATE "+sqlName(r.table)+" SET "+now+" = "+value+" WHERE "+now+" IS NULL AND "+old+" IS NOT NULL"),
		Down: "-- nothing is to be taken back: the values go with " + now + ", which an earlier file drops on its way back\n",
	}
}

// renamedColumns puts the new column's name in a list of columns.
func (r replacement) renamedColumns(columns []string) []string {
	list := slices.Clone(columns)
	for i := range list {
		if list[i] == r.old() {
			list[i] = r.name
		}
	}
	return list
}

// inTermsOfNew is an expression with the new column for the old one.
func (r replacement) inTermsOfNew(e *pg.Node) *pg.Node {
	return pgschema.WithColumn(e, r.old(), r.name)
}

// finally is an expression as it is when the old column is gone.
func (r replacement) finally(e *pg.Node) *pg.Node {
	if r.takesName {
		return e
	}
	return r.inTermsOfNew(e)
}

func collate(collation string) string {
	if collation == "" {
		return ""
	}
	return " COLLATE " + ident(collation)
}
