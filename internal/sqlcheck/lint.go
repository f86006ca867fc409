package sqlcheck

import (
	"slices"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// Answered is a warning that the author of the file has answered.
type Answered struct {
	plans.Finding
	Reason string
	Line   int // of the answer
}

// Lint judges a file as Classify does, and tells answered warnings apart. More
// are findings of others about the same file; of two with one code at one line
// the first is kept.
func (c Check) Lint(file plans.MigrationFile, more ...plans.Finding) (verdict Verdict, open []plans.Finding, answered []Answered) {
	verdict, findings, answers := c.classify(file)
	type place struct {
		code, file string
		line       int
	}
	seen := map[place]bool{}
	for _, f := range append(findings, more...) {
		at := place{f.Code, f.File, f.Line}
		if seen[at] {
			continue
		}
		seen[at] = true
		if n, ok := answerTo(f, answers); ok {
			answered = append(answered, Answered{Finding: f, Reason: n.Reason, Line: n.Line})
			continue
		}
		open = append(open, f)
	}
	return verdict, open, answered
}

// silence turns warnings that the author answered into notes with the answer.
func silence(findings []plans.Finding, answers []sqlscan.NoLint) []plans.Finding {
	for i, f := range findings {
		if n, ok := answerTo(f, answers); ok {
			findings[i].Severity = plans.SeverityInfo
			findings[i].Detail = "accepted by the author: " + n.Reason
		}
	}
	return findings
}

// answerTo returns the author's answer to a warning; the last one counts. There
// is none to an error: a reason does not make a file runnable.
func answerTo(f plans.Finding, answers []sqlscan.NoLint) (sqlscan.NoLint, bool) {
	if f.Severity != plans.SeverityWarning {
		return sqlscan.NoLint{}, false
	}
	for _, n := range slices.Backward(answers) {
		if n.Code == f.Code {
			return n, true
		}
	}
	return sqlscan.NoLint{}, false
}
