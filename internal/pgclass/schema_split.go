package pgclass

import (
	"slices"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// callSchema is a schema that gets another name: one of the old name stays,
// with a view, a function or a domain for each thing that is in it.
func (j judging) callSchema(from, to string) ruling {
	renaming := act("rename", from)
	if j.newSchema(from) {
		return free(renaming, "renames the schema %s, which released code does not know", ident(from))
	}
	reason := "renames the schema %s, which running code may name"
	stands, why := j.standIns(from, to)
	switch {
	case !j.now.Schemas[from]:
		why = "no migration has made it, so that what is in it is not known"
	case j.now.Schemas[to]:
		why = "there is a schema " + ident(to) + " already"
	}
	if why != "" {
		return ask(renaming, reason+"; "+why+": make %s beside it, and move what is in it one by one", ident(from), ident(to))
	}
	var make, drop []string
	for _, s := range stands {
		make, drop = append(make, s.make), append(drop, s.drop)
	}
	slices.Reverse(drop)
	make = append([]string{"CREATE SCHEMA " + ident(from)}, make...)
	drop = append(drop, "DROP SCHEMA "+ident(from))
	return split([]File{
		{
			Name: "expand_" + renaming, Phase: phaseExpand,
			SQL: "-- lockstep:phase expand the old name has something in the place of all that is in the schema\n" +
				j.givenTypes(from) + "-- grant on the schema of the old name and on what is in it what roles of running code may do in the other one\n" +
				lines(append([]string{"ALTER SCHEMA " + ident(from) + " RENAME TO " + ident(to)}, make...)...),
			Down: lines(append(slices.Clone(drop), "ALTER SCHEMA "+ident(to)+" RENAME TO "+ident(from))...),
		},
		{
			Name: "contract_drop_schema_" + act(from), Phase: phaseContract,
			SQL:  "-- lockstep:phase contract no running code says the old name any more\n" + lines(drop...),
			Down: lines(make...),
		},
	}, renaming, reason, ident(from))
}

// givenTypes warns of queries whose result has a type of the schema, which a
// domain stands in for from then on.
func (j judging) givenTypes(schema string) string {
	for n := range j.now.Types {
		if n.Schema == schema {
			return "-- a connection that has prepared a query which gives a type of the schema meets one error\n"
		}
	}
	return ""
}

// standIn is what has the old name of a thing in a renamed schema.
type standIn struct {
	name       pgschema.Name
	make, drop string
}

// standIns are what running code finds under the old name of a schema; why
// names what nothing stands in for.
func (j judging) standIns(from, to string) (all []standIn, why string) {
	for _, list := range [][]standIn{j.viewsOver(from, to), j.domainsOver(from, to)} {
		all = append(all, list...)
	}
	for n, t := range j.now.Types {
		if n.Schema == from && (t.Kind != pgschema.Domain && t.Kind != pgschema.Composite || t.NotNull) {
			why = "nothing stands in for the type " + n.String() + " in it"
		}
	}
	for n, q := range j.now.Sequences {
		if n.Schema == from && !q.Internal && q.Table == (pgschema.Name{}) {
			why = "nothing stands in for the sequence " + n.String() + " in it"
		}
	}
	for n, f := range j.now.Functions {
		if n.Schema != from {
			continue
		}
		s, known := j.callsOver(f, to)
		if !known {
			why = "how the function " + n.String() + " in it is called is not known"
		}
		all = append(all, s...)
	}
	slices.SortFunc(all, func(a, b standIn) int { return compareText(a.make, b.make) })
	return all, why
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (j judging) viewsOver(from, to string) []standIn {
	var all []standIn
	over := func(n pgschema.Name) {
		if n.Schema == from {
			all = append(all, standIn{n, viewUnder(n, pgschema.Name{Schema: to, Local: n.Local}), "DROP VIEW " + sqlName(n)})
		}
	}
	for n := range j.now.Tables {
		over(n)
	}
	for n := range j.now.Views {
		over(n)
	}
	return all
}

func (j judging) domainsOver(from, to string) []standIn {
	var all []standIn
	for n := range j.now.Types {
		if n.Schema == from {
			all = append(all, standIn{n, "CREATE DOMAIN " + sqlName(n) + " AS " + sqlName(pgschema.Name{Schema: to, Local: n.Local}), "DROP DOMAIN " + sqlName(n)})
		}
	}
	return all
}

// callsOver are functions that call those of a renamed schema. What triggers
// call is called by no query.
func (j judging) callsOver(f *pgschema.Function, to string) (all []standIn, known bool) {
	for _, made := range f.Overloads {
		if firedByTrigger(made) {
			continue
		}
		kind := map[bool]string{true: "PROCEDURE", false: "FUNCTION"}[made.GetIsProcedure()]
		wrapper, arguments := callingFunction(made, otherName{from: f.Name, to: pgschema.Name{Schema: to, Local: f.Name.Local}}), j.argumentTypes(made)
		if wrapper == "" || arguments == "" {
			return nil, false
		}
		all = append(all, standIn{f.Name, wrapper, "DROP " + kind + " " + sqlName(f.Name) + arguments})
	}
	return all, true
}
