package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/lockstep-dev/lockstep/plans"
)

// foreign generates what a migration file may bring into a finding.
func foreign() *rapid.Generator[string] {
	fragment := rapid.SampledFrom([]string{
		"]]>", "<![CDATA[", "|", "\\|", "\\", "\n", "\r\n", "\t", "`", "```", "%", "%0A", "::error::", "##[error]", "::", ",",
		"-->", "<!--", "<script>", "</failure>", "&amp;", "\"", "'", "@dba", "\x00", "\x1b[31m", "\u202e", "\ufffe", "\xff\xfe", "\xed\xa0\x80",
		"$x$", "* ", "# ", "a_b", "_", "line 7", " ", "  ", "ü", "\U0001F600", "SELECT 1;",
	})
	return rapid.Custom(func(t *rapid.T) string {
		parts := rapid.SliceOfN(rapid.OneOf(fragment, rapid.StringN(0, 4, 12)), 0, 8).Draw(t, "parts")
		return strings.Join(parts, "")
	})
}

func anyFinding() *rapid.Generator[plans.Finding] {
	return rapid.Custom(func(t *rapid.T) plans.Finding {
		text := foreign()
		return plans.Finding{
			Code:     rapid.OneOf(rapid.SampledFrom([]string{"create-index", "drop-table"}), text).Draw(t, "code"),
			Severity: rapid.SampledFrom([]plans.Severity{"error", "warning", "info", "fatal"}).Draw(t, "severity"),
			Summary:  text.Draw(t, "summary"), Detail: text.Draw(t, "detail"), Fix: text.Draw(t, "fix"),
			Address: text.Draw(t, "address"), File: rapid.OneOf(rapid.SampledFrom([]string{"a.sql", "b/c.sql"}), text).Draw(t, "file"),
			Line: rapid.IntRange(0, 9).Draw(t, "line"),
		}
	})
}

func anyReport() *rapid.Generator[Report] {
	return rapid.Custom(func(t *rapid.T) Report {
		text := foreign()
		r := Report{Version: text.Draw(t, "version"), Root: text.Draw(t, "root"), Findings: rapid.SliceOfN(anyFinding(), 0, 6).Draw(t, "findings")}
		for _, f := range rapid.SliceOfN(anyFinding(), 0, 2).Draw(t, "silenced") {
			r.Silenced = append(r.Silenced, Silenced{Finding: f, Reason: text.Draw(t, "reason"), By: 1})
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "statements") {
			r.Statements = append(r.Statements, plans.Statement{
				File: "a.sql", Line: i + 1, SQL: text.Draw(t, "sql"), Source: "rule",
				Locks: []plans.Lock{{Mode: "ShareLock", Relation: text.Draw(t, "relation")}}, Scans: []string{text.Draw(t, "scan")},
			})
		}
		if rapid.Bool().Draw(t, "described") {
			r.Rules = []Rule{{
				Code: "create-index", Severity: "error", Title: text.Draw(t, "title"), Why: text.Draw(t, "why"), Fix: text.Draw(t, "alternative"),
				URL: rapid.SampledFrom([]string{"", "https://example.com/a(b)|c", "javascript:alert(1)"}).Draw(t, "url"), Aliases: []string{"PG-L60"},
			}}
		}
		return r
	})
}

func TestPropertyNoTextBreaksJSON(t *testing.T) {
	t.Parallel()
	s := loadSchema(t, "testdata/sarif-schema-2.1.0.json")
	rapid.Check(t, func(t *rapid.T) {
		r := anyReport().Draw(t, "report")
		total := len(r.Findings) + len(r.Silenced)

		var doc document
		parse(t, must(t)(JSON(r)), &doc)
		if len(doc.Findings) != total || len(doc.Statements) != len(r.Statements) {
			t.Fatalf("JSON has %d findings of %d, %d statements of %d", len(doc.Findings), total, len(doc.Statements), len(r.Statements))
		}

		sarif := must(t)(SARIF(r))
		if problems := s.check(sarif); len(problems) > 0 {
			t.Fatalf("SARIF is not valid: %v", problems)
		}
		var log sarifLog
		parse(t, sarif, &log)
		if n := len(log.Runs[0].Results); n != total {
			t.Fatalf("SARIF has %d results of %d", n, total)
		}

		var issues []issue
		parse(t, must(t)(GitLab(r)), &issues)
		if len(issues) != len(r.Findings) {
			t.Fatalf("GitLab has %d issues of %d", len(issues), len(r.Findings))
		}
		seen := map[string]bool{}
		for _, i := range issues {
			if seen[i.Fingerprint] || i.Location.Path == "" || i.Location.Lines.Begin < 1 {
				t.Fatalf("an issue that GitLab does not take: %+v", i)
			}
			seen[i.Fingerprint] = true
		}
	})
}

func TestPropertyNoTextBreaksJUnit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, staysJUnit)
}

func staysJUnit(t *rapid.T) {
	r := anyReport().Draw(t, "report")
	threshold := rapid.SampledFrom([]plans.Severity{"error", "warning", "info", "none"}).Draw(t, "threshold")
	out := must(t)(JUnit(r, threshold))
	visible(t, out)
	var doc junitSuites
	if err := xml.Unmarshal(out, &doc); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	failures, skipped, wanted := 0, 0, 0
	for _, suite := range doc.Suites {
		for _, c := range suite.Cases {
			if c.Failure != nil {
				failures++
			}
			if c.Skipped != nil {
				skipped++
			}
		}
		if suite.Tests != len(suite.Cases) || suite.Tests == 0 {
			t.Fatalf("a suite says %d tests and has %d", suite.Tests, len(suite.Cases))
		}
	}
	for _, f := range r.Findings {
		if AtLeast(f.Severity, threshold) {
			wanted++
		}
	}
	if failures != wanted || doc.Failures != wanted || skipped != len(r.Silenced) {
		t.Fatalf("%d failures (it says %d), want %d; %d skipped, want %d", failures, doc.Failures, wanted, skipped, len(r.Silenced))
	}
}

func TestPropertyNoTextBreaksGitHub(t *testing.T) {
	t.Parallel()
	rapid.Check(t, staysGitHub)
}

func staysGitHub(t *rapid.T) {
	line := regexp.MustCompile(`^::(error|warning|notice) (file=[^,:]*,)?(line=\d+,)?title=[^,:]*::[^\r\n]*$`)
	r := anyReport().Draw(t, "report")
	out := GitHub(r)
	visible(t, out)
	got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(r.Findings)+len(r.Silenced) == 0 {
		if len(out) > 0 {
			t.Fatalf("annotates nothing with %q", out)
		}
		return
	}
	if len(got) != len(r.Findings)+len(r.Silenced) {
		t.Fatalf("%d commands for %d findings:\n%s", len(got), len(r.Findings)+len(r.Silenced), out)
	}
	for _, l := range got {
		if !line.MatchString(l) {
			t.Fatalf("not a command: %q", l)
		}
	}
}

func TestPropertyNoTextBreaksMarkdown(t *testing.T) {
	t.Parallel()
	rapid.Check(t, staysMarkdown)
}

func staysMarkdown(t *rapid.T) {
	// Outside of code, "<" begins nothing but what is written here.
	html := regexp.MustCompile(`^(<br>|<code>|</code>|<!-- -->)`)
	r := anyReport().Draw(t, "report")
	limit := rapid.SampledFrom([]int{0, 1_000, 2_000, MarkdownLimit}).Draw(t, "limit")
	out := Markdown(r, limit)
	visible(t, out)
	if len(out) > max(limit, 1_000) {
		t.Fatalf("%d bytes, the limit is %d", len(out), limit)
	}
	for l := range strings.Lines(string(out)) {
		l = strings.TrimSuffix(l, "\n")
		if !strings.HasPrefix(l, "|") {
			continue
		}
		if cells := splitCells(l); len(cells) != 5 {
			t.Fatalf("%d cells in %q", len(cells), l)
		}
		for rest := withoutCode(l); ; {
			i := strings.IndexByte(rest, '<')
			if i < 0 {
				break
			}
			if !html.MatchString(rest[i:]) && (i == 0 || rest[i-1] != '\\') {
				t.Fatalf("HTML in %q", l)
			}
			rest = rest[i+1:]
		}
	}
}

// splitCells cuts a row as GitHub's parser does: a backslash and what follows
// it are one, and any other pipe ends a cell, also inside of code.
func splitCells(row string) (cells []string) {
	row = strings.TrimSuffix(strings.TrimPrefix(row, "|"), "|")
	start := 0
	for i := 0; i < len(row); i++ {
		switch row[i] {
		case '\\':
			i++
		case '|':
			cells = append(cells, row[start:i])
			start = i + 1
		}
	}
	return append(cells, row[start:])
}

// withoutCode leaves code spans out, which hold any character but backticks.
func withoutCode(row string) string {
	return regexp.MustCompile("(^|[^\\\\])`[^`]*`").ReplaceAllString(row, "$1")
}

func TestPropertyNoTextBreaksTheScreen(t *testing.T) {
	t.Parallel()
	rapid.Check(t, staysOnTheScreen)
}

func staysOnTheScreen(t *rapid.T) {
	r := anyReport().Draw(t, "report")
	out := Text(r, Screen{Width: rapid.SampledFrom([]int{0, 60, 100}).Draw(t, "width")})
	visible(t, out)
	if want := fmt.Sprintf("Found: %s\n", r.totals()); !bytes.Contains(out, []byte(want)) {
		t.Fatalf("does not say %q", want)
	}
}

// FuzzFormats: what a migration file brings into a finding breaks no format.
func FuzzFormats(f *testing.F) {
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) {
		for _, stays := range []func(*rapid.T){staysJUnit, staysGitHub, staysMarkdown, staysOnTheScreen} {
			stays(t)
		}
	}))
}

// TestPropertyOrderLeavesNoTrace: the same findings in another order are the
// same report.
func TestPropertyOrderLeavesNoTrace(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := anyReport().Draw(t, "report")
		other := r
		other.Findings = rapid.Permutation(r.Findings).Draw(t, "permutation")
		if a, b := must(t)(GitLab(r)), must(t)(GitLab(other)); !bytes.Equal(a, b) {
			t.Fatalf("order shows in GitLab's report:\n%s\n%s", a, b)
		}
		if a, b := Text(r, Screen{}), Text(other, Screen{}); !bytes.Equal(a, b) {
			t.Fatalf("order shows in the text:\n%s\n%s", a, b)
		}
	})
}

func must(t *rapid.T) func([]byte, error) []byte {
	return func(out []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		visible(t, out)
		return out
	}
}

func parse(t *rapid.T, doc []byte, into any) {
	if err := json.Unmarshal(doc, into); err != nil {
		t.Fatalf("%v in\n%s", err, doc)
	}
}

// visible fails for output that a terminal would obey, or that is no text.
func visible(t *rapid.T, out []byte) {
	if !utf8.Valid(out) {
		t.Fatalf("not UTF-8: %q", out)
	}
	for _, r := range string(out) {
		if r != '\n' && r != '\t' && !unicode.IsPrint(r) {
			t.Fatalf("%U in %q", r, out)
		}
	}
}
