package diag

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/lockstep-dev/lockstep/internal/redact"
)

// longestLine is how much of a source line is shown, in bytes.
const longestLine = 160

// Write prints diagnostics for people: place, source line with a mark under
// the mistake, what is wrong and why, and what to do. The function source
// returns a file's bytes, or nil when they are not at hand. Text that comes
// from files is escaped. A failed write is not reported: the next one fails too.
func Write(w io.Writer, ds Diagnostics, source func(file string) []byte) {
	for i, d := range ds {
		if i > 0 {
			fmt.Fprintln(w)
		}
		title := "Error"
		if d.Severity == Warning {
			title = "Warning"
		}
		fmt.Fprintf(w, "%s: %s\n", title, redact.EscapeLines(d.Summary))
		if place := d.Range.String(); place != "" {
			fmt.Fprintf(w, "  on %s\n", place)
			if !d.Hidden {
				writeSnippet(w, d.Range, source)
			}
		}
		if d.Detail != "" {
			fmt.Fprintf(w, "  %s\n", indent(d.Detail))
		}
		if d.Fix != "" {
			fmt.Fprintf(w, "  Fix: %s\n", indent(d.Fix))
		}
	}
}

func indent(text string) string { return strings.ReplaceAll(redact.EscapeLines(text), "\n", "\n  ") }

func writeSnippet(w io.Writer, r Range, source func(string) []byte) {
	if source == nil || r.Start.Line == 0 {
		return
	}
	line, start := lineOf(source(r.File), r.Start.Line)
	if line == nil {
		return
	}
	// A place that is known by its line alone has no offset in it.
	from := min(max(r.Start.Byte-start, 0), len(line))
	to := len(line)
	if r.End.Line == r.Start.Line {
		to = min(max(r.End.Byte-start, from), len(line))
	}
	before, marked, after := window(line, from, to)
	gutter := fmt.Sprintf("%4d", r.Start.Line)
	fmt.Fprintf(w, "  %s | %s%s%s\n", gutter, before, marked, after)
	fmt.Fprintf(w, "  %s | %s%s\n", strings.Repeat(" ", len(gutter)),
		strings.Repeat(" ", utf8.RuneCountInString(before)),
		strings.Repeat("^", max(1, utf8.RuneCountInString(marked))))
}

// lineOf returns a line by its number, from 1, and its offset.
func lineOf(src []byte, number int) ([]byte, int) {
	if len(src) == 0 {
		return nil, 0
	}
	start := 0
	for range number - 1 {
		next := bytes.IndexByte(src[start:], '\n')
		if next < 0 {
			return nil, 0
		}
		start += next + 1
	}
	line, _, _ := bytes.Cut(src[start:], []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), start
}

// window cuts a long line around its marked part and makes it printable.
func window(line []byte, from, to int) (before, marked, after string) {
	show := func(b []byte) string { return strings.ReplaceAll(redact.EscapeLines(string(b)), "\t", " ") }
	to = min(to, from+longestLine/2)
	left := max(0, from-longestLine/2)
	right := min(len(line), to+longestLine/2)
	before, marked, after = show(line[left:from]), show(line[from:to]), show(line[to:right])
	if left > 0 {
		before = "…" + before
	}
	if right < len(line) {
		after += "…"
	}
	return before, marked, after
}
