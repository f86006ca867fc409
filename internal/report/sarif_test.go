package report

import (
	"encoding/json"
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
)

func TestSARIFIsValid(t *testing.T) {
	t.Parallel()
	s := loadSchema(t, "testdata/sarif-schema-2.1.0.json")
	for name, r := range map[string]Report{"fixture": fixture(), "empty": {}} {
		doc, err := SARIF(r)
		if err != nil {
			t.Fatal(err)
		}
		for _, problem := range s.check(doc) {
			t.Errorf("%s: %s", name, problem)
		}
	}
}

func TestSARIFSaysWhatWasSilenced(t *testing.T) {
	t.Parallel()
	log := readSARIF(t, fixture())
	results := log.Runs[0].Results
	if len(results) != 4 {
		t.Fatalf("%d results, want 4", len(results))
	}
	for _, result := range results {
		if rule := log.Runs[0].Tool.Driver.Rules[result.RuleIndex]; rule.ID != result.RuleID {
			t.Errorf("%s points at the rule %s", result.RuleID, rule.ID)
		}
		silenced := result.RuleID == "no-way-back"
		if silenced != (len(result.Suppressions) == 1) {
			t.Errorf("%s has the suppressions %v", result.RuleID, result.Suppressions)
		}
		if silenced && result.Suppressions[0].Justification != "the old type holds nothing | of use" {
			t.Errorf("got the reason %q", result.Suppressions[0].Justification)
		}
		if silenced && result.Level != "warning" {
			t.Errorf("a silenced warning has the level %s", result.Level)
		}
	}
}

func TestSARIFPaths(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]sarifArtifact{
		"db/a b.sql":       {"db/a%20b.sql", "%SRCROOT%"},
		"./db/../db/x.sql": {"db/x.sql", "%SRCROOT%"},
		`db\x.sql`:         {"db/x.sql", "%SRCROOT%"},
		"a:b.sql":          {"./a:b.sql", "%SRCROOT%"},
		"db/100%.sql":      {"db/100%25.sql", "%SRCROOT%"},
		"../elsewhere.sql": {"../elsewhere.sql", "%SRCROOT%"},
		"/srv/x.sql":       {"file:///srv/x.sql", ""},
		"db/\xff.sql":      {"db/%FF.sql", "%SRCROOT%"},
	} {
		if got := artifactOf(file); got != want {
			t.Errorf("%q: got %v, want %v", file, got, want)
		}
	}
}

func readSARIF(t *testing.T, r Report) sarifLog {
	t.Helper()
	doc, err := SARIF(r)
	if err != nil {
		t.Fatal(err)
	}
	var log sarifLog
	if err := json.Unmarshal(doc, &log); err != nil {
		t.Fatal(err)
	}
	return log
}

// TestFingerprints: identity survives what moves lines, and tells twins apart.
func TestFingerprints(t *testing.T) {
	t.Parallel()
	finding := plans.Finding{Code: "create-index", File: "a.sql", Line: 3, Summary: "see line 3"}
	statement := plans.Statement{File: "a.sql", Line: 3, SQL: "CREATE INDEX ON t (a)"}
	before := prints(Report{Findings: []plans.Finding{finding}, Statements: []plans.Statement{statement}})

	moved, movedStatement := finding, statement
	moved.Line, movedStatement.Line, movedStatement.SQL, moved.Summary = 40, 40, "CREATE  INDEX ON t\n(a)", "in other words"
	if after := prints(Report{Findings: []plans.Finding{moved}, Statements: []plans.Statement{movedStatement}}); after[0] != before[0] {
		t.Error("a statement that moved has another fingerprint")
	}
	for name, change := range map[string]func(*plans.Finding, *plans.Statement){
		"code": func(f *plans.Finding, _ *plans.Statement) { f.Code = "other" },
		"file": func(f *plans.Finding, s *plans.Statement) { f.File, s.File = "b.sql", "b.sql" },
		"SQL":  func(_ *plans.Finding, s *plans.Statement) { s.SQL = "CREATE INDEX ON t (b)" },
	} {
		f, s := finding, statement
		change(&f, &s)
		if after := prints(Report{Findings: []plans.Finding{f}, Statements: []plans.Statement{s}}); after[0] == before[0] {
			t.Errorf("another %s has the same fingerprint", name)
		}
	}
	twins := prints(Report{Findings: []plans.Finding{finding, finding}, Statements: []plans.Statement{statement}})
	if twins[0] == twins[1] || twins[0] != before[0] {
		t.Errorf("twins have %v, alone it is %s", twins, before[0])
	}

	alone, later := finding, finding
	later.Line, later.Summary = 9, "see line 9"
	if prints(Report{Findings: []plans.Finding{alone}})[0] != prints(Report{Findings: []plans.Finding{later}})[0] {
		t.Error("without a statement, the line that a summary names is part of the fingerprint")
	}
}

func prints(r Report) (all []string) {
	for _, e := range r.identified() {
		all = append(all, e.fingerprint)
	}
	return all
}
