package terraform

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/tfpolicy"
	"github.com/lockstep-dev/lockstep/plans"
)

// ErrForbidden is wrapped by the error of an observation whose sources would,
// while they are planned, do what the policy forbids. Nothing was started.
var ErrForbidden = errors.New("the sources would do more than a plan may")

// Judge reads a module of a project, and those that it calls, and returns what
// a policy finds in them. Files that must not be there, and modules that
// cannot be read, are findings too. Nothing is started, and nothing is read but
// through project, which must not let links lead out of it.
func Judge(project fs.FS, source string, p tfpolicy.Policy) []tfpolicy.Finding {
	var found []tfpolicy.Finding
	s := &sourceReader{project: project, files: map[string][]byte{}}
	s.instead = func(name, reason string) {
		found = append(found, tfpolicy.Finding{
			Rule: "terraform-source-refused", Severity: plans.SeverityError, File: name, Message: reason,
			Fix: "take it out: a plan of this module is refused as long as it is there",
		})
	}
	_ = s.follow(source) // what it would return is a finding
	return append(found, tfpolicy.Check(tfpolicy.Sources{Root: path.Clean(filepath.ToSlash(source)), Files: s.files}, p)...)
}

// Intrusive says why a file or folder of this name has no place in a project
// whose Terraform modules strangers may change; empty if it has.
func Intrusive(name string) string {
	if reason := refused(name); reason != "" && !strings.Contains(strings.ToLower(name), ".tfstate") {
		return reason
	}
	return ""
}

// permitted refuses sources whose plan would run programs, read files from
// elsewhere or speak to hosts of their choosing, and returns what else is to
// be said of them.
func (p *Provider) permitted(source string, files map[string][]byte) ([]plans.TerraformNote, error) {
	found := tfpolicy.Check(tfpolicy.Sources{Root: path.Clean(filepath.ToSlash(source)), Files: files}, p.options.Policy)
	if refused := tfpolicy.Errors(found); len(refused) > 0 {
		return nil, forbidden(refused)
	}
	var notes []plans.TerraformNote
	for _, f := range found {
		notes = append(notes, plans.TerraformNote{Rule: f.Rule, File: f.File, Line: f.Line, Message: f.Message, Fix: f.Fix})
	}
	return notes, nil
}

func forbidden(found []tfpolicy.Finding) error {
	var lines []string
	for _, f := range found {
		lines = append(lines, fmt.Sprintf("%s:%d: %s: %s; %s", f.File, f.Line, f.Rule, f.Message, f.Fix))
	}
	return fmt.Errorf("%w: %s", ErrForbidden, strings.Join(lines, "; "))
}
