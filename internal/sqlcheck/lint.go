package sqlcheck

import (
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// Answered is a warning that the author of the file has answered.
type Answered struct {
	plans.Finding
	Reason string
	Line   int // of the answer
}

// Lint judges a file as Classify does, and tells answered warnings apart.
func (c Check) Lint(file plans.MigrationFile) (verdict Verdict, open []plans.Finding, answered []Answered) {
	verdict, findings, answers := c.classify(file)
	open, answered = apart(append(findings, strayAnswers(file.Up.Path, findings, answers)...), answers)
	return verdict, c.Rules.weigh(c.Rules.apply(open)), answered
}

func apart(findings []plans.Finding, answers []sqlscan.NoLint) (open []plans.Finding, answered []Answered) {
	for _, f := range findings {
		if f.Accepted != "" { // by the header, which is no answer to one code
			answered = append(answered, Answered{Finding: f, Reason: f.Accepted})
			continue
		}
		if n, ok := answerTo(f, answers); ok {
			answered = append(answered, Answered{Finding: f, Reason: n.Reason, Line: n.Line})
			continue
		}
		open = append(open, f)
	}
	return open, answered
}

// silence turns warnings that the author answered into notes with the answer.
func silence(findings []plans.Finding, answers []sqlscan.NoLint) []plans.Finding {
	for i, f := range findings {
		if n, ok := answerTo(f, answers); ok {
			findings[i].Severity = plans.SeverityInfo
			findings[i].Accepted = n.Reason
			findings[i].Detail = strings.TrimSpace("accepted by the author: " + strings.TrimSuffix(n.Reason, ".") + ". " + f.Detail)
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
		if rule, known := pgrule.Find(n.Code); n.Code == f.Code || known && rule.Code == f.Code {
			return n, true
		}
	}
	return sqlscan.NoLint{}, false
}
