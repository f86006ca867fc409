package rehearse

import (
	"fmt"
	"slices"

	"github.com/lockstep-dev/lockstep/internal/rehearse/updown"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// outOfReach tells why a file is not run on a scratch server: a statement of it
// reaches beyond the database, where nothing could take it back, or all that it
// does is left out there. "" for a file that may run. What the body of a function
// does is not seen.
func outOfReach(file plans.SQLFile, own bool) string {
	if why := forbidden(file, own); why != "" {
		return why
	}
	list, err := sqlscan.Split(file.Bytes)
	first := ""
	for _, s := range list {
		why := updown.Elsewhere(s)
		if err != nil || why == "" {
			return ""
		}
		if first == "" {
			first = fmt.Sprintf("%s:%d: %s", file.Path, s.Line, why)
		}
	}
	return first
}

// forbidden tells why what a file leads to cannot be made on a scratch server.
func forbidden(file plans.SQLFile, own bool) string {
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
	case s.Starts(s.Words[0], "USER", "MAPPING"):
		return ""
	case !own && changes && slices.Contains([]string{"ROLE", "USER", "GROUP"}, s.Words[1]):
		return s.Words[0] + " " + s.Words[1] + " changes the roles of a server that is not ours alone"
	}
	return ""
}
