package planner

import (
	"fmt"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
)

// evidenceFindings tells what the rehearsal found of a file; one whose up file
// fails there is refused.
func (d *draft) evidenceFindings(s *schema, m *migration) {
	if m.evidence == nil {
		return
	}
	r := m.evidence.Rehearsal
	if r.Up == plans.OutcomeFailed {
		d.refuse(fileRange(m.file.Up.Path, 1), mistake{
			"rehearsal-failed", fmt.Sprintf("%s fails on a throw-away server: %s", m.file.ID(), differences(r, 1)),
			fmt.Sprintf("It was run on PostgreSQL %s with the schema %s. On %s it would fail as well.", r.Server, basis(r), s.database.Address),
			"Mend the file, then plan again: lockstep rehearse runs all of them.",
		})
		return
	}
	if len(r.OnRows) > 0 {
		d.find(onRows(s, m, r, ""))
	}
	if r.Down == plans.OutcomeFailed || r.Down == plans.OutcomeOK && !r.Restores {
		d.find(plans.Finding{
			Code: "down-does-not-restore", Severity: plans.SeverityWarning, Address: s.address(m.file),
			File: m.file.Down.Path, Line: 1, Roles: []string{"dba", "release"},
			Summary: fmt.Sprintf("the down file of %s %s", m.file.ID(), downWords(r)),
			Detail:  differences(r, maxDifferences),
			Fix:     "mend the down file; lockstep rehearse shows what is left",
		})
	}
	if m.evidence.Queries != nil {
		for _, b := range m.evidence.Queries.Breaks {
			d.find(breakFinding(s, m, b))
		}
	}
}

// onRows tells that an empty copy does not decide whether a file works.
func onRows(s *schema, m *migration, r plans.Rehearsal, besides string) plans.Finding {
	f := plans.Finding{
		Code: "fails-on-rows", Severity: plans.SeverityWarning, Address: s.address(m.file), File: m.file.Up.Path, Line: 1,
		Roles: []string{"dba", "release"}, Summary: fmt.Sprintf("%s depends on the rows that are there", m.file.ID()),
		Detail: strings.Join(r.OnRows, "; "),
		Fix:    "look whether the target has such rows, and mend them first; rows of its own are tried by lockstep rehearse CHANGE_SET --env NAME --sample 1000",
	}
	if besides != "" {
		f.Detail += ". " + besides
		f.Fix = "look whether the target has the rows that it needs"
	}
	return f
}

func downWords(r plans.Rehearsal) string {
	if r.Down == plans.OutcomeFailed {
		return "fails on a throw-away server"
	}
	return "does not lead back to the schema before it"
}

// maxDifferences that one finding lists.
const maxDifferences = 10

func differences(r plans.Rehearsal, most int) string {
	list := r.Differences
	text := strings.Join(list[:min(most, len(list))], "; ")
	if len(list) > most {
		text += fmt.Sprintf("; and %d more", len(list)-most)
	}
	return text
}

func basis(r plans.Rehearsal) string {
	if r.Basis == "target" {
		return "copied from the target"
	}
	return "that the files before it make"
}

// breakFinding tells of one statement of the application. One that stops
// working is a warning; one that only works otherwise is good to know.
func breakFinding(s *schema, m *migration, b plans.QueryBreak) plans.Finding {
	f := plans.Finding{
		Code: "breaks-a-query", Severity: plans.SeverityWarning, Address: s.address(m.file), File: m.file.Up.Path, Line: 1,
		Roles:   []string{"dba", "release"},
		Summary: fmt.Sprintf("%s: %s", b.Where, b.Summary),
		Detail:  strings.TrimSpace(b.SQL) + traffic(b), Fix: b.Fix,
	}
	if !b.Contract {
		f.Severity = plans.SeverityInfo
	}
	return f
}

// traffic says how often the statement runs, where somebody counted.
func traffic(b plans.QueryBreak) string {
	if b.CallsPerDay <= 0 {
		return ""
	}
	return fmt.Sprintf(" (%s a day, %s a day)", calls(b.CallsPerDay), time.Duration(b.TimePerDay).Round(time.Millisecond))
}

func calls(n float64) string {
	if n < 1 {
		return "less than one call"
	}
	return count(int(n+0.5), "call")
}

// leftOut says of each file that a rehearsal left out why it did.
func (d *draft) leftOut(s *schema) {
	for _, m := range s.pending {
		e, found := d.in.Rehearsed[s.name][m.file.Version]
		if !found || e.Rehearsal.Up != plans.OutcomeSkipped {
			continue
		}
		if len(e.Rehearsal.OnRows) > 0 {
			d.find(onRows(s, &m, e.Rehearsal, "Its locks, rewrites and scans are said by rule, and its down file was not tried."))
			continue
		}
		d.find(plans.Finding{
			Code: "not-rehearsed", Severity: plans.SeverityWarning, Address: s.address(m.file), File: m.file.Up.Path, Line: 1,
			Roles:   []string{"dba"},
			Summary: fmt.Sprintf("%s was not rehearsed", m.file.ID()),
			Detail:  differences(e.Rehearsal, maxDifferences) + ". Its locks, rewrites and scans are said by rule, and its down file was not tried.",
			Fix:     "read it with more care than a file that was tried: nobody has seen it run",
		})
	}
}

// notRehearsed says once a database why its pending files were not tried.
func (d *draft) notRehearsed(s *schema) {
	d.leftOut(s)
	reason := d.in.NotRehearsed[s.name]
	if reason == "" {
		return
	}
	for _, m := range s.pending {
		if m.evidence != nil {
			return
		}
	}
	d.find(plans.Finding{
		Code: "not-rehearsed", Severity: plans.SeverityInfo, Address: s.database.Address,
		Summary: fmt.Sprintf("the files of %s were not rehearsed: %s", s.database.Address, reason),
		Detail:  "Locks, rewrites and scans are said by rule, and the down files were not tried.",
		Fix:     "lockstep rehearse needs the programs of a PostgreSQL server on this machine",
	})
}
