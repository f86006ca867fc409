package mend

import (
	"fmt"
	"slices"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/internal/sqltrace"
)

// Effect is how much of a statement is there.
type Effect string

// Effects of a statement.
const (
	There    Effect = "there"
	NotThere Effect = "not there"
	Broken   Effect = "half there"
	Unclear  Effect = "cannot tell"
)

// Finding is one statement of the file that failed.
type Finding struct {
	Line     int    `json:"line"`
	SQL      string `json:"sql"`
	Effect   Effect `json:"effect"`
	Evidence string `json:"evidence"`
	// Earlier: what is there was there before this file ran.
	Earlier bool `json:"earlier,omitempty"`

	statement sqlscan.Statement
	traces    []sqltrace.Trace
	after     bool // made after the mark, for certain
}

// counts reports whether the file itself made what is there.
func (f Finding) counts() bool { return f.Effect == There && !f.Earlier }

// judge looks at each statement by itself, then at what their order tells.
func (c Case) judge(f *File, sights Sights) []Finding {
	findings := make([]Finding, len(f.Statements))
	for i, s := range f.Statements {
		findings[i] = Finding{Line: s.Line, SQL: s.Text, statement: s, traces: sqltrace.Of(s)}
		findings[i].look(sights, laterTraces(f.Statements[i+1:]))
	}
	inferFromOrder(findings)
	if f.atomic() && !c.MultiStatement {
		inferFromTransaction(findings, f.Direction == Up)
	}
	if f.Direction == Up {
		doubtWhatIsOlder(findings)
	}
	for i := range findings {
		findings[i].assume(c.Assume)
	}
	return findings
}

// doubtWhatIsOlder: when all that a file makes was there before it ran, it may
// have failed because of that, and what is there may be something else.
func doubtWhatIsOlder(findings []Finding) {
	older := func(f Finding) bool { return f.Effect == There && f.Earlier || f.Effect == Unclear }
	if !slices.ContainsFunc(findings, func(f Finding) bool { return !older(f) }) {
		for i := range findings {
			findings[i].Effect = Unclear
		}
	}
}

func laterTraces(statements []sqlscan.Statement) []sqltrace.Trace {
	var all []sqltrace.Trace
	for _, s := range statements {
		all = append(all, sqltrace.Of(s)...)
	}
	return all
}

// look decides from the catalog alone. A statement is there as a whole or not
// at all, so one trace that is not as it should be decides.
func (f *Finding) look(sights Sights, later []sqltrace.Trace) {
	f.Effect, f.Evidence = Unclear, "the catalog does not show what it does"
	for _, t := range f.traces {
		if slices.ContainsFunc(later, func(l sqltrace.Trace) bool { return l.Overrides(t) }) {
			if f.Effect == Unclear {
				f.Evidence = "a later statement changes " + t.String() + " again"
			}
			continue
		}
		sight, looked := sights[t]
		switch {
		case !looked:
		case sight.Broken:
			f.Effect, f.Evidence = Broken, t.String()+" is INVALID"
			return
		case sight.There == t.Gone:
			f.Effect, f.Evidence, f.after = NotThere, t.String()+is(sight), false
			f.Earlier = false
			return
		case t.Weak:
			f.Evidence = t.String() + is(sight) + ", which may be from before"
		default:
			f.Effect, f.Evidence = There, t.String()+is(sight)
			f.Earlier, f.after = sight.When == Before, sight.When == After
		}
	}
}

func is(s Sight) string {
	switch {
	case !s.There:
		return " is not there"
	case s.When == Before:
		return " is there, since before the version was marked"
	case s.When == After:
		return " is there, made after the version was marked"
	default:
		return " is there"
	}
}

// inferFromOrder: statements run one after the other, so what stands before
// one that ran has run, and what stands behind one that did not has not.
func inferFromOrder(findings []Finding) {
	ran := -1
	for i, f := range findings {
		if f.counts() {
			ran = i
		}
	}
	stopped := slices.IndexFunc(findings, func(f Finding) bool { return f.Effect == NotThere || f.Effect == Broken })
	for i := range findings {
		f := &findings[i]
		switch {
		case f.Effect != Unclear:
		case i < ran && (stopped < 0 || stopped > ran):
			f.Effect, f.Evidence = There, fmt.Sprintf("line %d behind it has run", findings[ran].Line)
		case stopped >= 0 && i > stopped && ran < stopped:
			f.Effect, f.Evidence = NotThere, fmt.Sprintf("line %d before it has not run", findings[stopped].Line)
		}
	}
}

// inferFromTransaction: golang-migrate sends a file as one text, which the
// server runs as one transaction. What is there although another statement is
// not, and was not made after the mark for certain, was there before; on the
// way down something is gone that the way up had made, so that is no such case.
func inferFromTransaction(findings []Finding, up bool) {
	ran := slices.IndexFunc(findings, Finding.counts)
	stopped := slices.IndexFunc(findings, func(f Finding) bool { return f.Effect == NotThere })
	mixed := up && ran >= 0 && stopped >= 0 && !slices.ContainsFunc(findings, func(f Finding) bool { return f.after })
	for i := range findings {
		if f := &findings[i]; mixed && f.counts() {
			f.Earlier = true
			f.Evidence += fmt.Sprintf("; the file is one transaction and line %d is not there, so it was so before", findings[stopped].Line)
		}
	}
	ran = slices.IndexFunc(findings, Finding.counts)
	for i := range findings {
		f := &findings[i]
		switch {
		case f.Effect != Unclear || ran >= 0 && stopped >= 0:
		case ran >= 0:
			f.Effect, f.Evidence = There, fmt.Sprintf("one transaction with line %d, which is there", findings[ran].Line)
		case stopped >= 0:
			f.Effect, f.Evidence = NotThere, fmt.Sprintf("one transaction with line %d, which is not there", findings[stopped].Line)
		}
	}
}

func (f *Finding) assume(word string) {
	if f.Effect != Unclear {
		return
	}
	f.Earlier = f.Earlier && word == ""
	switch word {
	case "applied":
		f.Effect, f.Evidence = There, "assumed, as you say"
	case "not-applied":
		f.Effect, f.Evidence = NotThere, "assumed, as you say"
	}
}
