package queries

import (
	"fmt"
	"strings"
)

// Verdict decides by evidence on which side of the deployment a migration
// belongs, whatever the rule said: after it, when it breaks a statement for
// good; before it, when it breaks none as far as was seen. It is not safe, and
// the rule stands, when nothing was seen. before are the answers without the
// migration. The reason always says how much was seen.
func Verdict(breaks []Break, before []Described, seen Seen) (expandSafe bool, reason string) {
	judged := len(before) - len(Unjudged(before))
	amount := seen.amount(judged, len(before)-judged)
	if judged == 0 {
		return false, "Nothing can be told from running statements, the rule stands: " + amount
	}
	broken, reconnecting := map[string]bool{}, map[string]bool{}
	var worst Break
	for _, b := range breaks {
		if b.Reconnect {
			reconnecting[b.Where] = true
		}
		if !b.Contract {
			continue
		}
		broken[b.Where] = true
		if worst.Where == "" || b.Statement.Usage.Calls > worst.Statement.Usage.Calls {
			worst = b
		}
	}
	if len(broken) > 0 {
		return false, fmt.Sprintf("It belongs after the deployment: it breaks %s, the most used is %s: %s. %s",
			statements(len(broken)), worst.Where, worst.Summary, amount)
	}
	reason = "It is safe before the deployment as far as was seen: it breaks no statement for good; privileges and row security were not tried. "
	if len(reconnecting) > 0 {
		reason += fmt.Sprintf("%s will fail once on each connection that has it prepared; recycle the connection pools. ", statements(len(reconnecting)))
	}
	return true, reason + amount
}

func statements(n int) string {
	if n == 1 {
		return "1 statement"
	}
	return fmt.Sprintf("%d statements", n)
}

// amount says how much was seen and what was not.
func (s Seen) amount(judged, unjudged int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Seen in %s: %s", s.Source, statements(judged))
	if s.Calls > 0 {
		fmt.Fprintf(&b, ", %s", counted(float64(s.Calls)))
	}
	switch {
	case s.Days > 0 && s.Days < 1:
		b.WriteString(" in less than a day")
	case s.Days > 0:
		fmt.Fprintf(&b, " in %.3g days", s.Days)
	case s.Calls > 0:
		b.WriteString(" since an unknown time")
	}
	b.WriteString(".")
	if unjudged > 0 {
		fmt.Fprintf(&b, " %s could not be tried: the server refuses them already without the migration.", statements(unjudged))
	}
	if s.Hidden > 0 {
		fmt.Fprintf(&b, " The text of %s (%s) is hidden from this role; GRANT pg_read_all_stats shows it.", statements(s.Hidden), counted(float64(s.HiddenCalls)))
	}
	if s.Forgotten > 0 {
		fmt.Fprintf(&b, " The server threw rare statements away %d times; raise pg_stat_statements.max.", s.Forgotten)
	}
	return b.String()
}
