package sqltrace

// create reads what follows CREATE.
func (r *reader) create() []Trace {
	replace := r.take("OR", "REPLACE")
	if r.is("TEMP") || r.is("TEMPORARY") || r.is("LOCAL") || r.is("GLOBAL") {
		return nil // gone with its session
	}
	r.skip("UNIQUE", "UNLOGGED", "FOREIGN", "RECURSIVE", "CONSTRAINT", "TRUSTED", "PROCEDURAL", "VIRTUAL")
	materialized := r.take("MATERIALIZED")
	kind, ok := createdKind(r.word())
	if !ok {
		return nil
	}
	r.skip("CONCURRENTLY")
	r.take("IF", "NOT", "EXISTS")
	if kind == Index && r.is("ON") || kind == Schema && r.is("AUTHORIZATION") {
		return nil // the server chooses a name
	}
	name, ok := r.name()
	if !ok {
		return nil
	}
	t := Trace{Kind: kind, Name: name, Weak: replace, Materialized: materialized}
	if !r.belongs(&t) {
		return nil
	}
	return []Trace{t}
}

func createdKind(word string) (Kind, bool) {
	kinds := map[string]Kind{
		"TABLE": Table, "VIEW": View, "SEQUENCE": Sequence, "INDEX": Index, "TYPE": Type, "DOMAIN": Type,
		"FUNCTION": Function, "PROCEDURE": Function, "AGGREGATE": Function, "TRIGGER": Trigger, "POLICY": Policy,
		"RULE": Rule, "SCHEMA": Schema, "EXTENSION": Extension,
	}
	kind, ok := kinds[upper(word)]
	return kind, ok
}

// belongs finds the table of what belongs to one.
func (r *reader) belongs(t *Trace) bool {
	before := map[Kind]string{Index: "ON", Trigger: "ON", Policy: "ON", Rule: "TO"}[t.Kind]
	if before == "" {
		return true
	}
	if !r.pass(before) {
		return false
	}
	r.skip("ONLY")
	on, ok := r.name()
	t.On = on
	return ok
}

// drop reads what follows DROP.
func (r *reader) drop() []Trace {
	materialized := r.take("MATERIALIZED")
	r.skip("FOREIGN")
	kind, ok := createdKind(r.word())
	if !ok {
		return nil
	}
	r.skip("CONCURRENTLY")
	r.take("IF", "EXISTS")
	var traces []Trace
	for {
		name, ok := r.name()
		if !ok {
			return nil
		}
		t := Trace{Kind: kind, Name: name, Gone: true, Materialized: materialized}
		if kind == Function {
			t.Weak = true // another of that name may stay
		}
		if kind == Index && r.take("ON") { // MySQL
			if t.On, ok = r.name(); !ok {
				return nil
			}
		}
		if kind == Trigger && r.end() { // MySQL, SQLite: triggers have a schema, no table
			return []Trace{t}
		}
		if kind == Trigger || kind == Policy || kind == Rule {
			if !r.take("ON") {
				return nil
			}
			if t.On, ok = r.name(); !ok {
				return nil
			}
		}
		traces = append(traces, t)
		if !r.comma() {
			return traces
		}
	}
}
