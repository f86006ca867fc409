package pgclass

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// createTrigger depends on what the trigger's function does to the rows of
// running code: it may keep new columns in step, or refuse the row.
func (j judging) createTrigger(c *pg.CreateTrigStmt) ruling {
	table, name := pgschema.NameOf(c.GetRelation()), c.GetTrigname()
	act := act("trigger", table.Local, name)
	drop := "DROP TRIGGER " + ident(name) + " ON " + sqlName(table)
	if j.newRelation(table) {
		return expand(act, "creates the trigger %s on %s, which released code does not know", name, table).back(drop)
	}
	function := pgschema.NameOfParts(pgschema.Strings(c.GetFuncname()))
	f := j.now.Functions[function]
	if f == nil || f.Language != "plpgsql" || f.Body == "" {
		return ask(act, "creates the trigger %s on %s, and what %s() does to rows that running code writes is not known", name, table, function)
	}
	b := body{tokens: sqlscan.Statement{Text: f.Body}.Tokens(), judging: j, table: table, before: c.GetRow() && c.GetTiming()&(triggerBefore|triggerInstead) != 0}
	switch {
	case b.refuses():
		return contract(act, "creates the trigger %s on %s, whose function %s() refuses rows that running code may write", name, table, function)
	case b.syncs():
		return expand(act, "creates the trigger %s, which keeps in step what released code does not know beside %s", name, table).back(drop)
	}
	return ask(act, "creates the trigger %s, whose function %s() may change what running code writes to %s", name, function, table)
}

// body is the text of a trigger's function in PL/pgSQL, seen as tokens.
type body struct {
	judging
	tokens []sqlscan.Token
	table  pgschema.Name
	// before is true for a trigger that runs before each row, or instead of it:
	// what it returns counts.
	before bool
}

// PostgreSQL's bits of when a trigger runs (pg_trigger.h): before, instead of,
// and neither for after.
const (
	triggerBefore  = 1 << 1
	triggerInstead = 1 << 6
)

func (b body) is(at int, word string) bool {
	return at >= 0 && at < len(b.tokens) && b.tokens[at].Is(word)
}

func (b body) symbol(at int, s string) bool {
	return at >= 0 && at < len(b.tokens) && b.tokens[at].Symbol(s)
}

// refuses reports whether the function raises an error, or leaves a row out by
// RETURN NULL, which means something before the row alone.
func (b body) refuses() bool {
	for i := range b.tokens {
		if b.before && b.is(i, "RETURN") && b.is(i+1, "NULL") {
			return true
		}
		if !b.is(i, "RAISE") {
			continue
		}
		quiet := []string{"DEBUG", "LOG", "INFO", "NOTICE", "WARNING"}
		if !slices.ContainsFunc(quiet, func(level string) bool { return b.is(i+1, level) }) {
			return true
		}
	}
	return false
}

// syncs reports whether all that the function does is to write to what is new,
// or from what is new to what running code reads.
func (b body) syncs() bool {
	wrote := false
	for i := range b.tokens {
		switch {
		case slices.ContainsFunc([]string{"PERFORM", "EXECUTE", "CALL", "SELECT", "LOOP"}, func(w string) bool { return b.is(i, w) }):
			return false
		case b.symbol(i, "=") && b.symbol(i-1, ":"):
			if !b.assigns(i) {
				return false
			}
			wrote = true
		case b.is(i, "INTO") && b.is(i-1, "INSERT"), b.is(i, "FROM") && b.is(i-1, "DELETE"),
			b.is(i, "UPDATE") && (i == 0 || b.symbol(i-1, ";") || b.is(i-1, "BEGIN") || b.is(i-1, "THEN") || b.is(i-1, "ELSE")):
			if !b.newRelation(b.nameAt(i + 1)) {
				return false
			}
			wrote = true
		}
	}
	return wrote
}

// assigns reports whether the assignment whose = stands here is "NEW.column :="
// of a new column, or takes its value from one.
func (b body) assigns(equal int) bool {
	column := equal - 2
	if column < 2 || !b.symbol(column-1, ".") || !b.is(column-2, "NEW") {
		return false
	}
	if b.newColumn(b.table, b.tokens[column].Name()) {
		return true
	}
	for i := equal + 1; i < len(b.tokens) && !b.symbol(i, ";"); i++ {
		if b.is(i, "NEW") && b.symbol(i+1, ".") && i+2 < len(b.tokens) && b.newColumn(b.table, b.tokens[i+2].Name()) {
			return true
		}
	}
	return false
}

func (b body) nameAt(at int) pgschema.Name {
	var parts []string
	for i := at; i < len(b.tokens) && b.tokens[i].Name() != ""; i += 2 {
		parts = append(parts, b.tokens[i].Name())
		if !b.symbol(i+1, ".") {
			break
		}
	}
	return pgschema.NameOfParts(parts)
}
