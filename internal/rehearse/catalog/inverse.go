package catalog

import (
	"fmt"
	"slices"

	"github.com/lockstep-dev/lockstep/plans"
)

// Inverse derives the statements that lead from the schema after back to the
// schema before, in an order that works, and says how much they bring back:
//
//   - exact: schema and data are as before, the statements run whatever was
//     written since, and nothing of that is lost
//   - structural: the schema comes back; losses says what does not, what goes
//     that was written since, and which statement fails on which such rows
//   - none: no way back can be derived, sql is nil, and losses names what
//     stands against it
//
// Both snapshots must be of one database, at two moments, for renames to be
// seen; elsewhere a renamed table is one that went and one that came, which
// is refused. Changes of rows alone are no difference of schemas: an UPDATE
// is not undone.
//
// Statements qualify every name. They run in one transaction, but for roles
// that may do what they say.
func Inverse(before, after Snapshot) (sql []string, grade plans.Grade, losses []string) {
	w := &way{before: before, after: after, drop: map[key]bool{}, put: map[key]bool{}, changes: map[key][]Difference{}}
	if w.oneDatabase() {
		w.renames()
	}
	w.old, w.now = w.before.byKey(), w.after.byKey()
	if w.oneDatabase() {
		w.succeeded()
	}
	w.classify()
	w.spread()
	w.doubts()
	w.plan()
	sql = append(w.first, w.ordered()...)
	slices.Sort(w.losses)
	slices.Sort(w.refused)
	switch {
	case len(w.refused) > 0:
		return nil, plans.GradeNone, slices.Compact(w.refused)
	case len(w.losses) > 0:
		return sql, plans.GradeStructural, slices.Compact(w.losses)
	}
	return sql, plans.GradeExact, nil
}

// way collects what leads back.
type way struct {
	before, after Snapshot
	old, now      map[key]Object // by key, before and after

	drop, put map[key]bool // what goes of after; what comes of before
	changes   map[key][]Difference

	first   []string // renames
	tasks   []*task
	losses  []string
	refused []string
}

func (w *way) lose(format string, args ...any) {
	w.losses = append(w.losses, fmt.Sprintf(format, args...))
}

func (w *way) refuse(format string, args ...any) {
	w.refused = append(w.refused, fmt.Sprintf(format, args...))
}

// oneDatabase reports whether addresses in the two catalogs mean the same.
func (w *way) oneDatabase() bool {
	return w.before.database != "" && w.before.database == w.after.database
}

// succeeded says what tables and columns lose that are others than before. What
// they hold now may be what the file has copied, so they are altered and not
// made anew.
func (w *way) succeeded() {
	for _, o := range Anew(w.before, w.after) {
		switch {
		case o.Kind == Table:
			w.lose("the rows that table %s had: it was dropped and made anew", o.Name)
		case w.old[o.key()].get("generated") == "":
			w.lose("the values that column %s had: it was dropped and made anew", o.Name)
		}
	}
}

// classify sorts the differences: what goes, what comes, what is altered in
// place, and what is altered by going and coming.
func (w *way) classify() {
	for _, d := range Compare(w.before, w.after) {
		k := key{d.Kind, d.Name}
		switch {
		case d.Change == Added:
			w.drop[k] = true
		case d.Change == Removed:
			w.put[k] = true
		case w.replaced(d):
			w.drop[k], w.put[k] = true, true
		default:
			w.changes[k] = append(w.changes[k], d)
		}
	}
}

// replaced reports whether a change is undone by making the object anew.
func (w *way) replaced(d Difference) bool {
	if !rebuilt(d.Kind) || w.old[key{d.Kind, d.Name}].get("inherited") == "yes" {
		return false
	}
	switch d.Attribute {
	case "owner", "grants", "comment", "firing", "inherited", "target", "statistics":
		return false
	case "options", "tablespace":
		return d.Kind == Constraint
	case "definition":
		return d.Kind != Function && d.Kind != Procedure
	case "tables", "publish":
		return d.From == "" || d.To == ""
	case "valid":
		return d.To == "no"
	case "populated":
		return false
	}
	return true
}

// rebuilt lists the kinds that hold no rows and follow from their definition,
// so that they can go and come back. A materialized view's rows do as well.
func rebuilt(kind Kind) bool {
	switch kind {
	case View, MaterializedView, ViewColumn, Index, Constraint, DomainConstraint, Trigger, Rule, Policy, Statistics,
		Function, Procedure, Aggregate, Operator, Cast, EventTrigger, Publication:
		return true
	}
	return false
}

// spread adds what stands on what goes: it goes first and comes back last.
func (w *way) spread() {
	for again := true; again; {
		again = false
		for _, o := range w.after.Objects {
			_, both := w.old[o.key()]
			if !both || w.drop[o.key()] || !w.stands(o) {
				continue
			}
			if rebuilt(o.Kind) {
				w.drop[o.key()], w.put[o.key()], again = true, true, true
			} else if len(w.changes[o.key()]) == 0 {
				w.refuse("%s %s would have to be made anew with what it is built on", o.Kind, o.Name)
			}
		}
	}
}

// stands reports whether an object hinders what has to go or be retyped.
func (w *way) stands(o Object) bool {
	if o.get("inherited") == "yes" || o.Kind == Publication && len(w.changes[o.key()]) > 0 {
		return false
	}
	if slices.ContainsFunc(w.owners(o), func(k key) bool { return w.drop[k] }) {
		return true
	}
	return slices.ContainsFunc(o.uses, func(used key) bool {
		return w.drop[used] || w.retyped(used) && slices.Contains([]Kind{View, MaterializedView, Trigger, Rule, Policy, Function, Procedure}, o.Kind)
	})
}

func (w *way) retyped(k key) bool {
	return slices.ContainsFunc(w.changes[k], func(d Difference) bool {
		return d.Kind == Column && (d.Attribute == "type" || d.Attribute == "collation")
	})
}

// owners are what an object is part of, if it is.
func (w *way) owners(o Object) []key {
	if o.On == "" {
		return nil
	}
	return []key{{Table, o.On}, {View, o.On}, {MaterializedView, o.On}, {Domain, o.On}}
}

// doubts refuses what may be a rename: rows of before could be in what is to
// be dropped.
func (w *way) doubts() {
	if w.oneDatabase() {
		return
	}
	for gone := range w.put {
		for came := range w.drop {
			if gone.kind != came.kind || gone.kind != Table && gone.kind != Column || w.old[gone].On != w.now[came].On {
				continue
			}
			w.refuse("%s %s is missing and %s is new: if it was renamed, its rows would be dropped", gone.kind, gone.name, came.name)
		}
	}
}
