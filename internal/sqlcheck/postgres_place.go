package sqlcheck

import (
	"fmt"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/pgclass"
	"github.com/lockstep-dev/lockstep/plans"
)

// place says on which side of the deployment the file belongs. What its author
// says counts, and what the statements alone would say stands beside it.
func (p *Postgres) place(v *Verdict, up *direction) {
	p.byStatements(v, up)
	if up.header.Phase == "" {
		return
	}
	said := fmt.Sprintf("the author says %s (line %d)", up.header.Phase, up.header.Line)
	if up.header.PhaseReason != "" {
		said += ": " + up.header.PhaseReason
	}
	if string(v.Class) != up.header.Phase {
		said += fmt.Sprintf("; its statements alone are %s: %s", v.Class, v.Reason)
	}
	v.Class, v.Reason, v.Said, v.Split, v.Waits = plans.Class(up.header.Phase), said, true, nil, false
	v.phases = nil
}

// Codes of files without a place.
const (
	mustBeSplit  = "must-be-split"
	classUnknown = "class-unknown"
)

// Misplaced are the findings about a file that has no place: it must be split,
// or its author must say where it belongs.
func (v Verdict) Misplaced(severity plans.Severity) []plans.Finding {
	f := plans.Finding{Severity: severity, Line: 1, Roles: []string{"release"}}
	if len(v.Statements) > 0 {
		f.File, f.Line = v.Statements[0].File, v.Statements[0].Line
	}
	switch v.Class {
	case plans.ClassSplit:
		f.Code, f.Summary = mustBeSplit, "the file must be split: "+v.Reason
		f.Detail = "No place is right for all of it: before the deployment it breaks the code that runs, and after it the new code lacks something."
		f.Fix = spellSplit(v.Split)
	case plans.ClassAsk:
		f.Code, f.Summary = classUnknown, "where the file belongs cannot be known: "+v.Reason
		f.Detail = "Only its author knows whether the code that runs survives it."
		f.Fix = "say so in the file: -- lockstep:phase expand|contract REASON"
	default:
		return nil
	}
	return []plans.Finding{f}
}

// spellSplit are the parts as files that can be copied.
func spellSplit(parts []Part) string {
	if len(parts) == 0 {
		return "write a file for each side of the deployment, or say in the file where it belongs: -- lockstep:phase expand|contract REASON"
	}
	var text strings.Builder
	text.WriteString("write these files instead:\n")
	for _, part := range parts {
		fmt.Fprintf(&text, "-- %s.up.sql (%s)\n%s\n", part.Name, part.Phase, strings.TrimSpace(part.Up))
		if part.Down != "" {
			fmt.Fprintf(&text, "-- %s.down.sql\n%s\n", part.Name, strings.TrimSpace(part.Down))
		}
	}
	return strings.TrimSuffix(text.String(), "\n")
}

// byStatements takes the class of the statements together, and what they lose.
func (p *Postgres) byStatements(v *Verdict, up *direction) {
	each, file := pgclass.Advance(up.trees, p.released, p.now)
	v.Class, v.Reason, v.Waits = file.Class, file.Reason, file.Waits
	if v.Class == plans.ClassExpand || v.Class == plans.ClassNeutral {
		v.Reason = "nothing in it breaks code that is already running: " + v.Reason
	}
	for _, part := range file.Split {
		v.Split = append(v.Split, Part{Name: part.Name, Phase: part.Phase, Up: part.SQL, Down: part.Down})
	}
	v.phases = make([]plans.Phase, len(each))
	for i, statement := range each {
		if file.Class == plans.ClassSplit || file.Class == plans.ClassAsk {
			v.phases[i] = phaseOf(statement.Class)
		} else {
			v.phases[i] = phaseOf(file.Class)
		}
		at := fmt.Sprintf("line %d %s", up.statements[i].Line, statement.Reason)
		if statement.Loses {
			v.Loses = append(v.Loses, at)
		}
		if statement.Class == plans.ClassAsk {
			v.Unread = append(v.Unread, at)
		}
	}
}

// phaseOf is the side of the deployment that a class runs on; empty for one
// that has no single place.
func phaseOf(class plans.Class) plans.Phase {
	switch class {
	case plans.ClassContract:
		return plans.Contract
	case plans.ClassSplit, plans.ClassAsk:
		return ""
	}
	return plans.Expand
}
