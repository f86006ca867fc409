package terraform

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/go-version"
)

// The environment variables that choose the binary. BinaryVariable goes first
// and may name either engine, TofuVariable names OpenTofu.
const (
	BinaryVariable = "LOCKSTEP_TERRAFORM"
	TofuVariable   = "LOCKSTEP_TOFU"
)

// ErrNoBinary is wrapped by the error of FindBinary when there is none, or
// none of the required engine and version.
var ErrNoBinary = errors.New("no usable terraform or tofu")

// FindBinary returns the Terraform or OpenTofu to use and the reason for the
// choice: what LOCKSTEP_TERRAFORM names, else what LOCKSTEP_TOFU names, else
// terraform, else tofu on PATH.
//
// required holds version constraints such as ">= 1.5" by engine, "terraform"
// or "tofu". An engine that it does not name is not used where it names the
// other one; an empty one, or an empty constraint, asks for nothing.
func FindBinary(required map[string]string) (path, why string, err error) {
	wanted := wantedEngines(required)
	var passed []string // why candidates were passed over
	for _, c := range candidates() {
		path, err := exec.LookPath(c.name)
		if err != nil && c.variable != "" {
			return "", "", fmt.Errorf("%w: %s=%s cannot be run: %w", ErrNoBinary, c.variable, c.name, err)
		}
		if err != nil {
			continue
		}
		e, err := identifyOnce(context.Background(), path)
		if err != nil && c.variable != "" {
			return "", "", err
		}
		if err != nil {
			passed = append(passed, err.Error())
			continue
		}
		if !slices.Contains(wanted, e.name) {
			passed = append(passed, fmt.Sprintf("%s (%s) is %s", path, c.why(), e.name))
			continue
		}
		if err := e.fits(required[e.name], path, c); err != nil {
			return "", "", err
		}
		return path, fmt.Sprintf("%s %s, %s", e.name, e.version, c.why()), nil
	}
	return "", "", noneOf(wanted, passed)
}

// candidate is a program that may be the one, by its name on PATH or by a
// variable.
type candidate struct{ name, variable string }

func (c candidate) why() string {
	if c.variable != "" {
		return "named by " + c.variable
	}
	return c.name + " found on PATH"
}

func candidates() []candidate {
	var all []candidate
	for _, variable := range []string{BinaryVariable, TofuVariable} {
		if named := os.Getenv(variable); named != "" {
			all = append(all, candidate{named, variable})
		}
	}
	return append(all, candidate{name: engineTerraform}, candidate{name: engineTofu})
}

func wantedEngines(required map[string]string) []string {
	var wanted []string
	for _, name := range []string{engineTerraform, engineTofu} {
		if required[name] != "" {
			wanted = append(wanted, name)
		}
	}
	if len(wanted) == 0 {
		return []string{engineTerraform, engineTofu}
	}
	return wanted
}

// noneOf says what was looked for, what was found instead, and what to do.
func noneOf(wanted, passed []string) error {
	install := map[string]string{
		engineTerraform: "install Terraform (https://developer.hashicorp.com/terraform/install) or set " + BinaryVariable + " to its path",
		engineTofu:      "install OpenTofu (https://opentofu.org/docs/intro/install) or set " + TofuVariable + " to its path",
	}
	var ways []string
	for _, name := range wanted {
		ways = append(ways, install[name])
	}
	found := ""
	if len(passed) > 0 {
		found = "; " + strings.Join(passed, ", ")
	}
	return fmt.Errorf("%w: %s is not on PATH%s; %s", ErrNoBinary, strings.Join(wanted, " or "), found, strings.Join(ways, ", or "))
}

// engine is which program a binary is.
type engine struct {
	name    string // engineTerraform or engineTofu
	version string
}

const (
	engineTerraform = "terraform"
	engineTofu      = "tofu"
)

// fits checks a version against a constraint; an empty one allows all.
func (e engine) fits(wanted, path string, c candidate) error {
	if wanted == "" {
		return nil
	}
	constraint, err := version.NewConstraint(wanted)
	if err != nil {
		return fmt.Errorf("required_tools: %s = %q is not a version constraint; expected one like \">= 1.5\"", e.name, wanted)
	}
	v, err := version.NewVersion(e.version)
	if err != nil {
		return fmt.Errorf("%s reports version %q: %w", path, e.version, err)
	}
	if !constraint.Check(v.Core()) {
		return fmt.Errorf("%w: %s (%s) is %s %s and the project requires %s; install one that fits or name it in %s",
			ErrNoBinary, path, c.why(), e.name, e.version, wanted, variableOf(e.name))
	}
	return nil
}

func variableOf(engine string) string {
	if engine == engineTofu {
		return TofuVariable
	}
	return BinaryVariable
}

func identify(ctx context.Context, path string) (engine, error) {
	text, err := tell(ctx, path, "version")
	if err != nil {
		return engine{}, err
	}
	found := regexp.MustCompile(`(?m)^(Terraform|OpenTofu) v([0-9][^\s]*)`).FindSubmatch(text)
	if found == nil {
		return engine{}, fmt.Errorf("%w: %s does not answer \"version\" the way Terraform and OpenTofu do", ErrNoBinary, path)
	}
	e := engine{name: engineTerraform, version: string(found[2])}
	if string(found[1]) == "OpenTofu" {
		e.name = engineTofu
	}
	return e, nil
}

func tell(ctx context.Context, path string, arguments ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, path, arguments...)
	cmd.Dir = os.TempDir()
	cmd.Env = environment(os.Environ(), nil, os.DevNull, os.DevNull)
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("run %s %s: %w", path, arguments[0], err)
	}
	return out, nil
}
