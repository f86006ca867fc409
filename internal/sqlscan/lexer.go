package sqlscan

import "strings"

// lexer walks over the text once. It yields comments as well, for the header.
type lexer struct {
	src    string
	pos    int
	sqlite bool
	mysql  bool
	// executable is the offset, plus one, of the executable comment of MySQL
	// that the lexer is in.
	executable int
}

// next returns the next token or comment; its Kind is 0 at the end.
func (l *lexer) next() (Token, *Error) {
	for l.pos < len(l.src) && isSpace(l.src[l.pos]) {
		l.pos++
	}
	if l.pos >= len(l.src) {
		if l.executable > 0 {
			return Token{}, l.unterminated(l.executable-1, "executable comment", "*/")
		}
		return Token{Offset: l.pos}, nil
	}
	start := l.pos
	scan := l.scan
	if l.mysql {
		scan = l.scanMySQL
	}
	kind, err := scan()
	if err != nil {
		return Token{}, err
	}
	return Token{Kind: kind, Text: l.src[start:l.pos], Offset: start}, nil
}

func (l *lexer) scan() (Kind, *Error) {
	c := l.src[l.pos]
	rest := l.src[l.pos:]
	switch {
	case strings.HasPrefix(rest, "--"):
		l.line()
		return comment, nil
	case strings.HasPrefix(rest, "/*"):
		return comment, l.blockComment()
	case c == '\'':
		return String, l.quoted('\'', "string")
	case c == '"', l.sqlite && c == '`':
		return Quoted, l.quoted(c, "quoted name")
	case l.sqlite && c == '[':
		return Quoted, l.bracketed()
	case c == '$' && !l.sqlite:
		return l.dollar()
	case c == '\\' && !l.sqlite:
		l.line()
		return Command, nil
	case isDigit(c):
		l.skip(isWordByte)
		return Number, nil
	case isWordStart(c):
		return l.word()
	default:
		l.pos++
		return Symbol, nil
	}
}

// word also reads PostgreSQL's prefixed constants: E'..', B'..', X'..', N'..',
// U&'..' and U&"..".
func (l *lexer) word() (Kind, *Error) {
	start := l.pos
	l.skip(isWordByte)
	if l.sqlite {
		return l.sqliteWord(start)
	}
	if l.pos-start != 1 || l.pos >= len(l.src) {
		return Word, nil
	}
	prefix := l.src[start] | 0x20
	rest := l.src[l.pos:]
	switch {
	case prefix == 'e' && rest[0] == '\'':
		return String, l.escaped()
	case strings.IndexByte("bxn", prefix) >= 0 && rest[0] == '\'':
		return String, l.quoted('\'', "string")
	case prefix == 'u' && strings.HasPrefix(rest, "&'"):
		l.pos++
		return String, l.quoted('\'', "string")
	case prefix == 'u' && strings.HasPrefix(rest, "&\""):
		// The token is a name whose escapes are not resolved.
		l.pos++
		return String, l.quoted('"', "quoted name")
	}
	return Word, nil
}

func (l *lexer) sqliteWord(start int) (Kind, *Error) {
	if l.pos-start == 1 && l.src[start]|0x20 == 'x' && l.pos < len(l.src) && l.src[l.pos] == '\'' {
		return String, l.quoted('\'', "string")
	}
	return Word, nil
}

func (l *lexer) skip(in func(byte) bool) {
	for l.pos < len(l.src) && in(l.src[l.pos]) {
		l.pos++
	}
}

func (l *lexer) line() {
	if i := strings.IndexByte(l.src[l.pos:], '\n'); i >= 0 {
		l.pos += i
		return
	}
	l.pos = len(l.src)
}

// quoted reads text whose quote is written twice to stand for itself.
func (l *lexer) quoted(quote byte, what string) *Error {
	start := l.pos
	for l.pos++; ; l.pos += 2 {
		i := strings.IndexByte(l.src[l.pos:], quote)
		if i < 0 {
			return l.unterminated(start, what, string(quote))
		}
		l.pos += i
		if l.pos+1 >= len(l.src) || l.src[l.pos+1] != quote {
			l.pos++
			return nil
		}
	}
}

func (l *lexer) escaped() *Error {
	start := l.pos
	for l.pos++; l.pos < len(l.src); l.pos++ {
		switch {
		case l.src[l.pos] == '\\':
			l.pos++
		case l.src[l.pos] != '\'':
		case l.pos+1 < len(l.src) && l.src[l.pos+1] == '\'':
			l.pos++
		default:
			l.pos++
			return nil
		}
	}
	return l.unterminated(start, "string", "'")
}

func (l *lexer) bracketed() *Error {
	i := strings.IndexByte(l.src[l.pos:], ']')
	if i < 0 {
		return l.unterminated(l.pos, "quoted name", "]")
	}
	l.pos += i + 1
	return nil
}

// blockComment nests in PostgreSQL; in SQLite it does not, and the end of the
// text closes it.
func (l *lexer) blockComment() *Error {
	start, depth := l.pos, 0
	for l.pos < len(l.src) {
		rest := l.src[l.pos:]
		switch {
		case strings.HasPrefix(rest, "/*") && (depth == 0 || !l.sqlite):
			depth++
			l.pos += 2
		case strings.HasPrefix(rest, "*/"):
			depth--
			l.pos += 2
			if depth == 0 {
				return nil
			}
		default:
			l.pos++
		}
	}
	return l.unterminated(start, "comment", "*/")
}

// dollar reads $1, $$..$$ and $tag$..$tag$.
func (l *lexer) dollar() (Kind, *Error) {
	start := l.pos
	l.pos++
	if l.pos < len(l.src) && isDigit(l.src[l.pos]) {
		l.skip(isDigit)
		return Number, nil
	}
	if l.pos < len(l.src) && isWordStart(l.src[l.pos]) {
		l.skip(func(c byte) bool { return isWordByte(c) && c != '$' })
	}
	if l.pos >= len(l.src) || l.src[l.pos] != '$' {
		l.pos = start + 1
		return Symbol, nil
	}
	l.pos++
	tag := l.src[start:l.pos]
	i := strings.Index(l.src[l.pos:], tag)
	if i < 0 {
		return 0, l.unterminated(start, "dollar-quoted string", tag)
	}
	l.pos += i + len(tag)
	return String, nil
}

func (l *lexer) unterminated(offset int, what, end string) *Error {
	return errorAt(l.src, offset, "unterminated "+what, "end it with "+end)
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWordStart(c byte) bool {
	return c == '_' || c >= 0x80 || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func isWordByte(c byte) bool { return isWordStart(c) || isDigit(c) || c == '$' }
