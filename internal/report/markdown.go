package report

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// MarkdownLimit is a length in bytes that fits a comment on GitHub (65,536
// characters) with room for what a pipeline puts around it.
const MarkdownLimit = 60_000

// cellLimit keeps one long text from taking the place of all others.
const cellLimit = 1_000

// Markdown writes a comment for a pull request, at most limit bytes long: a
// table a file, files with the worst findings first. What does not fit is
// counted. The first line is a mark by which a pipeline finds its comment
// again. A limit under 1,000 counts as 1,000.
func Markdown(r Report, limit int) []byte {
	const tail = 200 // for what stands behind the tables
	var out bytes.Buffer
	out.WriteString("<!-- lockstep:lint -->\n")
	files := byFile(r.entries())
	fmt.Fprintf(&out, "### Lockstep lint: %s\n", r.totals())
	if len(files) == 0 {
		fmt.Fprintf(&out, "\nNothing found in %s of %s.\n", count(len(r.Statements), "statement"), count(len(r.files()), "file"))
		return out.Bytes()
	}
	left := len(r.Findings) + len(r.Silenced)
	for _, of := range files {
		heading := "\n#### " + Code(placeWithoutLine(of[0])) + "\n\n| | Line | Code | What | What to do |\n|---|---|---|---|---|\n"
		for i, e := range of {
			row := markdownRow(e)
			if i == 0 {
				row = heading + row
			}
			if out.Len()+len(row) > max(limit, 1_000)-tail {
				fmt.Fprintf(&out, "\n**and %d more**: `lockstep lint` lists all.\n", left)
				return out.Bytes()
			}
			out.WriteString(row)
			left--
		}
	}
	out.WriteString("\nMend the file, or answer a warning in it: `-- lockstep:nolint CODE REASON`; approvers read the reason.\n")
	return out.Bytes()
}

// byFile groups findings by what they are about, the worst group first, and
// the worst finding first in each.
func byFile(all []entry) [][]entry {
	groups := map[string][]entry{}
	for _, e := range all {
		name := placeWithoutLine(e)
		groups[name] = append(groups[name], e)
	}
	sorted := make([][]entry, 0, len(groups))
	for _, of := range groups {
		worstFirst(of)
		sorted = append(sorted, of)
	}
	slices.SortFunc(sorted, func(a, b []entry) int {
		return cmp.Or(weight(a[0])-weight(b[0]), strings.Compare(placeWithoutLine(a[0]), placeWithoutLine(b[0])))
	})
	return sorted
}

func placeWithoutLine(e entry) string {
	f := e.Finding
	f.Line = 0
	return cmp.Or(placeOf(f), "project")
}

func markdownRow(e entry) string {
	severity, line := Prose(string(e.Severity)), "–"
	switch {
	case e.silenced != nil:
		severity = "accepted"
	case rank(e.Severity) == 0:
		severity = "**" + severity + "**"
	}
	if e.Line > 0 {
		line = fmt.Sprint(e.Line)
	}
	name := Code(e.Code)
	if e.rule != nil && e.rule.URL != "" {
		name = "[" + name + "](" + destination(e.rule.URL) + ")"
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s |\n", severity, line, name, markdownWhat(e), markdownFix(e))
}

func markdownWhat(e entry) string {
	words := Prose(clip(e.Summary, cellLimit))
	if e.Detail != "" {
		words += "<br>" + Prose(clip(e.Detail, cellLimit))
	}
	if takes := effects(e.statement); takes != "" {
		words += "<br>Takes: " + Prose(clip(takes, cellLimit))
	}
	return words
}

func markdownFix(e entry) string {
	switch {
	case e.silenced != nil:
		return "nothing; the author: " + Prose(clip(e.silenced.Reason, cellLimit))
	case e.Fix == "":
		return "–"
	case !isSQL(e.Fix):
		return Prose(clip(e.Fix, cellLimit))
	}
	var parts []string
	for _, line := range strings.Split(clip(lines(e.Fix), cellLimit), "\n") {
		if strings.TrimSpace(line) != "" {
			parts = append(parts, Code(line))
		}
	}
	return strings.Join(parts, "<br>")
}
