package sqltrace

import "strings"

func upper(s string) string { return strings.ToUpper(s) }

// alter reads what follows ALTER.
func (r *reader) alter() []Trace {
	materialized := r.take("MATERIALIZED")
	r.skip("FOREIGN")
	kind, ok := createdKind(r.word())
	if !ok {
		return nil
	}
	r.take("IF", "EXISTS")
	r.skip("ONLY")
	name, ok := r.name()
	if !ok {
		return nil
	}
	if r.symbol("*") {
		r.at++
	}
	switch {
	case r.is("RENAME", "TO"):
		r.at += 2
		return renamed(Trace{Kind: kind, Name: name, Materialized: materialized}, r)
	case kind == Type:
		return r.alterType(name)
	case kind == Table:
		return r.alterTable(name)
	default:
		return nil
	}
}

// renamed is two traces: the old name is gone, the new one is there.
func renamed(old Trace, r *reader) []Trace {
	to, ok := r.name()
	if !ok {
		return nil
	}
	made := old
	made.Name, made.Renamed = Name{old.Name.Schema, to.Base}, true
	old.Gone = true
	return []Trace{old, made}
}

func (r *reader) alterType(name Name) []Trace {
	switch {
	case r.take("ADD", "VALUE"):
		r.take("IF", "NOT", "EXISTS")
		if label, ok := r.text(); ok {
			return []Trace{{Kind: EnumValue, Name: Name{"", label}, On: name}}
		}
	case r.take("RENAME", "VALUE"):
		old, ok := r.text()
		if !ok || !r.take("TO") {
			return nil
		}
		if label, ok := r.text(); ok {
			return []Trace{{Kind: EnumValue, Name: Name{"", old}, On: name, Gone: true}, {Kind: EnumValue, Name: Name{"", label}, On: name}}
		}
	}
	return nil
}

// alterTable reads the actions, which a comma separates.
func (r *reader) alterTable(table Name) []Trace {
	var traces []Trace
	for {
		found := r.action(table)
		r.untold = r.untold || len(found) == 0
		traces = append(traces, found...)
		if !r.comma() {
			return traces
		}
	}
}

func (r *reader) action(table Name) []Trace {
	switch {
	case r.take("ADD"):
		return r.add(table)
	case r.take("DROP"):
		return r.dropFrom(table)
	case r.take("RENAME", "CONSTRAINT"):
		return r.renameOf(Constraint, table)
	case r.take("RENAME"):
		if r.special() {
			return nil
		}
		r.skip("COLUMN")
		return r.renameOf(Column, table)
	case r.take("CHANGE"): // MySQL: CHANGE [COLUMN] old new definition
		r.skip("COLUMN")
		r.untold = true
		return r.changeOf(table)
	case r.take("VALIDATE", "CONSTRAINT"):
		return r.one(Trace{Kind: Validated, On: table})
	case r.take("ALTER"):
		r.skip("COLUMN")
		return r.alterColumn(table)
	default:
		return nil
	}
}

// one fills in the name that is next.
func (r *reader) one(t Trace) []Trace {
	name, ok := r.name()
	if !ok {
		return nil
	}
	t.Name = name
	return []Trace{t}
}

func (r *reader) add(table Name) []Trace {
	switch {
	case r.take("CONSTRAINT"):
		return r.one(Trace{Kind: Constraint, On: table})
	case r.is("PRIMARY"), r.is("UNIQUE"), r.is("FOREIGN"), r.is("CHECK"), r.is("EXCLUDE"), r.special():
		return nil // the server chooses a name, or it is no column
	}
	r.skip("COLUMN")
	// A column that was there looks new when another statement has changed it
	// since: to drop it would lose what it held.
	r.untold = r.take("IF", "NOT", "EXISTS") || r.untold
	return r.one(Trace{Kind: Column, On: table})
}

func (r *reader) dropFrom(table Name) []Trace {
	kind := Column
	switch {
	case r.take("CONSTRAINT"):
		kind = Constraint
	case r.is("PRIMARY"), r.is("FOREIGN"), r.is("CHECK"), r.special():
		return nil
	}
	r.skip("COLUMN")
	r.take("IF", "EXISTS")
	return r.one(Trace{Kind: kind, On: table, Gone: true})
}

func (r *reader) renameOf(kind Kind, table Name) []Trace {
	old, ok := r.name()
	if !ok || !r.take("TO") {
		return nil
	}
	return renamed(Trace{Kind: kind, Name: old, On: table}, r)
}

// changeOf reads a new name, which may be the old one.
func (r *reader) changeOf(table Name) []Trace {
	old, ok := r.name()
	if !ok {
		return nil
	}
	found := renamed(Trace{Kind: Column, Name: old, On: table}, r)
	if len(found) == 2 && found[0].Name == found[1].Name {
		return nil
	}
	return found
}

func (r *reader) alterColumn(table Name) []Trace {
	column, ok := r.name()
	if !ok {
		return nil
	}
	t := Trace{Name: column, On: table}
	switch {
	case r.take("SET", "NOT", "NULL"):
		t.Kind = NotNull
	case r.take("DROP", "NOT", "NULL"):
		t.Kind, t.Gone = NotNull, true
	case r.take("SET", "DEFAULT"):
		t.Kind, t.Weak = Default, true // another default may have been there
	case r.take("DROP", "DEFAULT"):
		t.Kind, t.Gone = Default, true
	default:
		return nil
	}
	return []Trace{t}
}

// special: MySQL's words for what is no column. Elsewhere they may be a
// column's name; then nothing is told of it.
func (r *reader) special() bool {
	return r.is("INDEX") || r.is("KEY") || r.is("FULLTEXT") || r.is("SPATIAL") || r.is("PARTITION") || r.is("PERIOD") || r.is("SYSTEM")
}
