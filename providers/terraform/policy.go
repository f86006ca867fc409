package terraform

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/tfpolicy"
)

// ErrForbidden is wrapped by the error of an observation whose sources would,
// while they are planned, do what the policy forbids. Nothing was started.
var ErrForbidden = errors.New("the sources would do more than a plan may")

// Judge reads a module's sources and returns what a policy finds in them.
func Judge(root, source string, p tfpolicy.Policy) ([]tfpolicy.Finding, error) {
	files, err := readSources(root, source)
	if err != nil {
		return nil, err
	}
	return tfpolicy.Check(tfpolicy.Sources{Root: path.Clean(filepath.ToSlash(source)), Files: files}, p), nil
}

// permitted refuses sources whose plan would run programs, read files from
// elsewhere or speak to hosts of their choosing.
func (p *Provider) permitted(source string) error {
	found, err := Judge(p.options.Root, source, p.options.Policy)
	if err != nil {
		return err
	}
	found = tfpolicy.Errors(found)
	if len(found) == 0 {
		return nil
	}
	var lines []string
	for _, f := range found {
		lines = append(lines, fmt.Sprintf("%s:%d: %s: %s; %s", f.File, f.Line, f.Rule, f.Message, f.Fix))
	}
	return fmt.Errorf("%w: %s", ErrForbidden, strings.Join(lines, "; "))
}
