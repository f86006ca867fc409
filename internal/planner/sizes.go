package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/budget"
	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/plans"
)

// sizesOf returns what a survey measured of the database's tables; nil when
// there was none.
func (d *draft) sizesOf(s *schema) sqlcheck.Sizes {
	survey, found := d.in.Surveys[s.name]
	if !found {
		return nil
	}
	sizes := map[string]sqlcheck.Size{}
	for _, r := range survey.Relations {
		if r.Rows >= 0 {
			sizes[r.Relation] = sqlcheck.Size{Rows: r.Rows, Bytes: r.Bytes + r.IndexBytes}
		}
	}
	return func(relation string) (sqlcheck.Size, bool) {
		size, known := sizes[relation]
		return size, known
	}
}

// surveys are the figures of all databases that the plan migrates, by address.
func (d *draft) surveys() []plans.Survey {
	var list []plans.Survey
	for _, survey := range d.in.Surveys {
		list = append(list, survey)
	}
	slices.SortFunc(list, func(a, b plans.Survey) int { return strings.Compare(a.Address, b.Address) })
	return list
}

// lighter turns warnings about work behind a lock into notes where everything
// that is worked on is small: nobody notices.
func (j judge) lighter(findings []plans.Finding, m *migration, sizes sqlcheck.Sizes) []plans.Finding {
	if sizes == nil || j.postgres == nil {
		return findings
	}
	for i, f := range findings {
		if f.Severity != plans.SeverityWarning || f.File != m.file.Up.Path || !sqlcheck.AboutWork(f.Code) {
			continue
		}
		if words := j.smallWork(m.verdict.Statements, f.Line, sizes); words != "" {
			findings[i].Severity = plans.SeverityInfo
			findings[i].Detail = strings.TrimSpace(fmt.Sprintf("The table is small, measured: %s. %s", words, f.Detail))
		}
	}
	return findings
}

// smallWork says how small the tables are that the statements of a line work
// on behind a lock; empty when one of them is not, or is not known.
func (j judge) smallWork(statements []plans.Statement, line int, sizes sqlcheck.Sizes) string {
	var words []string
	for _, s := range statements {
		if s.Line != line {
			continue
		}
		for _, relation := range sqlcheck.WorksLocked(s) {
			if j.postgres.Part(relation) {
				continue
			}
			size, known := sizes(relation)
			if !known || !size.Small() {
				return ""
			}
			if w := fmt.Sprintf("%s has %s in %s", relation, rowsOf(size.Rows), budget.Bytes(size.Bytes)); !slices.Contains(words, w) {
				words = append(words, w)
			}
		}
	}
	return strings.Join(words, ", ")
}

// estimate says of each statement how long it holds its locks, where a survey
// knows the relations.
func (d *draft) estimate(s *schema, m *migration) {
	survey, found := d.in.Surveys[s.name]
	if !found {
		return
	}
	for i, statement := range m.verdict.Statements {
		m.verdict.Statements[i].Estimate = budget.Estimate(statement, survey)
	}
}
