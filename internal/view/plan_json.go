package view

import "github.com/lockstep-dev/lockstep/plans"

// JSON writes the plan as one document. Lists that scripts iterate over are
// there even when they are empty.
func (v Plan) JSON(r Review) error {
	doc := planDocument{
		FormatVersion: r.Plan.FormatVersion,
		Digest:        r.Digest,
		Plan:          r.Plan,
		Steps:         make([]stepDocument, 0, len(r.Plan.Steps)),
		Findings:      list(r.Plan.Findings),
		Blocked:       list(r.Blocked),
		SealedFor:     r.SealedFor,
	}
	for i := range r.Plan.Steps {
		doc.Steps = append(doc.Steps, stepOf(&r.Plan.Steps[i]))
	}
	return document(v.Out, doc)
}

// planDocument shadows the plan's fields that need another form.
type planDocument struct {
	FormatVersion string       `json:"format_version"`
	Digest        plans.Digest `json:"digest"`
	*plans.Plan
	Steps    []stepDocument  `json:"steps"`
	Findings []plans.Finding `json:"findings"`
	Blocked  []plans.Block   `json:"blocked"`
	// SealedFor are the recipients of the plan file's inputs.
	SealedFor []string `json:"sealed_for,omitempty"`
}

type stepDocument struct {
	*plans.Step
	Needs      []string    `json:"needs"`
	Statements []Statement `json:"statements"`
}

// Statement is a statement with lists that are there even when they are empty.
type Statement struct {
	*plans.Statement
	Locks    []plans.Lock `json:"locks"`
	Rewrites []string     `json:"rewrites"`
	Scans    []string     `json:"scans"`
}

func stepOf(s *plans.Step) stepDocument {
	return stepDocument{Step: s, Needs: list(s.Needs), Statements: Statements(s.Statements)}
}

// Statements are statements for a document.
func Statements(statements []plans.Statement) []Statement {
	all := make([]Statement, 0, len(statements))
	for i := range statements {
		st := &statements[i]
		all = append(all, Statement{Statement: st, Locks: list(st.Locks), Rewrites: list(st.Rewrites), Scans: list(st.Scans)})
	}
	return all
}
