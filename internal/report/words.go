package report

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/plans"
)

// oneLine is foreign text on one line, without anything that a reader obeys.
func oneLine(s string) string { return redact.Escape(strings.Join(strings.Fields(s), " ")) }

// lines is foreign text that may have several lines.
func lines(s string) string { return redact.EscapeLines(strings.TrimSpace(s)) }

// placeOf is where a finding is, for people: "file:line", the file alone, or
// the address.
func placeOf(f plans.Finding) string {
	switch {
	case f.File != "" && f.Line > 0:
		return fmt.Sprintf("%s:%d", redact.Escape(f.File), f.Line)
	case f.File != "":
		return redact.Escape(f.File)
	default:
		return oneLine(f.Address)
	}
}

// body is all that is known of a finding, for formats that have one text.
func body(e entry) string {
	parts := []string{lines(e.Summary)}
	if e.Detail != "" {
		parts = append(parts, lines(e.Detail))
	}
	if words := effects(e.statement); words != "" {
		parts = append(parts, "Takes: "+oneLine(words))
	}
	if e.Fix != "" {
		parts = append(parts, "Fix: "+lines(e.Fix))
	}
	if e.silenced != nil {
		parts = append(parts, "Accepted by the author: "+oneLine(e.silenced.Reason))
	}
	if e.rule != nil && e.rule.URL != "" {
		parts = append(parts, "See: "+oneLine(e.rule.URL))
	}
	return strings.Join(parts, "\n")
}

// isSQL reports whether a fix is to be copied as it is: it ends as statements
// do.
func isSQL(fix string) bool { return strings.HasSuffix(strings.TrimSpace(fix), ";") }

// clip shortens text to at most limit characters.
func clip(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit-1]) + "…"
}

// totals counts open findings by severity and those that are silenced.
type totals struct{ errors, warnings, notes, silenced int }

func (r Report) totals() totals {
	t := totals{silenced: len(r.Silenced)}
	for i := range r.Findings {
		switch rank(r.Findings[i].Severity) {
		case 0:
			t.errors++
		case 1:
			t.warnings++
		default:
			t.notes++
		}
	}
	return t
}

// String is "2 errors, 1 warning", with notes and accepted findings where
// there are some.
func (t totals) String() string {
	words := count(t.errors, "error") + ", " + count(t.warnings, "warning")
	if t.notes > 0 {
		words += ", " + count(t.notes, "note")
	}
	if t.silenced > 0 {
		words += fmt.Sprintf(", %d accepted by the author", t.silenced)
	}
	return words
}

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
