package view

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/adopt"
	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/internal/terminal"
	"github.com/lockstep-dev/lockstep/plans"
)

// Import shows what lockstep import would do, or has done.
type Import struct {
	Out *terminal.Output
}

// Takeover is one import.
type Takeover struct {
	Database    string // "database.orders"
	Environment string
	Folder      string // the migrations folder
	Table       string // the database block's version table
	Adoption    adopt.Adoption
	// Done is true once it was carried out.
	Done bool
	// Contents shows the text of the files as well.
	Contents bool
	Next     []string
}

// NothingToDo reports whether neither a file nor a row is missing.
func (t Takeover) NothingToDo() bool {
	return len(t.Adoption.Problems) == 0 && len(t.Adoption.Files) == 0 && len(t.Adoption.Entries) == 0
}

// shownRows is how many rows of a list a screen shows; JSON has all.
const shownRows = 30

// Text writes the import for people.
func (v Import) Text(t Takeover) error {
	p := newPage(v.Out)
	a := t.Adoption
	if t.NothingToDo() && a.Tool == adopt.GolangMigrate && a.Version > 0 {
		p.paragraph("", fmt.Sprintf("%s of %s: the history has every migration up to version %d; there is nothing to take over.", safe(t.Database), safe(t.Environment), a.Version))
		return p.flush()
	}
	by := fmt.Sprintf(" was migrated by %s (table %s)", a.Tool, safe(a.Table))
	if a.Tool == "" {
		by = ""
	}
	p.paragraph("", fmt.Sprintf("%s of %s%s", safe(t.Database), safe(t.Environment), by))
	p.line("")
	if len(a.Problems) > 0 {
		p.problems("It cannot be taken over yet:", a.Problems)
		return p.flush()
	}
	p.adopted(t)
	p.newFiles(t)
	p.problems("Not converted:", a.LeftOut)
	for _, note := range a.Notes {
		p.paragraph("Note: ", safe(note))
	}
	if a.Afterwards != "" {
		p.paragraph("Afterwards: ", safe(a.Afterwards))
	}
	if len(t.Next) > 0 {
		p.line("Next:")
		for _, n := range t.Next {
			p.command(n, "")
		}
	}
	return p.flush()
}

func (p *page) adopted(t Takeover) {
	a := t.Adoption
	if len(a.Entries) == 0 {
		p.line("The history has everything that %s applied.", a.Tool)
		return
	}
	rows := make([][]string, 0, len(a.Entries))
	for i, e := range a.Entries {
		if i == shownRows && len(a.Entries) > shownRows+1 {
			rows = append(rows, []string{"…", fmt.Sprintf("%d more", len(a.Entries)-i), "", "", ""})
			break
		}
		rows = append(rows, []string{strconv.FormatUint(e.Version, 10), cut(safe(e.Name), max(p.out.Width-68, 12)), cut(safe(adoptedWhen(e)), 28), e.Up.Short(), verifiedWord(e)})
	}
	p.line("%s for the history, %s says %d:", count(len(a.Entries), "row"), safe(t.Table), a.Version)
	p.grid([]string{"version", "name", "applied", "up", "verified"}, rows)
	p.line("")
}

func adoptedWhen(e adopt.Entry) string {
	when := e.AppliedAt
	if len(when) > 19 {
		when = when[:10] + " " + when[11:19]
	}
	if when == "" {
		when = "not recorded"
	}
	if e.By != "" {
		when += " by " + e.By
	}
	return when
}

func verifiedWord(e adopt.Entry) string {
	if e.Verified {
		return "yes"
	}
	return "no"
}

func (p *page) newFiles(t Takeover) {
	a := t.Adoption
	if len(a.Files) > 0 {
		p.line("%s for %s, none is overwritten:", count(len(a.Files), "file"), safe(t.Folder))
		for i, f := range a.Files {
			if i == shownRows && len(a.Files) > shownRows+1 && !t.Contents {
				p.line("  … %d more", len(a.Files)-i)
				break
			}
			p.line("  + %s  from %s", safe(f.Name), safe(f.From))
			if t.Contents {
				for _, l := range wrapLines(string(f.Bytes)) {
					p.line("      %s", l)
				}
			}
		}
		p.line("")
	}
	if len(a.Renamed) > 0 {
		p.line("What is called otherwise from now on:")
		rows := make([][]string, 0, len(a.Renamed))
		for _, r := range a.Renamed {
			rows = append(rows, []string{"  " + safe(r.Was), safe(r.File)})
		}
		p.grid(nil, rows)
		p.line("")
	}
}

func (p *page) problems(title string, problems []adopt.Problem) {
	if len(problems) == 0 {
		return
	}
	p.line("%s", title)
	for _, problem := range problems {
		p.paragraph("  - ", safe(problem.What))
		p.paragraph("    Fix: ", safe(problem.Fix))
	}
	p.line("")
}

type adoptedRow struct {
	Version   uint64       `json:"version,string"`
	Name      string       `json:"name"`
	Up        plans.Digest `json:"up,omitempty"`
	Down      plans.Digest `json:"down,omitempty"`
	AppliedAt string       `json:"applied_at,omitempty"`
	By        string       `json:"by,omitempty"`
	Verified  bool         `json:"verified"`
	Reason    string       `json:"reason"`
}

type newFile struct {
	Name   string       `json:"name"`
	From   string       `json:"from"`
	Digest plans.Digest `json:"digest"`
}

// JSON writes the import as one document.
func (v Import) JSON(t Takeover) error {
	a := t.Adoption
	rows := make([]adoptedRow, 0, len(a.Entries))
	for _, e := range a.Entries {
		rows = append(rows, adoptedRow{e.Version, e.Name, e.Up, e.Down, e.AppliedAt, e.By, e.Verified, e.Reason})
	}
	files := make([]newFile, 0, len(a.Files))
	for _, f := range a.Files {
		files = append(files, newFile{f.Name, f.From, plans.DigestOf(f.Bytes)})
	}
	return document(v.Out, struct {
		FormatVersion string           `json:"format_version"`
		Database      string           `json:"database"`
		Environment   string           `json:"environment"`
		Tool          adopt.Tool       `json:"tool"`
		Table         string           `json:"table"`
		Folder        string           `json:"folder"`
		Version       uint64           `json:"version,string"`
		Done          bool             `json:"done"`
		Rows          []adoptedRow     `json:"rows"`
		Files         []newFile        `json:"files"`
		Renamed       []adopt.Renaming `json:"renamed"`
		LeftOut       []adopt.Problem  `json:"left_out"`
		Problems      []adopt.Problem  `json:"problems"`
		Notes         []string         `json:"notes"`
		Afterwards    string           `json:"afterwards,omitempty"`
	}{
		FormatVersion, t.Database, t.Environment, a.Tool, a.Table, t.Folder, a.Version, t.Done,
		rows, files, list(a.Renamed), list(a.LeftOut), list(a.Problems), list(a.Notes), a.Afterwards,
	})
}

// wrapLines cuts a file into lines that are safe on a terminal.
func wrapLines(content string) []string {
	var out []string
	for _, l := range strings.Split(strings.TrimRight(content, "\n"), "\n") {
		out = append(out, redact.Escape(l))
	}
	return out
}
