package catalog

import (
	"cmp"
	"slices"
)

// step is what a task does, in the order that is kept where nothing asks for
// another.
type step int

const (
	dropping step = iota
	altering
	making
	finishing // what a made table gets when its indexes are there
)

// task is the statements for one object.
type task struct {
	step   step
	object Object
	sql    []string
	after  []*task
	done   bool
}

// ordered lists the statements so that each finds what it needs: an object
// goes after what stands on it, comes after what it stands on, and is altered
// between.
func (w *way) ordered() []string {
	slices.SortStableFunc(w.tasks, func(a, b *task) int {
		if a.step != b.step {
			return cmp.Compare(a.step, b.step)
		}
		if a.step == dropping {
			return compareKeys(b.object.key(), a.object.key())
		}
		return compareKeys(a.object.key(), b.object.key())
	})
	w.connect()
	var sql []string
	for left := len(w.tasks); left > 0; left-- {
		at := slices.IndexFunc(w.tasks, (*task).ready)
		if at < 0 {
			w.circle()
			return nil
		}
		w.tasks[at].done = true
		sql = append(sql, w.tasks[at].sql...)
	}
	return sql
}

func (t *task) ready() bool {
	return !t.done && !slices.ContainsFunc(t.after, func(earlier *task) bool { return !earlier.done })
}

func (w *way) circle() {
	for _, t := range w.tasks {
		if !t.done {
			w.refuse("%s %s and what needs it need each other: no order works", t.object.Kind, t.object.Name)
		}
	}
}

// connect finds for each task those that must come before.
func (w *way) connect() {
	places := map[step]map[key]*task{dropping: {}, altering: {}, making: {}, finishing: {}}
	for _, t := range w.tasks {
		places[t.step][t.object.key()] = t
	}
	find := func(s step, o Object) *task {
		if t := places[s][o.key()]; t != nil {
			return t
		}
		for _, owner := range w.owners(o) {
			if t := places[s][owner]; t != nil {
				return t
			}
		}
		return nil
	}
	before := func(first, then *task) {
		if first != nil && then != nil && first != then && !slices.Contains(then.after, first) {
			then.after = append(then.after, first)
		}
	}
	holder := map[string]Object{}
	for _, o := range w.after.Objects {
		for _, claim := range claims(o) {
			holder[claim] = o
		}
		if o.Kind == Table {
			w.aroundLeft(o, func(part Object) { before(places[altering][o.key()], find(dropping, part)) })
		}
		if w.attached(o) {
			before(places[altering][key{Table, o.On}], find(dropping, o))
			continue
		}
		for _, used := range w.needs(o, w.now) {
			before(find(dropping, o), find(dropping, used))
			before(find(dropping, o), find(altering, used))
			before(find(altering, o), find(dropping, used))
		}
	}
	for _, o := range w.before.Objects {
		for _, claim := range claims(o) {
			if other, held := holder[claim]; held {
				before(find(dropping, other), find(making, o))
			}
		}
		for _, used := range w.needs(o, w.old) {
			for _, s := range []step{altering, making} {
				before(find(s, used), find(making, o))
				before(find(s, used), find(finishing, o))
			}
			before(find(making, used), find(altering, o))
		}
		for _, joining := range w.awaited(o) {
			before(places[finishing][joining], find(making, o))
		}
		if o.On != "" { // an index is there before its table is finished
			before(find(making, o), places[finishing][key{Table, o.On}])
		}
		before(places[making][o.key()], places[finishing][o.key()])
	}
}

// needs lists what an object uses and what it is on.
func (w *way) needs(o Object, all map[key]Object) []Object {
	var found []Object
	for _, k := range slices.Concat(o.uses, w.owners(o)) {
		if used, ok := all[k]; ok {
			found = append(found, used)
		}
	}
	return found
}

// awaited are the tables that become parts of others before an object is made
// that reads those: a foreign key and a materialized view look at rows.
func (w *way) awaited(o Object) (joining []key) {
	for _, table := range w.before.Objects {
		if table.Kind != Table || len(w.joined(table)) == 0 {
			continue
		}
		reads := o.get("kind") == "foreign key" && o.On != table.Name && slices.ContainsFunc(o.uses, func(used key) bool {
			return slices.Contains(w.joined(table), w.old[used].On)
		})
		if reads || o.Kind == MaterializedView {
			joining = append(joining, table.key())
		}
	}
	return joining
}

// aroundLeft visits the parts of the tables that another is to leave. Leaving
// makes what it has of them its own; they would otherwise take it along.
func (w *way) aroundLeft(o Object, visit func(part Object)) {
	left := w.left(o)
	for _, part := range w.after.Objects {
		if slices.Contains(left, part.On) {
			visit(part)
		}
	}
}
