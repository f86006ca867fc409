package report

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/internal/terminal"
)

// Screen is what text is written for.
type Screen struct {
	Width  int // in columns; 0 means terminal.DefaultWidth
	Colour bool
}

// Text writes findings for people, worst first: what was found and its code,
// where, what it takes, why, and what to type. SQL to be copied stands as it
// is, on lines of its own; all else is wrapped.
func Text(r Report, screen Screen) []byte {
	p := &page{screen: terminal.Output{Width: screen.Width, Colour: screen.Colour}, wrapped: map[string]string{}}
	if p.screen.Width <= 0 {
		p.screen.Width = terminal.DefaultWidth
	}
	all := r.entries()
	worstFirst(all)
	for _, e := range all {
		p.entry(e)
		p.line("")
	}
	p.line("Looked at: %s of %s", count(len(r.Statements), "statement"), count(len(r.files()), "file"))
	p.line("Found: %s", r.totals())
	p.line("")
	p.line("Next:")
	if t := r.totals(); t.errors+t.warnings > 0 {
		p.paragraph("  ", "mend the files, or answer a warning in its file; who approves reads the reason:")
		p.line("  -- lockstep:nolint CODE REASON")
		p.line("  lockstep lint")
	} else {
		p.line("  lockstep plan")
	}
	return p.Bytes()
}

// page is a screen under way.
type page struct {
	bytes.Buffer
	screen  terminal.Output
	wrapped map[string]string // by label and content: a rule says the same of many files
}

func (p *page) entry(e entry) {
	word, style := "Error", terminal.Bad
	switch weight(e) {
	case 1:
		word, style = "Warning", terminal.Notice
	case 2:
		word, style = "Note", terminal.Faint
	case 3:
		word, style = "Accepted", terminal.Faint
	}
	p.paragraph(p.screen.Paint(style, word)+" "+oneLine(e.Code)+"  ", oneLine(e.Summary))
	if place := placeOf(e.Finding); e.File != "" {
		p.line("  on %s", place)
	} else if place != "" {
		p.line("  at %s", place)
	}
	p.labelled("Takes", effects(e.statement))
	p.labelled("Why", e.Detail)
	if e.silenced != nil {
		p.labelled("Author", e.silenced.Reason)
		return
	}
	if isSQL(e.Fix) {
		p.line("  Fix:")
		for line := range strings.Lines(strings.TrimSpace(e.Fix)) {
			p.line("    %s", redact.EscapeLines(strings.TrimRight(line, " \r\n")))
		}
	} else {
		p.labelled("Fix", e.Fix)
	}
	if e.rule != nil && e.rule.URL != "" {
		p.line("  See:    %s", oneLine(e.rule.URL)) // a link that is wrapped leads nowhere
	}
}

func (p *page) labelled(label, content string) {
	if strings.TrimSpace(content) == "" {
		return
	}
	key := label + ":" + content
	if known, ok := p.wrapped[key]; ok {
		p.WriteString(known)
		return
	}
	before := p.Len()
	p.paragraph(fmt.Sprintf("  %-8s", label+":"), oneLine(content))
	p.wrapped[key] = string(p.Bytes()[before:])
}

func (p *page) line(format string, args ...any) {
	p.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " "))
	p.WriteByte('\n')
}

// paragraph writes text after a label; later lines begin under its first word,
// or a little in where the label takes half of the screen.
func (p *page) paragraph(label, content string) {
	indent := text.StringWidthWithoutEscSequences(label)
	if indent > p.screen.Width/2 {
		p.line("%s", label)
		label, indent = "    ", 4
	}
	for i, l := range strings.Split(text.WrapSoft(content, p.screen.Width-indent), "\n") {
		if i > 0 {
			label = strings.Repeat(" ", indent)
		}
		p.line("%s%s", label, strings.TrimLeft(l, " "))
	}
}
