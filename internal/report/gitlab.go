package report

import (
	"cmp"

	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/plans"
)

// GitLab is a Code Quality report: a list of issues, each with a fingerprint
// that is the same when lines move. Silenced findings are left out, because
// the format cannot say that they were answered. A finding without a file has
// its address for a path.
// Source: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
func GitLab(r Report) ([]byte, error) {
	issues := []issue{}
	for _, e := range r.identified() {
		if e.silenced != nil {
			continue
		}
		i := issue{
			Description: oneLine(e.Summary), CheckName: oneLine(e.Code), Fingerprint: e.fingerprint, Severity: gitlabSeverity(e.Severity),
		}
		if e.Fix != "" {
			i.Description += ". Fix: " + oneLine(e.Fix)
		}
		i.Location.Path = cmp.Or(redact.Escape(e.file), oneLine(e.Address), "lockstep")
		i.Location.Lines.Begin = max(e.Line, 1)
		issues = append(issues, i)
	}
	return encode(issues)
}

type issue struct {
	Description string `json:"description"`
	CheckName   string `json:"check_name"`
	Fingerprint string `json:"fingerprint"`
	Severity    string `json:"severity"`
	Location    struct {
		Path  string `json:"path"`
		Lines struct {
			Begin int `json:"begin"`
		} `json:"lines"`
	} `json:"location"`
}

func gitlabSeverity(s plans.Severity) string {
	switch rank(s) {
	case 0:
		return "critical"
	case 1:
		return "major"
	default:
		return "info"
	}
}
