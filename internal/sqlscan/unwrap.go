package sqlscan

import "slices"

// Unwrap takes away one BEGIN at the start and the COMMIT at the end that
// stand around a whole file, as other tools want it: the file runs in a
// transaction as it is. It returns the text with both blanked, so that places
// stay as they are, and the statements between; wrapped is false, and nothing
// has changed, when there is no such pair or when it asks for a kind of
// transaction of its own.
func Unwrap(src []byte, statements []Statement) (text []byte, inner []Statement, wrapped bool) {
	last := len(statements) - 1
	if last < 1 || !plainBegin(statements[0]) || !plainCommit(statements[last]) {
		return src, statements, false
	}
	text = append([]byte(nil), src...)
	blank(text, statements[0])
	blank(text, statements[last])
	return text, statements[1:last], true
}

// Without takes the statements out that drop names; everything else stays at
// its line and column.
func Without(src []byte, statements []Statement, drop func(Statement) bool) (text []byte, left []Statement) {
	if !slices.ContainsFunc(statements, drop) {
		return src, statements
	}
	text = append([]byte(nil), src...)
	for _, s := range statements {
		if drop(s) {
			blank(text, s)
		} else {
			left = append(left, s)
		}
	}
	return text, left
}

func blank(text []byte, s Statement) {
	for i := s.Offset; i < s.Offset+len(s.Text); i++ {
		if text[i] != '\n' && text[i] != '\r' {
			text[i] = ' '
		}
	}
}

func plainBegin(s Statement) bool {
	if s.Starts("START", "TRANSACTION") {
		return len(s.Tokens()) == 2
	}
	return s.Starts("BEGIN") && noOptions(s)
}

func plainCommit(s Statement) bool {
	return (s.Starts("COMMIT") || s.Starts("END")) && noOptions(s)
}

// noOptions: BEGIN, COMMIT and END may be followed by a noise word.
func noOptions(s Statement) bool {
	tokens := s.Tokens()
	return len(tokens) == 1 || len(tokens) == 2 && (tokens[1].Is("TRANSACTION") || tokens[1].Is("WORK"))
}
