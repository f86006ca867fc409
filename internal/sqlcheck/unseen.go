package sqlcheck

import (
	"fmt"

	"github.com/lockstep-dev/lockstep/plans"
)

// findUnseen says which statements nobody can judge from the file.
func (d *direction) findUnseen(judged []judgement) {
	for i, j := range judged {
		if j.unseen == "" {
			continue
		}
		f := plans.Finding{
			Code: unreadableStatement, Severity: plans.SeverityWarning, Line: d.statements[i].Line,
			Summary: fmt.Sprintf("what %s runs cannot be read; that it breaks nothing and loses nothing is assumed", j.unseen),
			Fix:     `write the statements themselves, or say what they do: "-- lockstep:phase expand REASON" (or contract)`,
		}
		if d.header.Phase != "" && d.header.PhaseReason != "" {
			f.Severity, f.Fix = plans.SeverityInfo, ""
			f.Detail = fmt.Sprintf("the author says %s: %s", d.header.Phase, d.header.PhaseReason)
		}
		d.report(f)
	}
}
