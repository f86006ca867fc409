package sqlscan

import "strings"

// Writes names the tables whose rows a MySQL statement changes, as written
// and without quotes, a schema before them with a dot. It names none for a
// statement that does not change rows by its own words.
func (s Statement) Writes() []string {
	if !s.mysql || len(s.Words) == 0 {
		return nil
	}
	w := tableReader{tokens: s.Tokens()}
	switch s.Words[0] {
	case "INSERT", "REPLACE":
		w.skip("INSERT", "REPLACE", "LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE", "INTO")
		return w.until()
	case "UPDATE":
		w.skip("UPDATE", "LOW_PRIORITY", "IGNORE")
		return w.tables("SET")
	case "DELETE":
		return w.tables("WHERE", "ORDER", "LIMIT", "RETURNING")
	case "LOAD":
		for w.more() && !w.tokens[w.at].Is("INTO") {
			w.at++
		}
		w.skip("INTO", "TABLE")
		return w.until()
	case "WITH":
		for w.more() && !w.tokens[w.at].Is("UPDATE") && !w.tokens[w.at].Is("DELETE") {
			w.at++
		}
		return w.tables("SET", "WHERE")
	default:
		return nil
	}
}

// PlainName is the identifier that t spells in the case in which it stands;
// MySQL tells tables apart by it where the file system does.
func (t Token) PlainName() string {
	if t.Kind == Word {
		return t.Text
	}
	return t.Name()
}

type tableReader struct {
	tokens []Token
	at     int
}

func (r *tableReader) more() bool { return r.at < len(r.tokens) }

func (r *tableReader) skip(words ...string) {
	for r.more() && isAny(r.tokens[r.at], words) {
		r.at++
	}
}

func isAny(t Token, words []string) bool {
	for _, w := range words {
		if t.Is(w) {
			return true
		}
	}
	return false
}

// until reads one name.
func (r *tableReader) until() []string {
	if name := r.name(); name != "" {
		return []string{name}
	}
	return nil
}

func (r *tableReader) name() string {
	var parts []string
	for r.more() && r.tokens[r.at].PlainName() != "" {
		parts = append(parts, r.tokens[r.at].PlainName())
		r.at++
		if !r.more() || !r.tokens[r.at].Symbol(".") {
			break
		}
		r.at++
	}
	return strings.Join(parts, ".")
}

// tables reads every name before one of the ends: those of joined tables and
// aliases are among them, which errs towards a table that is only read.
func (r *tableReader) tables(ends ...string) []string {
	var list []string
	for r.more() && !isAny(r.tokens[r.at], ends) {
		name := r.name()
		if name == "" {
			r.at++
			continue
		}
		if !reservedBetweenTables(name) {
			list = append(list, name)
		}
	}
	return list
}

func reservedBetweenTables(word string) bool {
	switch strings.ToUpper(word) {
	case "DELETE", "UPDATE", "LOW_PRIORITY", "QUICK", "IGNORE", "FROM", "USING", "JOIN", "INNER", "LEFT", "RIGHT",
		"OUTER", "CROSS", "NATURAL", "ON", "AS", "AND", "OR", "SELECT", "PARTITION", "STRAIGHT_JOIN":
		return true
	default:
		return false
	}
}
