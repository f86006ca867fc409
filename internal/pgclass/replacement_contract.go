package pgclass

import (
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// contractFiles make the new column what the old one was, and drop that one.
// What reads a table is a file of its own, as is what comes before it, so that
// no lock is held over the scan.
func (r replacement) contractFiles() []File {
	var add, validate, undo []string
	for _, a := range r.checks() {
		add, undo = append(add, a.addNow()), append(undo, a.dropNow())
		if a.validated {
			validate = append(validate, a.validateNow())
		}
	}
	var files []File
	if len(add) > 0 {
		files = append(files, File{
			Name: "contract_check_" + r.label(), Phase: phaseContract, Down: lines(undo...),
			SQL: "-- lockstep:phase contract running code is to be gone when its columns get other constraints\n" + lines(add...),
		})
	}
	if len(validate) > 0 {
		files = append(files, File{
			Name: "contract_validate_" + r.label(), Phase: phaseContract,
			SQL:  "-- lockstep:phase contract it validates what the file before it adds\n" + lines(validate...),
			Down: lines(slices.Concat(undo, add)...),
		})
	}
	return append(files, r.dropFile())
}

// checks are the constraints that the new column gets before the old one goes.
func (r replacement) checks() []anew {
	list := r.constraintsAnew()
	if r.c.NotNull {
		list = append(list, r.notNull())
	}
	if !r.takesAll() {
		list = append(list, r.moved())
	}
	return list
}

func (r replacement) notNull() anew {
	return anew{table: r.table, now: named(r.table.Local, r.name, "not_null"), is: "CHECK (" + ident(r.name) + " IS NOT NULL)", validated: true}
}

// moved says that no value of the old column is left behind.
func (r replacement) moved() anew {
	return anew{table: r.table, now: named(r.table.Local, r.name, "moved"), is: "CHECK (" + ident(r.name) + " IS NOT NULL OR " + ident(r.old()) + " IS NULL)", validated: true}
}

// dropFile ends in the new column alone. Its way back brings the old one back,
// filled from the new one.
func (r replacement) dropFile() File {
	up := slices.Concat(r.dropViews(), r.dropGuards(), r.dropSync(), r.dropComputed(), r.dropForeign(), r.dropOldKeys(), r.become())
	up = append(up, r.sql()+" DROP COLUMN "+ident(r.old()))
	up = slices.Concat(up, r.takeNames(), r.makeComputed(true), r.makeGuards(true), r.makeViews(true))
	down := slices.Concat(r.dropViews(), r.dropGuards(), r.dropComputed(), r.giveNames(), r.bringBack(), r.makeSync())
	down = slices.Concat(down, r.makeComputed(false), r.makeGuards(false), r.makeViews(false))
	if r.inPlace() && len(r.views()) > 0 { // they read the new column until then
		up = slices.Concat(r.makeViews(true), slices.DeleteFunc(up, func(s string) bool { return slices.Contains(r.makeViews(true), s) }))
	}
	return File{
		Name: "contract_drop_" + act(r.table.Local, r.old()), Phase: phaseContract,
		SQL: "-- lockstep:phase contract no running code names the old column any more\n" + r.bodies() + r.aboutViews() + r.aboutComputed() + lines(up...), Down: r.aboutWayBack() + lines(down...),
	}
}

func (r replacement) aboutViews() string {
	if len(r.dropViews()) == 0 {
		return ""
	}
	return "-- rights on a view that is made again are to be granted again\n"
}

func (r replacement) aboutComputed() string {
	if len(r.computedColumns()) == 0 {
		return ""
	}
	return "-- a generated column is computed anew for every row, under a lock that stops everything\n"
}

func (r replacement) aboutWayBack() string {
	text := "-- it writes every row of " + r.table.String() + " under a lock that stops everything"
	switch {
	case r.using != nil:
		return text + ";\n-- the values of " + r.old() + " are gone, as only its author knows how they follow from " + r.name + "\n"
	case !r.takesBack():
		return text + ",\n-- and fails at a value that " + typeSQL(r.c.Type) + " does not hold\n"
	}
	return text + "\n"
}

// takesBack reports whether the old type takes every value of the new one.
func (r replacement) takesBack() bool {
	return r.alike || r.typ.Equal(r.c.Type) || spelled(r.c.Type) && len(r.c.Type.Modifiers) == 0 && !r.now.Constrained(r.c.Type)
}

// dropForeign drops what points at the old column.
func (r replacement) dropForeign() []string {
	var all []string
	for _, a := range r.constraintsAnew() {
		if a.foreign {
			all = append(all, a.alter()+" DROP CONSTRAINT "+ident(a.old))
		}
	}
	return all
}

func (r replacement) dropOldKeys() []string {
	var all []string
	for _, i := range r.keys() {
		all = append(all, r.sql()+" DROP CONSTRAINT "+ident(i.Constraint))
	}
	return all
}

// become makes the new column what the old one was.
func (r replacement) become() []string {
	alter := r.sql() + " ALTER COLUMN " + ident(r.name)
	var all []string
	if r.c.NotNull {
		all = append(all, alter+" SET NOT NULL", r.notNull().dropNow())
	}
	switch {
	case r.c.Identity:
		all = append(all, r.identity(r.name, r.typ), r.goOn(r.name, r.old()))
	case r.c.Default != nil:
		all = append(all, r.defaultAnew()...)
	}
	for _, i := range r.keys() {
		all = append(all, r.useIndex(i, r.indexName(i)))
	}
	return all
}

// takeNames gives the new column and what is on it the old names; giveNames is
// the way back.
func (r replacement) takeNames() []string {
	var all []string
	for _, n := range r.names() {
		all = append(all, n.sql(n.now, n.old))
	}
	return all
}

func (r replacement) giveNames() []string {
	var all []string
	for _, n := range slices.Backward(r.names()) {
		all = append(all, n.sql(n.old, n.now))
	}
	return all
}

// naming is a name that the new column's things get in the end.
type naming struct {
	alter    string // what comes before the name
	old, now string
	// relation is INDEX or SEQUENCE where the name itself is altered.
	relation string
}

func (n naming) sql(from, to string) string {
	if n.relation != "" {
		return n.alter + ident(from) + " RENAME TO " + ident(to)
	}
	return n.alter + ident(from) + " TO " + ident(to)
}

func (r replacement) names() []naming {
	var list []naming
	if q := r.numbering(); r.c.Identity && q != nil {
		list = append(list, naming{alter: "ALTER SEQUENCE " + schemaPrefix(q.Name), old: q.Name.Local, now: r.newNumbering(), relation: "SEQUENCE"})
	}
	if !r.takesName {
		return list
	}
	list = append(list, naming{alter: r.sql() + " RENAME COLUMN ", old: r.old(), now: r.name})
	for _, a := range r.constraintsAnew() {
		list = append(list, naming{alter: a.alter() + " RENAME CONSTRAINT ", old: a.old, now: a.now})
	}
	for _, i := range r.indexes() {
		n := naming{alter: r.sql() + " RENAME CONSTRAINT ", old: i.Name.Local, now: r.indexName(i)}
		if i.Constraint == "" {
			n.alter, n.relation = "ALTER INDEX "+schemaPrefix(r.table), "INDEX"
		}
		list = append(list, n)
	}
	return list
}

func schemaPrefix(n pgschema.Name) string {
	return strings.TrimSuffix(sqlName(n), ident(n.Local))
}

// bringBack adds the old column again with all that it had, and makes the new
// one what it was beside it.
func (r replacement) bringBack() []string {
	old, now := r.sql()+" ALTER COLUMN "+ident(r.old()), r.sql()+" ALTER COLUMN "+ident(r.name)
	all := []string{r.sql() + " ADD COLUMN " + ident(r.old()) + " " + typeSQL(r.c.Type) + collate(r.c.Collation)}
	if r.using == nil { // before the keys go, without which a published table takes no UPDATE
		all = append(all, "UPDATE "+sqlName(r.table)+" SET "+ident(r.old())+" = "+ident(r.name)+r.cast(r.c.Type)+" WHERE "+ident(r.name)+" IS NOT NULL")
	}
	for _, a := range r.constraintsAnew() {
		if a.foreign {
			all = append(all, a.dropNow())
		}
	}
	for _, i := range r.keys() {
		all = append(all, r.sql()+" DROP CONSTRAINT "+ident(r.indexName(i)), r.indexSQL(i, r.name))
	}
	if r.c.NotNull {
		all = append(all, old+" SET NOT NULL", r.sql()+" ADD CONSTRAINT "+ident(r.notNull().now)+" "+r.notNull().is)
	}
	all = append(all, r.numbersBack()...)
	if r.c.NotNull {
		all = append(all, now+" DROP NOT NULL")
	}
	if !r.takesAll() {
		all = append(all, r.sql()+" ADD CONSTRAINT "+ident(r.moved().now)+" "+r.moved().is)
	}
	for _, i := range r.indexes() {
		if i.Constraint != "" {
			all = append(all, r.oldKey(i))
		} else {
			all = append(all, r.indexSQL(i, r.old()))
		}
	}
	for _, a := range r.constraintsAnew() {
		all = append(all, a.addOld())
		if a.foreign {
			all = append(all, strings.TrimSuffix(a.addNow(), notValidUnless(a.validated)))
		}
	}
	return all
}

// notValidUnless is what does not belong behind a constraint that is valid.
func notValidUnless(validated bool) string {
	if validated {
		return " NOT VALID"
	}
	return ""
}
