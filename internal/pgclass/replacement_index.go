package pgclass

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// indexes are those that have the old column in them, and are made beside for
// the new one.
func (r replacement) indexes() []*pgschema.Index {
	return slices.DeleteFunc(r.now.IndexesOf(r.table), func(i *pgschema.Index) bool { return !slices.Contains(i.Columns, r.old()) })
}

// indexObstacle names an index that cannot be made beside the old one while
// rows are written.
func (r replacement) indexObstacle() string {
	for _, i := range r.indexes() {
		switch {
		case r.t.Partitioned:
			return "the index " + i.Name.String() + " of a partitioned table cannot be made CONCURRENTLY: make it ON ONLY the table, CONCURRENTLY on each partition, and attach those"
		case r.c.Type.Name != r.typ.Name && slices.ContainsFunc(i.Parts, func(p pgschema.IndexPart) bool { return p.Column == r.old() && p.OpClass != "" }):
			return "the index " + i.Name.String() + " has an operator class of its type: drop the index first, and make it CONCURRENTLY for the new type"
		case r.indexSQL(i, r.name) == "":
			return "the index " + i.Name.String() + " cannot be written anew from what is known: write the files for a column beside it"
		}
	}
	return ""
}

func (r replacement) indexName(i *pgschema.Index) string { return named(i.Name.Local, r.name) }

func (r replacement) indexFile(i *pgschema.Index) File {
	name := r.indexName(i)
	phase, header := phaseExpand, r.indexHeader(i)
	if i.Unique && !r.tellsApart() {
		phase, header = phaseContract, "-- lockstep:phase contract it fails where values repeat; those are the author's to mend first\n"
	}
	return File{
		Name: phase + "_index_" + act(name), Phase: phase, SQL: header + lines(r.concurrently(i)),
		Down: lines("DROP INDEX CONCURRENTLY " + sqlName(pgschema.Name{Schema: r.table.Schema, Local: name})),
	}
}

// indexHeader is for a unique index that has columns of running code in it,
// which the old index keeps unique as it is.
func (r replacement) indexHeader(i *pgschema.Index) string {
	if !i.Unique {
		return ""
	}
	return "-- lockstep:phase expand another index demands the same of the column that it is in step with\n"
}

// tellsApart reports whether different values of the old column are different
// ones of the new column, so that no write of running code repeats one there.
func (r replacement) tellsApart() bool {
	from := r.now.Underlying(r.c.Type)
	return r.using == nil && (r.typ.Equal(r.c.Type) || from.Builtin() == "text" && r.typ.Builtin() == "varchar" || from.Same(r.typ) && from.Builtin() == "varchar" || r.takesAll() && !strings.HasPrefix(from.Name.Local, "timestamp") || r.bySpelling()) &&
		r.typ.Name.Local != "citext" && r.collation == ""
}

func (r replacement) concurrently(i *pgschema.Index) string {
	made := r.indexStatement(i, r.name)
	made.Concurrent = true
	return deparsed(made)
}

// indexSQL makes an index for a column in its place, under a name that tells
// which.
func (r replacement) indexSQL(i *pgschema.Index, column string) string {
	return deparsed(r.indexStatement(i, column))
}

func (r replacement) indexStatement(i *pgschema.Index, column string) *pg.IndexStmt {
	made := i.Made
	if made == nil {
		made = r.keyIndex(i)
	}
	if made == nil {
		return nil
	}
	made, _ = proto.Clone(made).(*pg.IndexStmt)
	made.Idxname, made.Relation = i.Name.Local, rangeVar(r.table)
	made.Concurrent, made.IfNotExists = false, false
	if column != r.old() {
		made = pgschema.WithColumn(made, r.old(), column)
		made.Idxname = r.indexName(i)
	}
	return made
}

// keyIndex is the index of a constraint as a statement of its own.
func (r replacement) keyIndex(i *pgschema.Index) *pg.IndexStmt {
	k := r.t.Constraint(i.Constraint)
	if i.Constraint == "" || k == nil || k.Kind == pgschema.Exclusion {
		return nil
	}
	made := &pg.IndexStmt{Unique: true, AccessMethod: "btree", NullsNotDistinct: k.Made.GetNullsNotDistinct()}
	for _, column := range k.Columns {
		made.IndexParams = append(made.IndexParams, indexElem(column))
	}
	for _, column := range pgschema.Strings(k.Made.GetIncluding()) {
		made.IndexIncludingParams = append(made.IndexIncludingParams, indexElem(column))
	}
	return made
}

func indexElem(column string) *pg.Node {
	return &pg.Node{Node: &pg.Node_IndexElem{IndexElem: &pg.IndexElem{
		Name: column, Ordering: pg.SortByDir_SORTBY_DEFAULT, NullsOrdering: pg.SortByNulls_SORTBY_NULLS_DEFAULT,
	}}}
}

// deparsed is an index's statement as SQL, empty where it cannot be written.
func deparsed(i *pg.IndexStmt) string {
	if i == nil {
		return ""
	}
	return written(&pg.Node{Node: &pg.Node_IndexStmt{IndexStmt: i}})
}
