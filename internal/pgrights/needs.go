package pgrights

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/plans"
)

// Of returns the rights that the up files need, in their order, each where it
// is needed first. A file that is no SQL needs nothing: others refuse it.
func Of(files []plans.MigrationFile) []plans.Need {
	r := reader{made: map[object]bool{}, asked: map[plans.Need]bool{}}
	for _, f := range files {
		statements, err := pgsyntax.Read(f.Up.Bytes)
		if err != nil {
			continue
		}
		r.file = f.Up.Path
		for _, st := range statements {
			r.line = st.Line
			if r.statement(st.Tree); r.another {
				return r.needs
			}
		}
	}
	return r.needs
}

// object is one that the files make, or may give rights on.
type object struct {
	kind string
	name pgschema.Name
}

type reader struct {
	file    string
	line    int
	made    map[object]bool
	asked   map[plans.Need]bool
	needs   []plans.Need
	another bool // what follows runs as somebody else, or with more rights
}

// need notes a right on something that was there before the files.
func (r *reader) need(right plans.Right, kind, schema, name string) {
	r.ask(plans.Need{Right: right, Kind: kind, Schema: schema, Name: name, Arguments: -1})
}

func (r *reader) ask(n plans.Need) {
	if r.made[object{n.Kind, pgschema.NameOfParts(parts(n.Schema, n.Name))}] ||
		n.Schema != "" && r.made[object{plans.KindSchema, pgschema.NameOfParts([]string{n.Schema})}] ||
		n.Schema == "pg_temp" || r.asked[n] {
		return
	}
	r.asked[n] = true
	n.File, n.Line = r.file, r.line
	r.needs = append(r.needs, n)
}

func parts(schema, name string) []string {
	if schema == "" {
		return []string{name}
	}
	return []string{schema, name}
}

func (r *reader) makes(kind, schema, name string) {
	r.made[object{kind, pgschema.NameOfParts(parts(schema, name))}] = true
}

// on notes a right on a relation.
func (r *reader) on(right plans.Right, v *pg.RangeVar) {
	if v.GetRelname() != "" && v.GetRelpersistence() != "t" {
		r.need(right, plans.KindRelation, v.GetSchemaname(), v.GetRelname())
	}
}

// creates notes a new relation, and the right to make it in its schema. One that
// is made only if it is not there may be another's.
func (r *reader) creates(v *pg.RangeVar, ifNotThere bool) {
	if v.GetRelpersistence() != "t" {
		r.createIn(v.GetSchemaname())
	}
	if !ifNotThere {
		r.makes(plans.KindRelation, v.GetSchemaname(), v.GetRelname())
	}
}

// createIn takes an empty name for the first schema of the search_path.
func (r *reader) createIn(schema string) {
	r.need(plans.RightCreate, plans.KindSchema, "", schema)
}

func (r *reader) create(kind string, names []*pg.Node) {
	schema, name := split(pgschema.Strings(names))
	r.createIn(schema)
	r.makes(kind, schema, name)
}

func (r *reader) named(right plans.Right, kind string, names []*pg.Node) {
	if schema, name := split(pgschema.Strings(names)); name != "" {
		r.need(right, kind, schema, name)
	}
}

func split(names []string) (schema, name string) {
	switch n := len(names); n {
	case 0:
		return "", ""
	case 1:
		return "", names[0]
	default:
		return names[n-2], names[n-1]
	}
}

// isRelation is true for objects that the catalog keeps as relations.
func isRelation(t pg.ObjectType) bool {
	return slices.Contains([]pg.ObjectType{
		pg.ObjectType_OBJECT_TABLE, pg.ObjectType_OBJECT_VIEW, pg.ObjectType_OBJECT_MATVIEW, pg.ObjectType_OBJECT_INDEX,
		pg.ObjectType_OBJECT_SEQUENCE, pg.ObjectType_OBJECT_FOREIGN_TABLE,
	}, t)
}

// isPart is true for what belongs to a relation: its name stands behind the
// relation's.
func isPart(t pg.ObjectType) bool {
	return slices.Contains([]pg.ObjectType{
		pg.ObjectType_OBJECT_COLUMN, pg.ObjectType_OBJECT_TABCONSTRAINT, pg.ObjectType_OBJECT_TRIGGER,
		pg.ObjectType_OBJECT_POLICY, pg.ObjectType_OBJECT_RULE,
	}, t)
}
