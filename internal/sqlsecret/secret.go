// Package sqlsecret finds passwords that are written in SQL, so that nothing
// that is shown has them: plans, findings, screens, reports. What runs is the
// file as it is written. It stands between sqlscan, whose tokens it reads, and
// sqlcheck, which masks what it says of a file.
package sqlsecret

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// Secret is a literal that holds one.
type Secret struct {
	Literal string // as written, with its quotes
	Line    int    // of the file
	// Sure is false for a value that may be no secret, such as what an UPDATE
	// writes to a column called password.
	Sure bool
}

// In finds the secrets of statements, in their order.
func In(statements []sqlscan.Statement) []Secret {
	var all []Secret
	for _, s := range statements {
		if !mayHold(s.Text) {
			continue
		}
		tokens := s.Tokens()
		for i, t := range tokens {
			if t.Kind != sqlscan.String {
				continue
			}
			if holds, sure := judge(tokens[:i], t.Text); holds {
				all = append(all, Secret{t.Text, s.Line + strings.Count(s.Text[:t.Offset], "\n"), sure})
			}
		}
	}
	return all
}

// mayHold spares most statements the search. It looks at each byte of every
// file there is, which a regular expression takes ten times as long for.
func mayHold(text string) bool {
	for i := range len(text) {
		for _, word := range wordsOf(text[i]) {
			if len(text)-i >= len(word) && strings.EqualFold(text[i:i+len(word)], word) {
				return true
			}
		}
	}
	return false
}

// wordsOf are the words that begin with a letter and that every secret has one
// of before it or in it.
func wordsOf(first byte) []string {
	switch first {
	case 'p', 'P':
		return []string{"pass", "pwd"}
	case 's', 'S':
		return []string{"secret"}
	case 't', 'T':
		return []string{"token"}
	case 'i', 'I':
		return []string{"identified"}
	case 'a', 'A':
		return []string{"apikey", "api_key"}
	case ':':
		return []string{"://"}
	}
	return nil
}

// judge says whether the literal behind tokens is or holds a secret.
func judge(before []sqlscan.Token, literal string) (holds, sure bool) {
	if len(strings.Trim(literal, `'"$ `)) == 0 {
		return false, false
	}
	last := len(before) - 1
	switch {
	case redact.Setting(literal) != literal, inside.MatchString(literal):
		return true, true
	case last < 0:
		return false, false
	case before[last].Is("BY"): // MySQL: IDENTIFIED [WITH plugin] BY 'x'
		return slices.ContainsFunc(before, func(t sqlscan.Token) bool { return t.Is("IDENTIFIED") }), true
	case before[last].Symbol("=") && last > 0:
		sets := before[0].Is("SET") && slices.ContainsFunc(before, func(t sqlscan.Token) bool { return t.Is("PASSWORD") })
		return sets || names(before[last-1]), sets
	case before[last].Symbol("(") && last > 0 && before[last-1].Is("PASSWORD"): // MySQL: PASSWORD('x')
		return true, true
	}
	return names(before[last]), true
}

// names reports whether a token is a word that a secret stands behind.
func names(t sqlscan.Token) bool {
	name := t.Name()
	return name != "" && secretName.MatchString(name)
}

var (
	secretName = regexp.MustCompile(`(?i)^([a-z0-9_]*_)?(password|passwd|pwd|passphrase|secret|token|secret_access_key|api_?key|sslpassword)$`)
	// inside finds a secret in the body of a routine, or in SQL that is built.
	inside = regexp.MustCompile(`(?i)(\bpassword|\bidentified\s+by)\s+([eu]&?)?'+[^'\s]`)
)

// Mask returns text, which may quote statements, without the secrets.
func Mask(text string, secrets []Secret) string {
	for _, s := range byLength(secrets) {
		if strings.Contains(text, s.Literal) {
			text = strings.ReplaceAll(text, s.Literal, masked(s.Literal))
		}
	}
	return text
}

// byLength has the longest first: one may stand in another.
func byLength(secrets []Secret) []Secret {
	return slices.SortedStableFunc(slices.Values(secrets), func(a, b Secret) int { return cmp.Compare(len(b.Literal), len(a.Literal)) })
}

// masked has as many lines as the literal, so that places stay as they are. Of
// a connection string only the password goes.
func masked(literal string) string {
	if n := len(literal); n > 2 && literal[0] == '\'' && !strings.Contains(literal, "\n") {
		if shown := redact.Setting(literal[1 : n-1]); shown != literal[1:n-1] && !inside.MatchString(shown) {
			return "'" + shown + "'"
		}
	}
	return "'" + redact.Mask + strings.Repeat("\n", strings.Count(literal, "\n")) + "'"
}
