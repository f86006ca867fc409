package sqlcheck

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

const (
	unknownCode  = "unknown-code"
	unusedAnswer = "unused-nolint"
)

// strayAnswers are findings about answers that answer nothing: a code that
// there is not would leave its author in the belief that it was heard.
func strayAnswers(path string, findings []plans.Finding, answers []sqlscan.NoLint) (stray []plans.Finding) {
	for i, n := range answers {
		code, known := Find(n.Code)
		f := plans.Finding{File: path, Line: n.Line}
		switch {
		case !known:
			f.Code, f.Severity = unknownCode, plans.SeverityWarning
			f.Summary = fmt.Sprintf("there is no rule %q, so nothing is answered", n.Code)
			f.Fix = fixOfCode(n.Code)
		case slices.ContainsFunc(answers[:i], func(before sqlscan.NoLint) bool { return sameCode(before.Code, code.Code) }):
			f.Code, f.Severity = unusedAnswer, plans.SeverityInfo
			f.Summary = code.Code + " is answered twice; the last answer counts"
			f.Fix = "remove one of them"
		case slices.ContainsFunc(findings, func(x plans.Finding) bool { return x.Code == code.Code && x.Severity == plans.SeverityError }):
			f.Code, f.Severity = unusedAnswer, plans.SeverityInfo
			f.Summary = code.Code + " is an error here, which no reason makes right"
			f.Fix = "mend what the error says, and remove the answer"
		case !slices.ContainsFunc(findings, func(x plans.Finding) bool { return x.Code == code.Code && x.Severity == plans.SeverityWarning }):
			f.Code, f.Severity = unusedAnswer, plans.SeverityInfo
			f.Summary = "the file has no warning " + code.Code + " to answer"
			f.Fix = "remove the answer"
		default:
			continue
		}
		stray = append(stray, f)
	}
	return stray
}

func sameCode(name, code string) bool {
	found, known := Find(name)
	return known && found.Code == code
}

// fixOfCode names the code that was meant, where one is near.
func fixOfCode(given string) string {
	best, distance := "", len(given)/3+1
	for _, c := range Codes() {
		for _, name := range []string{c.Code, c.ID} {
			if d := levenshtein.Distance(strings.ToLower(given), strings.ToLower(name), nil); name != "" && d < distance {
				best, distance = name, d
			}
		}
	}
	if best == "" {
		return "write the code that the finding has; all of them: lockstep lint --rules"
	}
	return fmt.Sprintf("did you mean %q?", best)
}

// aboutAnswers are codes of answers that answer nothing.
func aboutAnswers() []Code {
	return []Code{
		{
			Code: unknownCode, Severity: plans.SeverityWarning, Title: "A nolint names a rule that there is not.",
			Why: "Its author believes that a warning is answered, and who approves reads a reason for nothing.",
			Fix: "-- lockstep:nolint CODE REASON",
		},
		{
			Code: unusedAnswer, Severity: plans.SeverityInfo, Title: "A nolint answers no warning of its file.",
			Why: "The warning is gone, or was never there; left standing, it would answer the next one unseen.",
			Fix: "remove the answer",
		},
	}
}
