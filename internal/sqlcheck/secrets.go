package sqlcheck

import (
	"github.com/lockstep-dev/lockstep/internal/sqlsecret"
	"github.com/lockstep-dev/lockstep/plans"
)

const secretInFile = "secret-in-file"

// hideSecrets masks passwords in all that is said of a file, and warns of those
// that surely are some. The file runs as it is written.
func hideSecrets(v Verdict, findings []plans.Finding, directions ...*direction) (Verdict, []plans.Finding) {
	var all []sqlsecret.Secret
	for _, d := range directions {
		found := sqlsecret.In(d.statements)
		for _, s := range found {
			if s.Sure {
				findings = append(findings, secretFinding(d.file.Path, s.Line))
			}
		}
		all = append(all, found...)
	}
	if len(all) == 0 {
		return v, findings
	}
	mask := func(texts ...*string) {
		for _, text := range texts {
			*text = sqlsecret.Mask(*text, all)
		}
	}
	mask(&v.Reason)
	for i := range v.Statements {
		mask(&v.Statements[i].SQL)
	}
	for i := range v.Split {
		mask(&v.Split[i].Up, &v.Split[i].Down)
	}
	for i := range findings {
		mask(&findings[i].Summary, &findings[i].Detail, &findings[i].Fix)
	}
	return v, findings
}

func secretFinding(path string, line int) plans.Finding {
	c, _ := Find(secretInFile)
	return plans.Finding{
		Code: c.Code, Severity: c.Severity, File: path, Line: line, Roles: []string{"security"},
		Summary: "a password stands in the file", Detail: c.Why, Fix: c.Fix,
	}
}
