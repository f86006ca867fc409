package updown

import (
	"fmt"
	"slices"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// Elsewhere says why a statement is left out of a rehearsal, "" for one that is
// not: it is about a whole database, which has another name here, about its
// server or about another one. What other statements find in the schema does not
// depend on it.
func Elsewhere(s sqlscan.Statement) string {
	if len(s.Words) < 2 {
		return ""
	}
	what := s.Words[1]
	switch s.Words[0] {
	case "CREATE", "ALTER", "DROP":
	case "COMMENT", "GRANT", "REVOKE":
		what = onWhat(s)
	default:
		return ""
	}
	switch {
	case slices.Contains([]string{"DATABASE", "TABLESPACE"}, what), what == "SYSTEM" && s.Words[0] == "ALTER":
		return s.Words[0] + " " + what + " changes the server"
	case what == "SUBSCRIPTION":
		return s.Words[0] + " SUBSCRIPTION connects to another server"
	}
	return ""
}

// onWhat is the word behind the first ON.
func onWhat(s sqlscan.Statement) string {
	tokens := s.Tokens()
	at := slices.IndexFunc(tokens, func(t sqlscan.Token) bool { return t.Is("ON") })
	for _, what := range []string{"DATABASE", "TABLESPACE", "SUBSCRIPTION"} {
		if at >= 0 && at+1 < len(tokens) && tokens[at+1].Is(what) {
			return what
		}
	}
	return ""
}

// tellElsewhere notes what is left out of a file.
func (m *Migration) tellElsewhere(file plans.SQLFile) {
	list, err := sqlscan.Split(file.Bytes)
	if err != nil {
		return // running it will say so
	}
	for _, s := range list {
		if why := Elsewhere(s); why != "" {
			m.Unseen = append(m.Unseen, fmt.Sprintf("%s:%d: whether it works: %s, and was left out", file.Path, s.Line, why))
		}
	}
}
