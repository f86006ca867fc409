package mend

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqltrace"
)

// Verdict is how much of the file that failed is there.
type Verdict string

// Verdicts.
const (
	Applied    Verdict = "applied"
	NotApplied Verdict = "not applied"
	Partly     Verdict = "partly applied"
	NotClear   Verdict = "not clear"
)

// Diagnosis is what became of a dirty version, and what can be done.
type Diagnosis struct {
	Version   uint64    `json:"version,string"`
	File      string    `json:"file,omitempty"`
	Direction string    `json:"direction,omitempty"`
	Why       string    `json:"why"`
	Findings  []Finding `json:"statements"`
	Verdict   Verdict   `json:"verdict"`
	Ways      []Way     `json:"ways"`
	// Needs says what a person has to decide before there is a way.
	Needs string `json:"needs,omitempty"`
}

// Way leads to a version that is true again.
type Way struct {
	Name    string `json:"name"` // settle, finish or undo
	Summary string `json:"summary"`
	// SQL are the statements that run, in one transaction with the books.
	SQL []string `json:"sql"`
	// File is where the statements stand, Lines are their first lines there;
	// empty for statements that were derived.
	File  string `json:"-"`
	Lines []int  `json:"-"`
	// Broken are the statements whose remains are removed first, outside of
	// the transaction.
	Broken []string `json:"removed_first,omitempty"`
	// Version is schema_migrations afterwards; 0 for none.
	Version uint64 `json:"version,string"`
	// Row is the version whose row in the history is written (Applied) or
	// taken away.
	Row     uint64 `json:"row,string"`
	Applied bool   `json:"applied"`
	// Refused says why the way cannot be gone; empty when it can.
	Refused string `json:"refused,omitempty"`
}

// Text is the statements as one text, with those that stand in a file on their
// lines there, so that an error names the place.
func (w Way) Text() string {
	var b strings.Builder
	line := 1
	for i, sql := range w.SQL {
		for ; i < len(w.Lines) && line < w.Lines[i]; line++ {
			b.WriteByte('\n')
		}
		b.WriteString(sql + ";\n")
		line += strings.Count(sql, "\n") + 1
	}
	return b.String()
}

// Names of ways.
const (
	Settle = "settle"
	Finish = "finish"
	Undo   = "undo"
)

// Diagnose finds the file that failed and the ways on.
func (c Case) Diagnose(sights Sights) Diagnosis {
	file, why := c.failed(sights)
	d := Diagnosis{Version: c.Version, Why: why, Verdict: NotClear}
	if file == nil {
		d.Needs = c.chooseFile()
		return d
	}
	d.File, d.Direction = file.Path, file.Direction
	d.Findings = c.judge(file, sights)
	d.Verdict = verdict(d.Findings)
	if d.Verdict == NotClear {
		d.Needs = "look at what the statements that cannot be told have done, then say it: --assume applied or --assume not-applied, with --reason TEXT"
		return d
	}
	if file.Direction == Up {
		d.Ways = c.waysUp(d)
	} else {
		d.Ways = c.waysDown(d, sights)
	}
	return d
}

func (c Case) chooseFile() string {
	var paths []string
	for _, f := range []*File{c.Up, c.NextDown} {
		if f != nil {
			paths = append(paths, "--failed "+f.Path)
		}
	}
	if len(paths) == 0 {
		return "bring the files of this version back from version control; without them nobody can tell what it did"
	}
	return "look at golang-migrate's log and say which file failed: " + strings.Join(paths, " or ")
}

// failed decides between the two readings of a dirty version.
func (c Case) failed(sights Sights) (*File, string) {
	switch {
	case c.Failed != "":
		for _, f := range []*File{c.Up, c.NextDown} {
			if f != nil && f.Path == c.Failed {
				return f, "as you say"
			}
		}
		return nil, fmt.Sprintf("%s is neither the up file of version %d nor the down file of the version above", c.Failed, c.Version)
	case c.Up == nil && c.NextDown == nil:
		return nil, fmt.Sprintf("there is no file of version %d", c.Version)
	case c.Up == nil:
		return c.NextDown, "golang-migrate was on the way down to it"
	case c.NextDown == nil:
		return c.Up, "no version above it has a down file, so it was on the way up"
	}
	return c.tellApart(sights)
}

// tellApart: on the way down from the version above, this version was there
// long before the mark and the one above is there at least in part; on the way
// up the one above is not there.
func (c Case) tellApart(sights Sights) (*File, string) {
	above := made(seen(c.NextUp, sights), func(f Finding) bool { return f.Effect == There && hasCreation(f.traces) })
	after := made(seen(c.Up, sights), func(f Finding) bool { return f.after })
	missing := made(seen(c.Up, sights), func(f Finding) bool {
		return (f.Effect == NotThere || f.Effect == Broken) && hasCreation(f.traces) && !c.takenByNext(f.traces)
	})
	gone := made(seen(c.NextUp, sights), func(f Finding) bool { return f.Effect == There && !hasCreation(f.traces) && f.decided() })
	before := made(seen(c.Up, sights), func(f Finding) bool { return f.Effect == There && f.Earlier })
	absent := made(seen(c.NextUp, sights), func(f Finding) bool { return f.Effect == NotThere })
	switch {
	case above != nil && after != nil:
		return nil, fmt.Sprintf("%s of %s is there, and so is %s of %s, made after the mark", above.Evidence, c.NextUp.Path, after.Evidence, c.Up.Path)
	case above != nil:
		return c.NextDown, fmt.Sprintf("version %d above it is there (%s), so its down file failed; golang-migrate marks the version that a down leads to", c.NextUp.Version, above.Evidence)
	case after != nil:
		return c.Up, after.Evidence
	case missing != nil:
		return c.Up, fmt.Sprintf("%s, so version %d is not there in full and was on the way up", missing.Evidence, c.Version)
	case gone != nil && absent == nil:
		return c.NextDown, fmt.Sprintf("what version %d above it takes away is gone (%s), so its down file failed", c.NextUp.Version, gone.Evidence)
	case absent != nil && before != nil:
		return c.NextDown, fmt.Sprintf("version %d was there before the mark (%s), and of version %d above it something is gone (%s)",
			c.Version, before.Evidence, c.NextUp.Version, absent.Evidence)
	case absent != nil:
		return c.Up, fmt.Sprintf("version %d above it is not there (%s): either the up file of %d ended, or the down file of %d did; both leave version %d",
			c.NextUp.Version, absent.Evidence, c.Version, c.NextUp.Version, c.Version)
	default:
		return nil, "the catalog does not tell whether the version was on the way up or the one above it on the way down"
	}
}

// seen is what the catalog alone says: neither order nor assumptions must
// decide which file it was.
func seen(f *File, sights Sights) []Finding {
	if f == nil {
		return nil
	}
	findings := make([]Finding, len(f.Statements))
	for i, s := range f.Statements {
		findings[i] = Finding{Line: s.Line, traces: sqltrace.Of(s)}
		findings[i].look(sights, laterTraces(f.Statements[i+1:]))
	}
	return findings
}

func made(findings []Finding, is func(Finding) bool) *Finding {
	if i := slices.IndexFunc(findings, is); i >= 0 {
		return &findings[i]
	}
	return nil
}

func (f Finding) decided() bool { return f.Effect == There || f.Effect == NotThere }

func hasCreation(traces []sqltrace.Trace) bool {
	return slices.ContainsFunc(traces, func(t sqltrace.Trace) bool { return !t.Gone && !t.Weak })
}

// takenByNext: the version above takes away what this one made, so that it is
// missing proves nothing.
func (c Case) takenByNext(traces []sqltrace.Trace) bool {
	for _, later := range laterTraces(c.NextUp.Statements) {
		if slices.ContainsFunc(traces, later.Overrides) {
			return true
		}
	}
	return false
}

// verdict adds the findings up. What was there before the file ran is not its
// doing, unless everything is there: then nothing is missing.
func verdict(findings []Finding) Verdict {
	var there, counts int
	for _, f := range findings {
		switch f.Effect {
		case Unclear:
			return NotClear
		case There:
			there++
		}
		if f.counts() {
			counts++
		}
	}
	switch {
	case there == len(findings):
		return Applied
	case counts == 0:
		return NotApplied
	default:
		return Partly
	}
}
