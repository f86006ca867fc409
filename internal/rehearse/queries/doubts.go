package queries

import (
	"fmt"
	"slices"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// wholeMonth is how long a server must have counted, in days, before what it
// has not seen may be taken for what nobody runs: jobs of the month's end are
// among it then.
const wholeMonth = 31

// Doubts say why nothing follows from what was not seen; none when everything
// that ran in a month was. before are the answers without the migration. A
// folder of statements never is all: nobody says that it has every one.
func Doubts(before []Described, seen Seen) []string {
	var doubts []string
	doubt := func(format string, args ...any) { doubts = append(doubts, fmt.Sprintf(format, args...)) }
	switch {
	case seen.Calls == 0:
		doubt("only a folder of statements was read, and nobody counts at the target what runs (pg_stat_statements)")
	case seen.Days == 0:
		doubt("nobody knows since when the target counts what runs")
	case seen.Days < wholeMonth:
		doubt("the target has counted what runs for %.3g days, less than a month", seen.Days)
	}
	if n := len(Unjudged(before)); n > 0 {
		doubt("%s could not be tried", statements(n))
	}
	if seen.Hidden > 0 {
		doubt("the text of %s is hidden from this role", statements(seen.Hidden))
	}
	if seen.Forgotten > 0 {
		doubt("the target has thrown rare statements away")
	}
	if seen.Unheard {
		doubt("the target does not count COPY, CALL and the like (pg_stat_statements.track_utility)")
	}
	return doubts
}

// Naming tells of statements that cannot be prepared and name an object.
func (w Workload) Naming(object string) []string {
	for _, text := range w.Seen.Commands {
		if slices.ContainsFunc(tokensOf(text), func(t sqlscan.Token) bool { return t.Name() == object }) {
			return []string{fmt.Sprintf("%q names %s, and cannot be tried", shown(text), object)}
		}
	}
	return nil
}
