package view

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/internal/budget"
	"github.com/lockstep-dev/lockstep/internal/terminal"
	"github.com/lockstep-dev/lockstep/plans"
)

// stop is what a step keeps from working, from which line on and for how long.
type stop struct {
	blocks   string
	tables   string
	step     int
	line     int
	estimate *plans.Estimate // nil: nobody knows
}

// stops writes first what is worst: what the database's steps keep from
// working, and the longest time of each kind.
func (d databaseBlock) stops(p *page) {
	found := false
	for _, kind := range []string{budget.ReadsAndWrites, budget.Writes} {
		var all []stop
		for _, i := range d.steps {
			all = append(all, d.stopsOf(i, kind)...)
		}
		if len(all) == 0 {
			continue
		}
		found = true
		worst := slices.MaxFunc(all, longer)
		last := "for a time that is not known"
		if worst.estimate != nil {
			last = "for " + span(worst.estimate)
		}
		words := fmt.Sprintf("%s of %s %s (step %d from line %d on)", kind, worst.tables, last, worst.step, worst.line)
		for _, other := range all {
			if again := fmt.Sprintf(", also in step %d", other.step); other.step != worst.step && !strings.Contains(words, again) {
				words += again
			}
		}
		p.paragraph("  "+p.out.Paint(terminal.Notice, "stops")+strings.Repeat(" ", labelWidth-2-len("stops")), words)
	}
	switch {
	case found:
	case d.kind() != "postgres":
		labelled(p, "stops", "not known: the locks of "+d.kind()+" are not analysed")
	default:
		labelled(p, "stops", "neither reads nor writes of tables, as far as is known")
	}
}

// longer orders stops; what is not known comes last.
func longer(a, b stop) int {
	length := func(s stop) time.Duration {
		if s.estimate == nil {
			return 1<<63 - 1
		}
		return time.Duration(s.estimate.High)
	}
	switch {
	case length(a) < length(b):
		return -1
	case length(a) > length(b):
		return 1
	}
	return 0
}

// stopsOf finds what a step stops: in one transaction from the first statement
// that does so to the end of the file, otherwise each statement by itself.
func (d databaseBlock) stopsOf(i int, kind string) (all []stop) {
	s := &d.plan.Steps[i]
	for at, st := range s.Statements {
		names := lockedAs(kind, st)
		if len(names) == 0 {
			continue
		}
		found := stop{kind, d.names(names), i + 1, st.Line, st.Estimate}
		if together(s) {
			found.tables = d.names(lockedAs(kind, s.Statements[at:]...))
			found.estimate, _ = worked(s.Provider, s.Statements[at:])
			return []stop{found}
		}
		all = append(all, found)
	}
	return all
}

// lockedAs names what statements keep from working in the same way, once each.
func lockedAs(kind string, statements ...plans.Statement) (names []string) {
	for _, st := range statements {
		for _, l := range st.Locks {
			if budget.Blocks(l.Mode) == kind && !slices.Contains(names, l.Relation) {
				names = append(names, l.Relation)
			}
		}
	}
	return names
}
