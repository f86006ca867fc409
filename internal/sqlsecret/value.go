package sqlsecret

import (
	"regexp"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// Values are the secrets that stand in a file for sure, as a server would have
// them, for a mask to learn: whatever repeats them, such as an error of the
// server's, does not need to quote the file. Which dialect it is does not matter.
func Values(file []byte) []string {
	if !mayHold(string(file)) {
		return nil
	}
	statements, err := sqlscan.Split(file)
	if err != nil {
		if statements, err = sqlscan.SplitMySQL(file); err != nil {
			return nil // nothing is said of the file but what is wrong with it
		}
	}
	var all []string
	for _, s := range In(statements) {
		if s.Sure {
			all = append(all, valuesOf(s.Literal)...)
		}
	}
	return all
}

// nested finds the password in a statement that is a text itself.
var nested = regexp.MustCompile(`(?i)(?:\bpassword|\bidentified\s+by)\s+(?:[eu]&?)?'+([^'\s]+)'`)

func valuesOf(literal string) []string {
	first, last := strings.IndexAny(literal, `'"$`), strings.LastIndexAny(literal, `'"$`)
	if first < 0 || last <= first {
		return nil
	}
	quote, text := literal[first], literal[first+1:last]
	var found []string
	for _, match := range nested.FindAllStringSubmatch(literal, -1) {
		found = append(found, match[1])
	}
	if passwords := redact.Passwords(text); len(passwords) > 0 || len(found) > 0 {
		return append(found, passwords...)
	}
	if quote == '$' {
		return nil // the body of a routine, of which nothing stood out
	}
	return []string{strings.ReplaceAll(text, string(quote)+string(quote), string(quote))}
}
