package mend

import (
	"fmt"
	"slices"

	"github.com/lockstep-dev/lockstep/internal/sqltrace"
)

// waysUp: the up file of the dirty version failed.
func (c Case) waysUp(d Diagnosis) []Way {
	switch d.Verdict {
	case Applied:
		return []Way{{Name: Settle, Summary: fmt.Sprintf("everything of %s is there: set version %d, clean", d.File, c.Version), Version: c.Version, Row: c.Version, Applied: true}}
	case NotApplied:
		return []Way{{
			Name: Settle, Summary: fmt.Sprintf("nothing of %s is there: set version %s, clean; the file is pending again", d.File, versionWord(c.Previous)),
			Version: c.Previous, Row: c.Version, Broken: broken(d.Findings),
		}}
	}
	finish := c.remaining(d.File, d.Findings)
	finish.Summary = fmt.Sprintf("run what is missing of %s, then set version %d, clean", d.File, c.Version)
	finish.Version, finish.Row, finish.Applied = c.Version, c.Version, true
	undo := inverses(d.Findings)
	undo.Summary = fmt.Sprintf("undo what is there of %s, then set version %s, clean", d.File, versionWord(c.Previous))
	undo.Version, undo.Row = c.Previous, c.Version
	if c.Autocommit {
		undo.Refused = "no way back is derived for this database; undo it by hand, then say --assume not-applied"
	}
	undo.Broken, finish.Broken = broken(d.Findings), broken(d.Findings)
	return []Way{finish, undo}
}

// waysDown: the down file of the version above failed.
func (c Case) waysDown(d Diagnosis, sights Sights) []Way {
	above := c.NextDown.Version
	switch d.Verdict {
	case Applied:
		return []Way{{Name: Settle, Summary: fmt.Sprintf("everything of %s has run: set version %s, clean", d.File, versionWord(c.Version)), Version: c.Version, Row: above}}
	case NotApplied:
		return []Way{{
			Name: Settle, Summary: fmt.Sprintf("nothing of %s has run, version %d is still there: set version %d, clean", d.File, above, above),
			Version: above, Row: above, Applied: true,
		}}
	}
	finish := c.remaining(d.File, d.Findings)
	finish.Summary = fmt.Sprintf("run what is missing of %s, then set version %s, clean", d.File, versionWord(c.Version))
	finish.Version, finish.Row = c.Version, above
	if c.NextUp == nil {
		return []Way{finish}
	}
	undo := c.remaining(c.NextUp.Path, c.judge(c.NextUp, sights))
	undo.Name = Undo
	undo.Summary = fmt.Sprintf("run again what %s has taken away of %s, then set version %d, clean", d.File, c.NextUp.Path, above)
	undo.Version, undo.Row, undo.Applied = above, above, true
	return []Way{finish, undo}
}

func versionWord(version uint64) string {
	if version == 0 {
		return "none"
	}
	return fmt.Sprint(version)
}

// broken are the statements that left something that cannot be used.
func broken(findings []Finding) []string {
	var list []string
	for _, f := range findings {
		if f.Effect == Broken {
			list = append(list, f.SQL)
		}
	}
	return list
}

// remaining runs the statements that are not there.
func (c Case) remaining(file string, findings []Finding) Way {
	w := Way{Name: Finish, SQL: []string{}, File: file}
	for _, f := range findings {
		switch {
		case f.Effect == There:
			continue
		case f.Effect == Unclear:
			w.Refused = fmt.Sprintf("whether line %d ran cannot be told", f.Line)
		case f.statement.EndsTransaction() || f.statement.OutsideTransaction() && !c.Autocommit:
			w.Refused = fmt.Sprintf("line %d cannot run in one transaction with the version; undo, and apply the file with lockstep", f.Line)
		}
		w.SQL, w.Lines = append(w.SQL, f.SQL), append(w.Lines, f.Line)
	}
	return w
}

// inverses take back what is there, the last first.
func inverses(findings []Finding) Way {
	w := Way{Name: Undo, SQL: []string{}}
	for _, f := range slices.Backward(findings) {
		if !f.counts() {
			continue
		}
		inverses, ok := sqltrace.Inverses(f.statement)
		if !ok {
			w.Refused = fmt.Sprintf("what line %d did cannot be taken back by a statement that follows from it", f.Line)
			return w
		}
		w.SQL = append(w.SQL, inverses...)
	}
	return w
}
