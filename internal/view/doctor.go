package view

import (
	"fmt"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/doctor"
	"github.com/lockstep-dev/lockstep/internal/terminal"
)

// Doctor shows what lockstep doctor found.
type Doctor struct {
	Out *terminal.Output
}

// subjectColumn is as wide as the longest subject.
const subjectColumn = 14

// Text writes the signs for people: what is well in one line each, what is not
// with its reason and what to type.
func (v Doctor) Text(patients []doctor.Patient) error {
	p := newPage(v.Out)
	counts := map[doctor.Verdict]int{}
	for i, patient := range patients {
		if i > 0 {
			p.line("")
		}
		title := safe(patient.Name)
		if patient.Where != "" && !strings.HasPrefix(patient.Name, "environment ") {
			title += " in " + safe(patient.Where)
		}
		p.line("%s", v.Out.Paint(terminal.Strong, title))
		for _, s := range patient.Signs {
			counts[s.Verdict]++
			v.sign(p, s)
		}
	}
	p.line("")
	p.paragraph("", conclusion(counts))
	return p.flush()
}

func (v Doctor) sign(p *page, s doctor.Sign) {
	word, style := "ok", terminal.Good
	switch s.Verdict {
	case doctor.Note:
		word, style = "note", terminal.Notice
	case doctor.Problem:
		word, style = "STOP", terminal.Bad
	case doctor.Unreachable:
		word, style = "GONE", terminal.Bad
	}
	subject := safe(s.Subject)
	label := "  " + v.Out.Paint(style, word) + strings.Repeat(" ", 6-len(word)) + subject + strings.Repeat(" ", max(subjectColumn-width(subject), 1))
	p.paragraph(label, safe(s.Seen))
	indent := strings.Repeat(" ", 8+subjectColumn)
	if s.Why != "" {
		p.paragraph(indent, safe(s.Why))
	}
	if s.Next != "" {
		p.paragraph(indent+"-> ", safe(s.Next))
	}
}

func conclusion(counts map[doctor.Verdict]int) string {
	stops, gone, notes := counts[doctor.Problem], counts[doctor.Unreachable], counts[doctor.Note]
	var parts []string
	if gone > 0 {
		parts = append(parts, fmt.Sprintf("%d could not be reached", gone))
	}
	if stops > 0 {
		parts = append(parts, fmt.Sprintf("%d would stop an apply", stops))
	}
	if notes > 0 {
		parts = append(parts, fmt.Sprintf("%d worth knowing", notes))
	}
	parts = append(parts, fmt.Sprintf("%d fine", counts[doctor.OK]))
	first := "Ready: "
	if gone+stops > 0 {
		first = "Not ready: "
	}
	return first + strings.Join(parts, ", ") + "."
}

type doctorDocument struct {
	FormatVersion string           `json:"format_version"`
	Verdict       doctor.Verdict   `json:"verdict"` // the worst of all: ok, note, problem, unreachable
	Patients      []doctor.Patient `json:"patients"`
}

// JSON writes the signs as one document.
func (v Doctor) JSON(patients []doctor.Patient) error {
	return document(v.Out, doctorDocument{FormatVersion: FormatVersion, Verdict: doctor.Worst(patients), Patients: list(patients)})
}
