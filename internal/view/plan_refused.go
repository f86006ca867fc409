package view

import (
	"io"

	"github.com/lockstep-dev/lockstep/internal/diag"
	"github.com/lockstep-dev/lockstep/plans"
)

// Refusal is the answer where no plan could be made.
type Refusal struct {
	ChangeSet   string
	Environment string
	Diagnostics diag.Diagnostics
}

// JSON writes a document of the shape that a plan has, without steps and
// without a digest, so that scripts find why in findings and what to do in
// blocked.
func (r Refusal) JSON(out io.Writer) error {
	doc := refusedDocument{
		FormatVersion: plans.FormatVersion, ChangeSet: r.ChangeSet, Environment: r.Environment,
		Steps: []stepDocument{}, Findings: []plans.Finding{}, Blocked: []plans.Block{},
	}
	for _, d := range r.Diagnostics {
		doc.Findings = append(doc.Findings, plans.Finding{
			Code: d.Code, Severity: severityOf(d.Severity), Summary: d.Summary, Detail: d.Detail, Fix: d.Fix,
			File: d.Range.File, Line: d.Range.Start.Line,
		})
		if d.Severity == diag.Error {
			doc.Blocked = append(doc.Blocked, plans.Block{Code: d.Code, Summary: d.Summary, Who: "the author of " + author(d, r.ChangeSet), Next: d.Fix})
		}
	}
	return document(out, doc)
}

// refusedDocument has the fields of planDocument that there are without a plan.
type refusedDocument struct {
	FormatVersion string          `json:"format_version"`
	ChangeSet     string          `json:"change_set"`
	Environment   string          `json:"environment"`
	Steps         []stepDocument  `json:"steps"`
	Findings      []plans.Finding `json:"findings"`
	Blocked       []plans.Block   `json:"blocked"`
}

func severityOf(s diag.Severity) plans.Severity {
	if s == diag.Error {
		return plans.SeverityError
	}
	return plans.SeverityWarning
}

func author(d diag.Diagnostic, changeSet string) string {
	if d.Range.File != "" {
		return d.Range.File
	}
	return changeSet
}
