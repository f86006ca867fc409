package view

import (
	"fmt"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
)

// evidence sums up what a throw-away server has shown; nothing where no
// migration was rehearsed.
func evidence(p *page, plan *plans.Plan) {
	var migrations, tried, statements, unjudged int
	var server string
	var bad, breaking []string
	for i := range plan.Steps {
		s := &plan.Steps[i]
		if s.Migration != nil {
			migrations++
		}
		if s.Rehearsal != nil {
			tried++
			server = safe(s.Rehearsal.Server)
			if s.Rehearsal.Basis == "folder" {
				server += " with the schema that the folder's files make, not the target's own"
			}
			if words := shortcoming(s.Rehearsal); words != "" {
				bad = append(bad, fmt.Sprintf("step %d: %s", i+1, words))
			}
		}
		if s.Queries != nil {
			statements, unjudged = max(statements, s.Queries.Tried), max(unjudged, s.Queries.Unjudged)
			if n := stopped(s.Queries.Breaks); n > 0 {
				breaking = append(breaking, fmt.Sprintf("step %d breaks %d", i+1, n))
			} else if n := len(s.Queries.Breaks); n > 0 {
				breaking = append(breaking, fmt.Sprintf("step %d changes how %d run", i+1, n))
			}
		}
	}
	if tried > 0 {
		result := strings.Join(bad, "; ")
		if result == "" {
			result = "every down file restores the schema"
		}
		p.paragraph("Rehearsed: ", fmt.Sprintf("%d of %s on PostgreSQL %s; %s", tried, count(migrations, "migration"), server, result))
	}
	if statements > 0 {
		result := strings.Join(breaking, ", ")
		switch {
		case unjudged >= statements:
			result = "none could be judged: the server refuses all of them already before"
		case result == "" && unjudged > 0:
			result = fmt.Sprintf("none breaks, and of %d nothing can be told: the server refuses them already before", unjudged)
		case result == "":
			result = "none breaks"
		}
		p.paragraph("Queries: ", fmt.Sprintf("%s of the application tried; %s", count(statements, "statement"), result))
	}
}

// stopped counts the statements that do not work any more.
func stopped(breaks []plans.QueryBreak) int {
	n := 0
	for _, b := range breaks {
		if b.Contract {
			n++
		}
	}
	return n
}

// shortcoming says what a rehearsal found wrong; empty when all is well.
func shortcoming(r *plans.Rehearsal) string {
	switch {
	case r.Up != plans.OutcomeOK:
		return "up " + string(r.Up)
	case r.Down == plans.OutcomeMissing:
		return "no down file"
	case r.Down != plans.OutcomeOK:
		return "down " + string(r.Down)
	case !r.Restores:
		return "down does not restore the schema"
	}
	return ""
}

// rolesShort names who must look in one line.
func rolesShort(p *page, plan *plans.Plan) {
	var words []string
	for _, r := range plan.Roles {
		words = append(words, fmt.Sprintf("%s (%s)", safe(r.Role), count(len(r.Why), "reason")))
	}
	if len(words) > 0 {
		p.paragraph("Must look: ", strings.Join(words, ", "))
	}
}
