package rehearse

import (
	"fmt"
	"slices"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// outOfReach tells why a file is not run on a scratch server: a statement of it
// reaches beyond the database, where nothing could take it back, or beyond the
// server. "" for a file that may run. What the body of a function does is not
// seen.
func outOfReach(file plans.SQLFile, own bool) string {
	list, err := sqlscan.Split(file.Bytes)
	if err != nil {
		return "" // running it will say so
	}
	for _, s := range list {
		if what := beyond(s, own); what != "" {
			return fmt.Sprintf("%s:%d: %s", file.Path, s.Line, what)
		}
	}
	return ""
}

func beyond(s sqlscan.Statement, own bool) string {
	if len(s.Words) == 0 {
		return ""
	}
	changes := slices.Contains([]string{"CREATE", "ALTER", "DROP"}, s.Words[0]) && len(s.Words) > 1
	has := func(word string) bool {
		return slices.ContainsFunc(s.Tokens(), func(t sqlscan.Token) bool { return t.Is(word) })
	}
	switch {
	case s.Words[0] == "COPY" && has("PROGRAM"):
		return "COPY ... PROGRAM runs a program on the server's machine"
	case changes && slices.Contains([]string{"DATABASE", "TABLESPACE", "SYSTEM"}, s.Words[1]):
		return s.Words[0] + " " + s.Words[1] + " changes the server"
	case changes && s.Words[1] == "SUBSCRIPTION":
		return s.Words[0] + " SUBSCRIPTION connects to another server"
	case !own && changes && slices.Contains([]string{"ROLE", "USER", "GROUP"}, s.Words[1]):
		return s.Words[0] + " " + s.Words[1] + " changes the roles of a server that is not ours alone"
	}
	return ""
}
