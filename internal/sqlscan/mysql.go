package sqlscan

import "strings"

// SplitMySQL cuts MySQL and MariaDB text into its statements by the rules of
// their default sql_mode: a backslash escapes in strings, and "..." is a
// string. A routine's body from BEGIN to END is one statement. DELIMITER, which
// is a command of the mysql client, is an error. See Split.
//
// An executable comment (/*!50700 ... */, /*M! ... */) is read as the SQL that
// it holds, which is what a server of a fitting version does.
func SplitMySQL(src []byte) ([]Statement, error) { return splitBy(lexer{mysql: true}, src) }

// scanMySQL reads one token. Sources: MySQL Reference Manual, "Language
// Structure": Comments, String Literals, Schema Object Names.
func (l *lexer) scanMySQL() (Kind, *Error) {
	c := l.src[l.pos]
	rest := l.src[l.pos:]
	switch {
	case c == '#', strings.HasPrefix(rest, "--") && (len(rest) == 2 || rest[2] <= ' '):
		l.line()
		return comment, nil
	case strings.HasPrefix(rest, "/*!"), strings.HasPrefix(rest, "/*M!"):
		return l.beginExecutable()
	case l.executable > 0 && strings.HasPrefix(rest, "*/"):
		l.executable = 0
		l.pos += 2
		return edge, nil
	case strings.HasPrefix(rest, "/*"):
		return comment, l.flatComment()
	case c == '\'' || c == '"':
		return String, l.escapedBy(c)
	case c == '`':
		return Quoted, l.quoted('`', "quoted name")
	case c == '\\' && !strings.HasPrefix(rest, `\N`):
		l.line()
		return Command, nil
	case isDigit(c):
		return l.mysqlNumber(), nil
	case isWordStart(c) || c == '$':
		l.skip(isWordByte)
		return Word, nil
	default:
		l.pos++
		return Symbol, nil
	}
}

func (l *lexer) beginExecutable() (Kind, *Error) {
	if l.executable > 0 {
		return 0, errorAt(l.src, l.pos, "an executable comment inside of another", "take it out of the other")
	}
	l.executable = l.pos + 1
	l.pos += strings.IndexByte(l.src[l.pos:], '!') + 1
	l.skip(isDigit)
	return edge, nil
}

// flatComment does not nest.
func (l *lexer) flatComment() *Error {
	i := strings.Index(l.src[l.pos+2:], "*/")
	if i < 0 {
		return l.unterminated(l.pos, "comment", "*/")
	}
	l.pos += i + 4
	return nil
}

// escapedBy reads a string in which a backslash escapes, and the quote
// written twice stands for itself.
func (l *lexer) escapedBy(quote byte) *Error {
	start := l.pos
	for l.pos++; l.pos < len(l.src); l.pos++ {
		switch {
		case l.src[l.pos] == '\\':
			l.pos++
		case l.src[l.pos] != quote:
		case l.pos+1 < len(l.src) && l.src[l.pos+1] == quote:
			l.pos++
		default:
			l.pos++
			return nil
		}
	}
	return l.unterminated(start, "string", string(quote))
}

// mysqlNumber: a plain name may begin with a digit (2fa_codes), and a number
// may hold letters (0x1F, 1e5).
func (l *lexer) mysqlNumber() Kind {
	start := l.pos
	l.skip(isWordByte)
	text := strings.ToLower(l.src[start:l.pos])
	switch {
	case strings.Trim(text, "0123456789") == "":
		return Number
	case strings.HasPrefix(text, "0x") && strings.Trim(text[2:], "0123456789abcdef") == "",
		strings.HasPrefix(text, "0b") && strings.Trim(text[2:], "01") == "":
		return Number
	}
	mantissa, exponent, ok := strings.Cut(text, "e")
	if ok && strings.Trim(mantissa, "0123456789") == "" && strings.Trim(exponent, "0123456789") == "" {
		return Number
	}
	return Word
}

// ExecutableComment reports whether the statement holds one: what runs then
// depends on the server's version.
func (s Statement) ExecutableComment() bool {
	if !s.mysql {
		return false
	}
	l := lexer{src: s.Text, mysql: true}
	for {
		t, err := l.next()
		if err != nil || t.Kind == 0 {
			return false
		}
		if t.Kind == edge {
			return true
		}
	}
}

// setsMySQL: a file's statements share a connection there.
func (s Statement) setsMySQL() bool {
	switch s.Words[0] {
	case "SET":
		return len(s.Words) < 2 || s.Words[1] != "GLOBAL" && s.Words[1] != "PERSIST" && s.Words[1] != "PASSWORD"
	case "PREPARE", "DEALLOCATE":
		return true
	default:
		return s.Starts("DROP", "PREPARE")
	}
}

// endsMySQL: LOCK TABLES and UNLOCK TABLES commit, and take away the locks
// that keep others out.
func (s Statement) endsMySQL() bool {
	switch s.Words[0] {
	case "BEGIN":
		return !s.Starts("BEGIN", "NOT", "ATOMIC")
	case "COMMIT", "ROLLBACK", "SAVEPOINT", "XA":
		return true
	case "START":
		return s.Starts("START", "TRANSACTION")
	case "RELEASE":
		return s.Starts("RELEASE", "SAVEPOINT")
	case "LOCK", "UNLOCK":
		return s.Starts("LOCK", "TABLES") || s.Starts("LOCK", "TABLE") || s.Starts("UNLOCK", "TABLES") || s.Starts("UNLOCK", "TABLE")
	case "SET":
		return s.has("AUTOCOMMIT")
	default:
		return false
	}
}

// commitsMySQL reports whether the statement commits what was before it, or
// whether nobody can tell because it runs what is not in the text. Source:
// MySQL Reference Manual, "Statements That Cause an Implicit Commit".
func (s Statement) commitsMySQL() bool {
	switch s.Words[0] {
	case "CREATE", "DROP":
		return !s.Starts("DROP", "PREPARE") && !s.Starts(s.Words[0], "TEMPORARY", "TABLE")
	case "ALTER", "RENAME", "TRUNCATE", "GRANT", "REVOKE", "INSTALL", "UNINSTALL", "IMPORT",
		"CACHE", "CHECK", "FLUSH", "OPTIMIZE", "REPAIR", "RESET", "CHANGE", "PURGE":
		return true
	case "ANALYZE":
		return s.Starts("ANALYZE", "TABLE") || s.Starts("ANALYZE", "LOCAL") || s.Starts("ANALYZE", "NO_WRITE_TO_BINLOG")
	case "LOAD":
		return s.Starts("LOAD", "INDEX")
	case "SET":
		return s.Starts("SET", "PASSWORD")
	case "CALL", "EXECUTE", "BEGIN":
		return true
	default:
		return false
	}
}
