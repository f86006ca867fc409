package terraform

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"

	"github.com/hashicorp/go-version"
)

// BinaryVariable names the environment variable that chooses the binary.
const BinaryVariable = "LOCKSTEP_TERRAFORM"

// ErrNoBinary is wrapped by the error of FindBinary when there is none, or
// none of the required version.
var ErrNoBinary = errors.New("no usable terraform or tofu")

// FindBinary returns the Terraform or OpenTofu to use and the reason for the
// choice: what LOCKSTEP_TERRAFORM names, else terraform, else tofu on PATH.
// required holds version constraints such as ">= 1.5" by engine, "terraform"
// or "tofu"; an engine without one may have any version.
func FindBinary(required map[string]string) (path, why string, err error) {
	path, why, err = locate()
	if err != nil {
		return "", "", err
	}
	e, err := identify(context.Background(), path)
	if err != nil {
		return "", "", err
	}
	wanted := required[e.name]
	if wanted == "" {
		return path, fmt.Sprintf("%s %s, %s", e.name, e.version, why), nil
	}
	constraint, err := version.NewConstraint(wanted)
	if err != nil {
		return "", "", fmt.Errorf("required_tools: %s = %q is not a version constraint; expected one like \">= 1.5\"", e.name, wanted)
	}
	v, err := version.NewVersion(e.version)
	if err != nil {
		return "", "", fmt.Errorf("%s reports version %q: %w", path, e.version, err)
	}
	if !constraint.Check(v.Core()) {
		return "", "", fmt.Errorf("%w: %s (%s) is %s %s and the project requires %s; install one that fits or name it in %s",
			ErrNoBinary, path, why, e.name, e.version, wanted, BinaryVariable)
	}
	return path, fmt.Sprintf("%s %s, %s", e.name, e.version, why), nil
}

func locate() (path, why string, err error) {
	if named := os.Getenv(BinaryVariable); named != "" {
		path, err := exec.LookPath(named)
		if err != nil {
			return "", "", fmt.Errorf("%w: %s=%s cannot be run: %w", ErrNoBinary, BinaryVariable, named, err)
		}
		return path, "named by " + BinaryVariable, nil
	}
	for _, name := range []string{"terraform", "tofu"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, name + " found on PATH", nil
		}
	}
	return "", "", fmt.Errorf("%w: neither terraform nor tofu is on PATH; install Terraform (https://developer.hashicorp.com/terraform/install) or OpenTofu (https://opentofu.org/docs/intro/install), or set %s to its path",
		ErrNoBinary, BinaryVariable)
}

// engine is which program a binary is.
type engine struct {
	name    string // "terraform" or "tofu"
	version string
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
	e := engine{name: "terraform", version: string(found[2])}
	if string(found[1]) == "OpenTofu" {
		e.name = "tofu"
	}
	return e, nil
}

func tell(ctx context.Context, path string, arguments ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, path, arguments...)
	cmd.Dir = os.TempDir()
	cmd.Env = environment(os.Environ(), nil, os.DevNull)
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("run %s %s: %w", path, arguments[0], err)
	}
	return out, nil
}
