package planner

import (
	"fmt"

	"github.com/lockstep-dev/lockstep/plans"
)

// classes puts every pending file on its side of the deployment.
func (d *draft) classes() {
	for _, s := range d.databases {
		if len(s.pending) > 0 {
			d.judgeFiles(s)
			d.rightsFindings(s)
		}
		d.contractIsSuffix(s)
		d.accidentalGaps(s)
	}
}

func (d *draft) judgeFiles(s *schema) {
	judge, sizes := d.judgeOf(s), d.sizesOf(s)
	for _, f := range judge.doubts() {
		f.Address = s.database.Address
		d.find(f)
	}
	for i := range s.pending {
		m := &s.pending[i]
		verdict, findings := judge.file(m.file)
		m.verdict, m.phase = verdict, plans.Expand
		if e, found := d.in.Rehearsed[s.name][m.file.Version]; found && e.Rehearsal.Up != plans.OutcomeSkipped {
			m.evidence = &e
			judge.weigh(m)
		}
		s.place(m)
		judge.rate(m, sizes)
		d.estimate(s, m)
		d.sqlFindings(s, m, judge.lighter(findings, m, sizes))
		d.misplaced(s, m)
		d.evidenceFindings(s, m)
	}
	d.notRehearsed(s)
}

// place decides the phase. Where no code runs yet, nothing can break it.
func (s *schema) place(m *migration) {
	v := &m.verdict
	switch {
	case s.seen == nil && s.expected == 0: // the class stays: the envelope is checked against it
		if v.Class == plans.ClassSplit || v.Class == plans.ClassAsk {
			v.Class = plans.ClassContract
		}
		v.Reason += "; the database is created by this plan, so no older code uses it"
	case s.seen != nil && s.seen.Fresh:
		v.Class, v.Reason, v.Loses = plans.ClassExpand, "the database is empty, so no older code uses it", nil
	case v.Class == plans.ClassContract:
		m.phase = plans.Contract
	}
	for i := range v.Statements {
		v.Statements[i].Phase = m.phase
	}
}

// misplaced refuses a file that has no place: one that must be split, and one
// of which only its author knows.
func (d *draft) misplaced(s *schema, m *migration) {
	for _, f := range m.verdict.Misplaced(plans.SeverityError) {
		f.Detail = fmt.Sprintf("%s would run on %s. %s", m.file.ID(), s.database.Address, f.Detail)
		d.refuse(fileRange(m.file.Up.Path, f.Line), mistake{f.Code, f.Summary, f.Detail, f.Fix})
	}
}

// sqlFindings passes on what the checks found; what they refuse, the plan refuses.
func (d *draft) sqlFindings(s *schema, m *migration, findings []plans.Finding) {
	for _, f := range findings {
		f.Address = s.address(m.file)
		m.noDown = m.noDown || f.Code == "no-way-back"
		if f.Severity == plans.SeverityError {
			if f.Detail == "" {
				f.Detail = fmt.Sprintf("The file would run on %s and is refused as it is.", s.database.Address)
			}
			d.refuse(fileRange(f.File, f.Line), mistake{f.Code, f.Summary, f.Detail, f.Fix})
			continue
		}
		d.find(f)
	}
}

// address is the step's address.
func (s *schema) address(f plans.MigrationFile) string {
	return fmt.Sprintf("%s[%q]", s.block.Address, f.ID())
}

// contractIsSuffix refuses an expand behind a contract: the file order is the
// apply order, and the phases want the opposite.
func (d *draft) contractIsSuffix(s *schema) {
	var contract *migration
	for i := range s.pending {
		m := &s.pending[i]
		switch {
		case m.phase == plans.Contract && contract == nil:
			contract = m
		case m.phase == plans.Expand && contract != nil && m.verdict.Waits && m.verdict.Class != plans.ClassContract:
			m.wait(contract)
		case m.phase == plans.Expand && contract != nil:
			d.refuse(fileRange(m.file.Up.Path, 1), mistake{
				"expand-after-contract",
				fmt.Sprintf("%s (%s) comes after %s (contract)", m.file.ID(), m.verdict.Class, contract.file.ID()),
				fmt.Sprintf("%s must run before the deployment: %s. %s must run after it: %s. Files of one database run in order of version, so both cannot be.",
					m.file.ID(), m.verdict.Reason, contract.file.ID(), contract.verdict.Reason),
				fmt.Sprintf("Renumber %s above %d if no environment has applied it, or move it to a later change set, or split it; if older code does survive it, say so in the file: -- lockstep:phase expand REASON.",
					contract.file.ID(), s.files[len(s.files)-1].Version),
			})
		}
	}
}

// wait puts a file that no new code waits for behind the contract file before
// it, as the order of versions has it.
func (m *migration) wait(contract *migration) {
	m.phase = plans.Contract
	m.verdict.Reason += fmt.Sprintf("; it follows %s, and no new code waits for it", contract.file.ID())
	for i := range m.verdict.Statements {
		m.verdict.Statements[i].Phase = m.phase
	}
}

// accidentalGaps refuses own files below an applied version, except contract
// files that waited while later change sets went on.
func (d *draft) accidentalGaps(s *schema) {
	if s.seen == nil {
		return
	}
	for i := range s.pending {
		m := &s.pending[i]
		if m.file.Version > s.highest {
			return
		}
		if m.outOfRow = m.phase == plans.Contract && (d.began(s) || d.finishes(s, d.self)); !m.outOfRow {
			d.gap(s, m.file, d.set.Name)
		}
	}
}
