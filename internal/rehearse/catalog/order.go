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
	for _, o := range w.after.Objects {
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
		before(find(dropping, o), find(making, o))
		for _, used := range w.needs(o, w.old) {
			for _, s := range []step{altering, making} {
				before(find(s, used), find(making, o))
				before(find(s, used), find(finishing, o))
			}
			before(find(making, used), find(altering, o))
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
