package sqlscan

import "strings"

// block tracks where a semicolon does not end a MySQL statement: between BEGIN
// and END of a stored routine, trigger or event, and in a control statement
// that is a body by itself (IF ... END IF). It is a stack of what is open.
type block struct {
	opened  []string // BEGIN, CASE, IF, LOOP, WHILE, REPEAT
	kind    bodyKind
	before  Token // the token before, edges and comments apart
	pending string
}

// bodyKind is whether the statement may have a body.
type bodyKind uint8

const (
	bodyUnknown bodyKind = iota
	bodyPossible
	bodyNone
)

func (b *block) inside() bool { return len(b.opened) > 0 }

// ends settles what was open when a semicolon comes, and reports whether the
// semicolon belongs to a body.
func (b *block) ends(semicolon Token) bool {
	b.settle(semicolon)
	b.pending = ""
	return b.inside()
}

func (b *block) see(t Token) {
	b.recognise(t)
	if b.kind == bodyPossible {
		if !b.settle(t) && t.Kind == Word {
			b.word(strings.ToUpper(t.Text))
		}
	}
	b.before = t
}

// recognise looks for what a CREATE or ALTER is about. What stands between
// (OR REPLACE, DEFINER = name) is passed over.
func (b *block) recognise(t Token) {
	if b.kind != bodyUnknown || t.Kind != Word {
		return
	}
	word := strings.ToUpper(t.Text)
	switch {
	case b.before.Kind == 0 && word != "CREATE" && word != "ALTER" && word != "BEGIN":
		b.kind = bodyNone
	case word == "ATOMIC" && b.before.Is("NOT"): // MariaDB's BEGIN NOT ATOMIC
		b.kind, b.opened = bodyPossible, append(b.opened, "BEGIN")
	case word == "PROCEDURE", word == "FUNCTION", word == "TRIGGER", word == "EVENT":
		b.kind = bodyPossible
	case word == "TABLE", word == "VIEW", word == "INDEX", word == "DATABASE", word == "SCHEMA", word == "USER":
		b.kind = bodyNone
	}
}

// settle decides about a word that only the next token explains, and reports
// whether t is used up by that.
func (b *block) settle(t Token) bool {
	pending := b.pending
	b.pending = ""
	switch pending {
	case "END":
		for _, kind := range []string{"IF", "CASE", "LOOP", "WHILE", "REPEAT"} {
			if t.Is(kind) {
				b.pop(kind)
				return true
			}
		}
		if t.Is("FOR") {
			return true
		}
		b.pop("BEGIN")
	case "REPEAT": // a function when a parenthesis follows
		if !t.Symbol("(") {
			b.push("REPEAT")
		}
	}
	return false
}

func (b *block) word(word string) {
	switch word {
	case "BEGIN":
		if b.mayBegin() {
			b.push(word)
		}
	case "CASE", "LOOP", "WHILE":
		b.push(word)
	case "REPEAT":
		b.pending = word
	case "THEN":
		if b.top() != "CASE" {
			b.push("IF")
		}
	case "ELSEIF":
		b.pop("IF") // its THEN opens it again
	case "END":
		b.end()
	}
}

// end closes an expression's CASE at once; a block ends behind a semicolon.
func (b *block) end() {
	switch {
	case b.top() == "CASE" && !b.before.Symbol(";"):
		b.pop("CASE") // END CASE, of the statement, follows a semicolon
	case b.before.Symbol(";") || b.before.Is("BEGIN") || b.top() == "REPEAT": // UNTIL condition END REPEAT
		b.pending = "END"
	}
}

// mayBegin tells a block from a column of that name.
func (b *block) mayBegin() bool {
	if !b.inside() {
		return true
	}
	if b.before.Kind == Symbol {
		return b.before.Symbol(";") || b.before.Symbol(":") || b.before.Symbol(")")
	}
	return !b.before.Is("SELECT") && !b.before.Is("BY") && !b.before.Is("WHERE") && !b.before.Is("AND") && !b.before.Is("OR")
}

func (b *block) top() string {
	if len(b.opened) == 0 {
		return ""
	}
	return b.opened[len(b.opened)-1]
}

func (b *block) push(kind string) { b.opened = append(b.opened, kind) }

func (b *block) pop(kind string) {
	if b.top() == kind {
		b.opened = b.opened[:len(b.opened)-1]
	}
}
