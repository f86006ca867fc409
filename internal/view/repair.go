package view

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/mend"
	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/internal/terminal"
)

// Repair shows what lockstep repair found in a database and what it would do.
type Repair struct {
	Out *terminal.Output
}

// Complaint is one thing that is wrong with a database.
type Complaint struct {
	Code    string `json:"code"` // dirty, invalid-index, unfinished-statement, version-below-history, version-above-history
	Summary string `json:"summary"`
	// Diagnosis is set for a dirty version.
	Diagnosis *mend.Diagnosis `json:"diagnosis,omitempty"`
	// Does says what a repair does about it; empty when it only tells.
	Does []string `json:"does"`
	// Next says who does what about it where a repair does nothing.
	Next []string `json:"next,omitempty"`
}

// Checkup is everything that was found.
type Checkup struct {
	Database    string
	Environment string
	Complaints  []Complaint
	// Way is the way that is gone with a dirty version; nil when none is
	// chosen or possible.
	Way  *mend.Way
	Done bool
}

// Text writes the checkup for people.
func (v Repair) Text(c Checkup) error {
	p := newPage(v.Out)
	if len(c.Complaints) == 0 {
		p.paragraph("", fmt.Sprintf("%s of %s needs no repair: its version is clean and its history agrees, no index is INVALID, no statement is unfinished.",
			safe(c.Database), safe(c.Environment)))
		return p.flush()
	}
	p.paragraph("", fmt.Sprintf("%s of %s: %s", safe(c.Database), safe(c.Environment), count(len(c.Complaints), "thing")+" to mend"))
	for _, complaint := range c.Complaints {
		p.line("")
		p.complaint(complaint, c.Way)
	}
	return p.flush()
}

func (p *page) complaint(c Complaint, way *mend.Way) {
	p.paragraph("", p.out.Paint(terminal.Strong, safe(c.Summary)))
	if c.Diagnosis != nil {
		p.diagnosis(*c.Diagnosis, way)
	}
	for _, does := range c.Does {
		p.paragraph("  Will: ", safe(does))
	}
	for _, next := range c.Next {
		p.paragraph("  Next: ", safe(next))
	}
}

func (p *page) diagnosis(d mend.Diagnosis, way *mend.Way) {
	if d.File != "" {
		p.paragraph("  Failed: ", safe(d.File)+" ("+d.Direction+"): "+safe(d.Why))
	} else {
		p.paragraph("  Why: ", safe(d.Why))
	}
	if len(d.Findings) > 0 {
		rows := make([][]string, 0, len(d.Findings))
		column := (p.out.Width - 26) / 2 // what line, effect and the gaps leave
		for _, f := range d.Findings {
			effect := string(f.Effect)
			if f.Earlier && f.Effect == mend.There {
				effect = "there before"
			}
			rows = append(rows, []string{"  " + strconv.Itoa(f.Line), fold(safe(f.SQL), column, 2), effect, fold(safe(f.Evidence), column, 4)})
		}
		p.grid([]string{"  line", "statement", "effect", "evidence"}, rows)
	}
	p.line("  Verdict: %s", d.Verdict)
	for i := range d.Ways {
		p.way(d.Ways[i], way != nil && way.Name == d.Ways[i].Name)
	}
	if d.Needs != "" {
		p.paragraph("  Needs: ", safe(d.Needs))
	}
}

func (p *page) way(w mend.Way, chosen bool) {
	label := "  Way --" + w.Name + ": "
	if w.Name == mend.Settle || chosen {
		label = "  Will: "
	}
	p.paragraph(label, safe(w.Summary))
	if w.Refused != "" {
		p.paragraph("    cannot: ", safe(w.Refused))
		return
	}
	for _, broken := range w.Broken {
		p.paragraph("    remove what is INVALID of: ", safe(broken))
	}
	for _, sql := range w.SQL {
		for _, l := range strings.Split(sql, "\n") {
			p.line("    %s", redact.Escape(l))
		}
	}
}

// JSON writes the checkup as one document.
func (v Repair) JSON(c Checkup) error {
	return document(v.Out, struct {
		FormatVersion string      `json:"format_version"`
		Database      string      `json:"database"`
		Environment   string      `json:"environment"`
		Healthy       bool        `json:"healthy"`
		Done          bool        `json:"done"`
		Complaints    []Complaint `json:"complaints"`
		Way           *mend.Way   `json:"way,omitempty"`
	}{FormatVersion, c.Database, c.Environment, len(c.Complaints) == 0, c.Done, list(c.Complaints), c.Way})
}
