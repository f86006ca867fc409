package report

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
)

// many returns a report of n findings in files of ten each.
func many(n int, severity plans.Severity) Report {
	var r Report
	for i := range n {
		r.Findings = append(r.Findings, plans.Finding{
			Code: "create-index", Severity: severity, File: fmt.Sprintf("db/%04d.up.sql", i/10), Line: i%10 + 1,
			Summary: fmt.Sprintf("finding %d of them", i), Fix: "CREATE INDEX CONCURRENTLY i ON t (a);",
		})
	}
	return r
}

func TestMarkdownIsCutAndCounts(t *testing.T) {
	t.Parallel()
	r := many(2_000, plans.SeverityWarning)
	r.Findings = append(r.Findings, plans.Finding{Code: "drop-table", Severity: plans.SeverityError, File: "z.sql", Line: 1, Summary: "the worst"})
	for _, limit := range []int{0, 5_000, MarkdownLimit} {
		out := string(Markdown(r, limit))
		rows := strings.Count(out, "\n| warning |") + strings.Count(out, "\n| **error** |")
		if len(out) > max(limit, 1_000) || rows == 0 {
			t.Errorf("limit %d: %d bytes with %d rows", limit, len(out), rows)
		}
		if want := fmt.Sprintf("**and %d more**", len(r.Findings)-rows); !strings.Contains(out, want) {
			t.Errorf("limit %d: %d rows and no %q", limit, rows, want)
		}
		if !strings.Contains(out, "the worst") {
			t.Errorf("limit %d: the only error was cut", limit)
		}
	}
	one := Markdown(many(1, plans.SeverityError), MarkdownLimit)
	if strings.Contains(string(one), "more") {
		t.Errorf("nothing was cut from\n%s", one)
	}
}

func TestGitHubKeepsToItsLimit(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{9: "", 10: "", 11: "and 2 more", 40: "and 31 more"} {
		r := many(n, plans.SeverityError)
		r.Findings = append(r.Findings, many(3, plans.SeverityWarning).Findings...)
		out := string(GitHub(r))
		if got := strings.Count(out, "::error "); got != min(n, 10) {
			t.Errorf("%d errors give %d annotations", n, got)
		}
		if got := strings.Count(out, "::warning "); got != 3 {
			t.Errorf("%d warnings are shown of 3", got)
		}
		if strings.Contains(out, "more") != (want != "") || !strings.Contains(out, want) {
			t.Errorf("%d errors: no %q in\n%s", n, want, out)
		}
	}
}

func TestGitHubEscapes(t *testing.T) {
	t.Parallel()
	out := string(GitHub(Report{Findings: []plans.Finding{{
		Code: "a:b,c", Severity: plans.SeverityError, File: "db:x,y%.sql", Line: 2, Summary: "100%: a, b\r\n::warning::c",
	}}}))
	want := "::error file=db%3Ax%2Cy%25.sql,line=2,title=a%3Ab%2Cc::100%25: a, b%0A::warning::c\n"
	if out != want {
		t.Errorf("got  %q\nwant %q", out, want)
	}
}

func TestGitLabFingerprintsStayWhenLinesMove(t *testing.T) {
	t.Parallel()
	before, moved := fixture(), fixture()
	for i := range moved.Findings {
		moved.Findings[i].Line += 100 * min(moved.Findings[i].Line, 1)
	}
	for i := range moved.Statements {
		moved.Statements[i].Line += 100
	}
	a, b := readGitLab(t, before), readGitLab(t, moved)
	if len(a) != 3 || len(b) != 3 {
		t.Fatalf("%d and %d issues, want 3", len(a), len(b))
	}
	for i := range a {
		if a[i].Fingerprint != b[i].Fingerprint {
			t.Errorf("%s has another fingerprint", a[i].CheckName)
		}
	}
}

func readGitLab(t *testing.T, r Report) (issues []issue) {
	t.Helper()
	doc, err := GitLab(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(doc, &issues); err != nil {
		t.Fatal(err)
	}
	return issues
}

// TestRoot: what looks files up in the repository finds them there, and the
// identity of a finding does not depend on where the project lies.
func TestRoot(t *testing.T) {
	t.Parallel()
	r := fixture()
	r.Root = "services/shop"
	const want = "services/shop/db/orders/0008_status.up.sql"
	plain, moved := readGitLab(t, fixture()), readGitLab(t, r)
	for i := range moved {
		if moved[i].Fingerprint != plain[i].Fingerprint {
			t.Errorf("%s has another fingerprint", moved[i].CheckName)
		}
	}
	sarif, err := SARIF(r)
	if err != nil {
		t.Fatal(err)
	}
	gitlab, err := GitLab(r)
	if err != nil {
		t.Fatal(err)
	}
	for name, out := range map[string]string{"SARIF": string(sarif), "GitLab": string(gitlab), "GitHub": string(GitHub(r))} {
		if !strings.Contains(out, want) {
			t.Errorf("%s: no %s in\n%s", name, want, out)
		}
	}
	if text := string(Text(r, Screen{})); strings.Contains(text, r.Root) {
		t.Errorf("people see the repository's path:\n%s", text)
	}
}

func TestJUnitThreshold(t *testing.T) {
	t.Parallel()
	for threshold, want := range map[plans.Severity]int{"error": 1, "warning": 2, "info": 3, "none": 0} {
		out, err := JUnit(fixture(), threshold)
		if err != nil {
			t.Fatal(err)
		}
		var doc junitSuites
		if err := xml.Unmarshal(out, &doc); err != nil {
			t.Fatal(err)
		}
		// three files, and the suite of what has none
		if doc.Failures != want || doc.Skipped != 1 || doc.Tests != 5 || len(doc.Suites) != 4 {
			t.Errorf("%s: %d failures (want %d), %d skipped, %d tests in %d suites", threshold, doc.Failures, want, doc.Skipped, doc.Tests, len(doc.Suites))
		}
	}
}

func TestJSONListsAreThere(t *testing.T) {
	t.Parallel()
	doc, err := JSON(Report{Statements: []plans.Statement{{File: "a.sql", Line: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(doc), "null") {
		t.Errorf("scripts iterate over null:\n%s", doc)
	}
}

// TestJSONKeepsBytes: what is escaped for terminals means the same.
func TestJSONKeepsBytes(t *testing.T) {
	t.Parallel()
	const sql = "SELECT '\u202e\x1b\u007f\U000E0041 <&> \U0001F600'"
	doc, err := JSON(Report{Statements: []plans.Statement{{File: "a.sql", Line: 1, SQL: sql}}})
	if err != nil {
		t.Fatal(err)
	}
	var back document
	if err := json.Unmarshal(doc, &back); err != nil {
		t.Fatal(err)
	}
	if got := back.Statements[0].SQL; got != sql {
		t.Errorf("got %q, want %q", got, sql)
	}
}

func TestFindingBelongsToItsStatement(t *testing.T) {
	t.Parallel()
	index := newStatementIndex([]plans.Statement{
		{File: "a.sql", Line: 9, SQL: "second"}, {File: "a.sql", Line: 2, SQL: "first\nline\nand another"}, {File: "b.sql", Line: 1, SQL: "else"},
	})
	for line, want := range map[int]string{0: "", 1: "", 2: "first", 4: "first", 5: "", 9: "second", 10: ""} {
		got := ""
		if s := index.find(plans.Finding{File: "a.sql", Line: line}); s != nil {
			got, _, _ = strings.Cut(s.SQL, "\n")
		}
		if got != want {
			t.Errorf("line %d: got %q, want %q", line, got, want)
		}
	}
}

// TestFindingBelongsToItsStatementInALine: several statements stand in a line.
func TestFindingBelongsToItsStatementInALine(t *testing.T) {
	t.Parallel()
	index := newStatementIndex([]plans.Statement{
		{File: "a.sql", Line: 1, SQL: "before\nit"}, {File: "a.sql", Line: 2, Column: 20, SQL: "second"}, {File: "a.sql", Line: 2, Column: 5, SQL: "first"},
	})
	for column, want := range map[int]string{0: "first", 1: "before\nit", 5: "first", 19: "first", 20: "second", 99: "second"} {
		got := ""
		if s := index.find(plans.Finding{File: "a.sql", Line: 2, Column: column}); s != nil {
			got = s.SQL
		}
		if got != want {
			t.Errorf("column %d: got %q, want %q", column, got, want)
		}
	}
}

func TestSQLIsNotWrapped(t *testing.T) {
	t.Parallel()
	sql := "UPDATE orders SET note = 'two  spaces, and far more words than fit on the narrow line of this screen' WHERE id = 1;"
	out := string(Text(Report{Findings: []plans.Finding{{Code: "c", Severity: "error", Summary: "s", Fix: sql}}}, Screen{Width: 60}))
	if !strings.Contains(out, "\n    "+sql+"\n") {
		t.Errorf("cannot be copied:\n%s", out)
	}
}
