package view

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/internal/terminal"
)

// page collects a screen, so that it is written in one piece or not at all.
type page struct {
	strings.Builder
	out *terminal.Output
}

func newPage(out *terminal.Output) *page { return &page{out: out} }

// flush writes the page to its stream.
func (p *page) flush() error {
	_, err := io.WriteString(p.out, p.String())
	return err
}

// line writes one line as it is; foreign text in args must be safe already.
func (p *page) line(format string, args ...any) {
	p.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " "))
	p.WriteByte('\n')
}

// paragraph writes text after a label, wrapped; later lines begin under the
// text's first word.
func (p *page) paragraph(label, content string) {
	indent := strings.Repeat(" ", width(label))
	for i, l := range wrap(content, p.out.Width-width(label)) {
		if i == 0 {
			p.line("%s%s", label, l)
			continue
		}
		p.line("%s%s", indent, l)
	}
}

// command writes what to type, and after it why.
func (p *page) command(typed, why string) {
	if why == "" {
		p.line("  %s", typed)
		return
	}
	const column = 52
	if width(typed) > column-2 {
		p.line("  %s", typed)
		p.paragraph("      ", why)
		return
	}
	p.paragraph("  "+typed+strings.Repeat(" ", column-width(typed)), why)
}

// grid writes columns without rules between them.
func (p *page) grid(header []string, rows [][]string) {
	t := newTable(header, rows)
	style := table.StyleDefault
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	style.Options = table.OptionsNoBordersAndSeparators
	style.Format.Header = text.FormatDefault
	t.SetStyle(style)
	t.SuppressTrailingSpaces()
	p.WriteString(t.Render())
	p.WriteByte('\n')
}

func newTable(header []string, rows [][]string) table.Writer {
	t := table.NewWriter()
	if header != nil {
		t.AppendHeader(row(header))
	}
	for _, cells := range rows {
		t.AppendRow(row(cells))
	}
	return t
}

func row(cells []string) table.Row {
	r := make(table.Row, len(cells))
	for i, c := range cells {
		r[i] = c
	}
	return r
}

// safe is foreign text on one line.
func safe(s string) string { return redact.Escape(strings.Join(strings.Fields(s), " ")) }

func width(s string) int { return text.StringWidthWithoutEscSequences(s) }

// wrap breaks text at spaces into lines of at most limit columns; a longer
// word is broken where it must be.
func wrap(s string, limit int) []string {
	limit = max(limit, 10)
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		for width(word) > limit {
			if line != "" {
				lines, line = append(lines, line), ""
			}
			head := text.Trim(word, limit)
			lines = append(lines, head)
			word = strings.TrimPrefix(word, head)
		}
		switch {
		case line == "":
			line = word
		case width(line)+1+width(word) <= limit:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	if line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}

// fold wraps a cell into at most max lines and cuts what is left.
func fold(s string, limit, lines int) string {
	wrapped := wrap(s, limit)
	if len(wrapped) > lines {
		last := wrapped[lines-1]
		wrapped = wrapped[:lines]
		wrapped[lines-1] = text.Trim(last, limit-1) + "…"
	}
	return strings.Join(wrapped, "\n")
}

// cut shortens a name in its middle: its ends tell most.
func cut(s string, limit int) string {
	if width(s) <= limit || limit < 8 {
		return s
	}
	runes := []rune(s)
	tail := (limit - 1) / 2
	for width(string(runes[len(runes)-tail:])) > (limit-1)/2 {
		tail--
	}
	return text.Trim(s, limit-1-(limit-1)/2) + "…" + string(runes[len(runes)-tail:])
}

// count is "1 step", "2 steps".
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
