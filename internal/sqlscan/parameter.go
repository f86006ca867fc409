package sqlscan

import "strings"

// Parameter is a named placeholder of a statement, ":name". Text in strings,
// comments and quoted names holds none, and neither does a cast (a::name).
type Parameter struct {
	Name   string
	Offset int // of the colon, in bytes, from the start of Text
}

// Parameters returns the named placeholders in the order in which they stand.
// A slice such as list[a:b] is indistinguishable from one.
func (s Statement) Parameters() []Parameter {
	var found []Parameter
	tokens := s.Tokens()
	for i := 0; i+1 < len(tokens); i++ {
		colon, name := tokens[i], tokens[i+1]
		if !colon.Symbol(":") || name.Kind != Word || name.Offset != colon.Offset+1 {
			continue
		}
		if i > 0 && tokens[i-1].Symbol(":") && tokens[i-1].Offset == colon.Offset-1 {
			continue
		}
		found = append(found, Parameter{Name: name.Text, Offset: colon.Offset})
	}
	return found
}

// Numbered returns the first placeholder of the database's own form, such as
// $1 or, in SQLite and MySQL, ?: it would meet those that Bind puts in. It is "" when
// there is none.
func (s Statement) Numbered() string {
	for _, t := range s.Tokens() {
		numbered := t.Kind == Number && strings.HasPrefix(t.Text, "$") || s.mysql && t.Symbol("?")
		if numbered || s.sqlite && (t.Symbol("?") || t.Symbol("$") || t.Symbol("@")) {
			return t.Text
		}
	}
	return ""
}

// Bind returns the statement's text with each named placeholder replaced by
// what the function makes of its name.
func (s Statement) Bind(replace func(name string) string) string {
	var b strings.Builder
	end := 0
	for _, p := range s.Parameters() {
		b.WriteString(s.Text[end:p.Offset])
		b.WriteString(replace(p.Name))
		end = p.Offset + 1 + len(p.Name)
	}
	b.WriteString(s.Text[end:])
	return b.String()
}
