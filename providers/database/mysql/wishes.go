package mysql

import (
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// wish is one thing that a statement makes true of the catalog.
type wish struct {
	kind wishKind
	// table and name are as written, a schema before a table with a dot.
	table, name string
	gone        bool
}

type wishKind uint8

const (
	wishUnknown    wishKind = iota // the catalog does not tell
	wishRepeatable                 // twice is the same as once
	wishTable                      // a table or a view
	wishColumn
	wishIndex
	wishConstraint
	wishPartition
	wishRoutine
	wishTrigger
	wishEvent
	wishSchema
)

// wishes reads what a statement is for.
func wishes(statement sqlscan.Statement) []wish {
	r := &nameReader{tokens: statement.Tokens()}
	switch verb := r.word(); verb {
	case "CREATE":
		return []wish{created(r)}
	case "DROP":
		return dropped(r)
	case "ALTER":
		return altered(r)
	case "RENAME":
		if r.accept("TABLE", "TABLES") {
			return renamedTables(r)
		}
	case "ANALYZE", "OPTIMIZE", "CHECK", "REPAIR", "FLUSH", "GRANT", "SET", "SELECT", "COMMENT":
		return []wish{{kind: wishRepeatable}}
	}
	return []wish{{}}
}

func created(r *nameReader) wish {
	replace := r.acceptAll("OR", "REPLACE")
	for r.more() {
		switch {
		case r.accept("TABLE"):
			return r.named(wishTable, replace)
		case r.accept("VIEW"):
			return r.named(wishTable, replace)
		case r.accept("INDEX"):
			w := r.named(wishIndex, replace)
			w.name = w.table
			r.through("ON")
			w.table = r.name()
			return w
		case r.accept("PROCEDURE", "FUNCTION"):
			return r.named(wishRoutine, replace)
		case r.accept("TRIGGER"):
			return r.named(wishTrigger, replace)
		case r.accept("EVENT"):
			return r.named(wishEvent, replace)
		case r.accept("DATABASE", "SCHEMA"):
			return r.named(wishSchema, replace)
		case r.accept("USER", "ROLE", "SERVER", "SEQUENCE", "TABLESPACE"):
			return wish{}
		}
		r.at++ // UNIQUE, TEMPORARY, DEFINER = somebody
	}
	return wish{}
}

func dropped(r *nameReader) []wish {
	r.accept("TEMPORARY")
	kinds := map[string]wishKind{
		"TABLE": wishTable, "TABLES": wishTable, "VIEW": wishTable, "PROCEDURE": wishRoutine, "FUNCTION": wishRoutine,
		"TRIGGER": wishTrigger, "EVENT": wishEvent, "DATABASE": wishSchema, "SCHEMA": wishSchema, "INDEX": wishIndex,
	}
	kind := kinds[r.word()]
	if kind == wishUnknown {
		return []wish{{}}
	}
	if kind == wishIndex {
		w := r.named(kind, false)
		w.gone, w.name = true, w.table
		r.through("ON")
		w.table = r.name()
		return []wish{w}
	}
	var list []wish
	repeatable := r.acceptAll("IF", "EXISTS")
	for {
		w := wish{kind: kind, table: r.name(), gone: true}
		if repeatable {
			w.kind = wishRepeatable
		}
		list = append(list, w)
		if !r.symbol(",") {
			return list
		}
	}
}

func renamedTables(r *nameReader) []wish {
	var list []wish
	for r.more() {
		from := r.name()
		r.through("TO")
		to := r.name()
		list = append(list, wish{kind: wishTable, table: from, gone: true}, wish{kind: wishTable, table: to})
		if !r.symbol(",") {
			break
		}
	}
	return list
}

// named reads [IF [NOT] EXISTS] name.
func (r *nameReader) named(kind wishKind, repeatable bool) wish {
	if r.acceptAll("IF", "NOT", "EXISTS") || r.acceptAll("IF", "EXISTS") || repeatable {
		return wish{kind: wishRepeatable, table: r.name()}
	}
	return wish{kind: kind, table: r.name()}
}

// nameReader walks over a statement's tokens.
type nameReader struct {
	tokens []sqlscan.Token
	at     int
}

func (r *nameReader) more() bool { return r.at < len(r.tokens) }

func (r *nameReader) is(word string) bool { return r.more() && r.tokens[r.at].Is(word) }

func (r *nameReader) word() string {
	if !r.more() {
		return ""
	}
	r.at++
	return strings.ToUpper(r.tokens[r.at-1].Text)
}

// accept passes over one of the words.
func (r *nameReader) accept(words ...string) bool {
	for _, w := range words {
		if r.is(w) {
			r.at++
			return true
		}
	}
	return false
}

// acceptAll passes over the words if all of them stand here.
func (r *nameReader) acceptAll(words ...string) bool {
	start := r.at
	for _, w := range words {
		if !r.accept(w) {
			r.at = start
			return false
		}
	}
	return true
}

func (r *nameReader) symbol(s string) bool {
	if !r.more() || !r.tokens[r.at].Symbol(s) {
		return false
	}
	r.at++
	return true
}

// through passes over everything up to the word, and over it.
func (r *nameReader) through(word string) {
	for r.more() && !r.accept(word) {
		r.at++
	}
}

// name reads a name as written, without quotes.
func (r *nameReader) name() string {
	var parts []string
	for r.more() && r.tokens[r.at].PlainName() != "" {
		parts = append(parts, r.tokens[r.at].PlainName())
		r.at++
		if !r.symbol(".") {
			break
		}
	}
	return strings.Join(parts, ".")
}

// clauses cuts the rest at the commas outside of parentheses.
func (r *nameReader) clauses() []*nameReader {
	var list []*nameReader
	start, depth := r.at, 0
	for i := r.at; i < len(r.tokens); i++ {
		switch {
		case r.tokens[i].Symbol("("):
			depth++
		case r.tokens[i].Symbol(")"):
			depth--
		case depth == 0 && r.tokens[i].Symbol(","):
			list = append(list, &nameReader{tokens: r.tokens[start:i]})
			start = i + 1
		}
	}
	return append(list, &nameReader{tokens: r.tokens[start:]})
}
