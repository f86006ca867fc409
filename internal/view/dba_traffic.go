package view

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/internal/budget"
	"github.com/lockstep-dev/lockstep/plans"
)

// traffic writes what the server did when the plan was made.
func (d databaseBlock) traffic(p *page) {
	if d.survey == nil {
		labelled(p, "sizes", "not read; without them no time can be estimated that depends on rows")
		return
	}
	labelled(p, "writes", d.writes())
	if !d.survey.Blind && d.survey.Primary {
		labelled(p, "replicas", replicaWords(d.survey.Replicas))
	}
	if len(d.survey.Transactions) == 0 && !d.survey.Blind && d.survey.Server != "" {
		labelled(p, "open now", "no transaction is open for longer than 5s")
	}
	for _, t := range d.survey.Transactions {
		labelled(p, "open now", safe(budget.Transaction(t)+" "+d.inTheWay(t)))
	}
	for _, u := range d.survey.Unknown {
		labelled(p, "not known", safe(u))
	}
}

// writes are the rows written per second in each table of the plan.
func (d databaseBlock) writes() string {
	var words []string
	for _, r := range d.survey.Relations {
		if r.WritesPerSecond < 0 {
			continue
		}
		rate := strconv.FormatFloat(r.WritesPerSecond, 'f', -1, 64)
		if r.WritesPerSecond >= 1000 {
			rate = budget.Rows(int64(r.WritesPerSecond))
		}
		words = append(words, fmt.Sprintf("%s %s rows/s%s", safe(r.Relation), rate, over(r)))
	}
	return strings.Join(words, ", ")
}

func over(r plans.RelationFigures) string {
	if r.WritesOver == plans.Duration(time.Second) {
		return " (measured over 1s)"
	}
	return " (measured, average of " + brief(duration(r.WritesOver)) + " or more)"
}

func replicaWords(all []plans.ReplicaFigures) string {
	if len(all) == 0 {
		return "none seen"
	}
	words := make([]string, len(all))
	for i, r := range all {
		lag := brief(duration(r.Lag)) + " behind"
		switch {
		case r.Lag < 0:
			lag = "lag not known"
		case r.Lag == 0:
			lag = "less than 0.1s behind"
		}
		words[i] = safe(r.Name) + " (" + safe(r.Sync) + ") " + lag
	}
	return fmt.Sprintf("%d: %s", len(all), strings.Join(words, ", "))
}

// inTheWay names the steps that a transaction would delay if it were still
// open then, why, and who can end it.
func (d databaseBlock) inTheWay(t plans.OpenTransaction) string {
	var steps []string
	why := ""
	for _, i := range d.steps {
		if words := delayedBy(&d.plan.Steps[i], t); words != "" {
			steps, why = append(steps, strconv.Itoa(i+1)), cmp.Or(why, words)
		}
	}
	if len(steps) == 0 {
		return "in no step's way"
	}
	words := "<- step " + strings.Join(steps, ", step ") + ": " + why
	if remedy := budget.Remedy(t); remedy != "" {
		words += "; to end it, " + remedy
	}
	return words
}

// delayedBy is the plainest reason why a step's statements would wait.
func delayedBy(s *plans.Step, t plans.OpenTransaction) string {
	var reasons []string
	for _, st := range s.Statements {
		if why := budget.Delayed(t, st); why != "" {
			reasons = append(reasons, why)
		}
	}
	if len(reasons) == 0 {
		return ""
	}
	certain := slices.IndexFunc(reasons, func(why string) bool { return strings.HasPrefix(why, "would delay it:") })
	return reasons[max(certain, 0)]
}
