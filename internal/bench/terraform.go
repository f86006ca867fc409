package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/bench/process"
	"github.com/lockstep-dev/lockstep/internal/trialprovider"
)

// terraformPart measures each engine that is there.
func terraformPart(ctx context.Context, l *lab) error {
	mirror, err := trialprovider.Build(ctx)
	if err != nil {
		return fmt.Errorf("build the provider: %w", err)
	}
	for _, name := range engines() {
		path, err := exec.LookPath(name)
		if err != nil {
			fmt.Fprintf(l.out, "- not measured: %s: %v\n\n", name, err)
			continue
		}
		if path, err = filepath.Abs(path); err != nil {
			return err
		}
		dir, err := os.MkdirTemp(l.dir, "terraform-")
		if err != nil {
			return err
		}
		if err := measureEngine(ctx, l, stand{lab: l, dir: dir, mirror: mirror}, path); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

func measureEngine(ctx context.Context, l *lab, s stand, path string) (err error) {
	if s.meter, err = newMeter(ctx, filepath.Join(s.dir, "meter"), path); err != nil {
		return err
	}
	if err := s.configure(); err != nil {
		return err
	}
	fmt.Fprintf(l.out, "### %s\n\n", s.meter.version)
	for _, kind := range []moduleKind{withProvider, withoutProvider} {
		if err := s.overhead(ctx, kind); err != nil {
			return err
		}
	}
	if err := s.fleet(ctx, ""); err != nil {
		return err
	}
	return s.fleet(ctx, "1s")
}

// The variables by which Lockstep's users choose the engine and the place of
// its providers.
const (
	binaryVariable = "LOCKSTEP_TERRAFORM"
	tofuVariable   = "LOCKSTEP_TOFU"
	mirrorVariable = "LOCKSTEP_PLUGIN_MIRROR"
)

// engines are the Terraform that is used elsewhere, and OpenTofu: as named,
// else where "make tools" puts it.
func engines() []string {
	name, tofu := os.Getenv(binaryVariable), os.Getenv(tofuVariable)
	if name == "" {
		name = "terraform"
	}
	if tofu == "" {
		tofu = filepath.Join(".tools", "bin", "tofu")
	}
	return []string{name, tofu}
}

// stand is where modules are planned and applied, by hand and by Lockstep.
type stand struct {
	*lab
	dir    string
	mirror string
	meter  *meter
}

func (s stand) cliConfig() string { return filepath.Join(s.dir, "mirror.tfrc") }

func (s stand) configure() error {
	text := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", s.mirror)
	return os.WriteFile(s.cliConfig(), []byte(text), 0o600)
}

// byHand runs the engine's commands in a folder: all that a script does.
func (s stand) byHand(folder, size string) process.Command {
	script := strings.NewReplacer("ENGINE", s.meter.binary(), "SIZE", size).Replace(
		`set -e; ENGINE init -input=false -no-color >/dev/null; ENGINE plan -input=false -no-color -var size=SIZE -out=tfplan >/dev/null; ` +
			`ENGINE show -json tfplan >plan.json; ENGINE apply -input=false -no-color tfplan >/dev/null`)
	return process.Command{Args: []string{"sh", "-c", script}, Dir: folder, Env: s.environment()}
}

func (s stand) environment() []string {
	return []string{
		"TF_CLI_CONFIG_FILE=" + s.cliConfig(), "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1",
		"XDG_CACHE_HOME=" + filepath.Join(s.dir, "cache"), binaryVariable + "=" + s.meter.binary(), tofuVariable + "=", mirrorVariable + "=" + s.mirror,
	}
}

func (s stand) byLockstep(folder string, args ...string) process.Command {
	return process.Command{Args: append([]string{s.program}, args...), Dir: folder, Env: s.environment()}
}

// moduleKind is what a module consists of.
type moduleKind string

const (
	withProvider    moduleKind = "one object of a provider's"
	withoutProvider moduleKind = "one terraform_data, no provider"
)

// module writes a module that makes one object.
func (s stand) module(dir string, kind moduleKind, delay string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	text := `variable "size" { default = "small" }
resource "terraform_data" "one" { input = var.size }
output "id" { value = terraform_data.one.id }
`
	if kind == withProvider {
		faults := ""
		if delay != "" {
			faults = fmt.Sprintf("\n  faults = [{ verb = \"create\", delay = %q }]", delay)
		}
		cloud := dir + ".cloud"
		if err := os.MkdirAll(filepath.Join(cloud, "objects"), 0o700); err != nil {
			return err
		}
		text = fmt.Sprintf(`terraform {
  required_providers {
    trial = { source = %q }
  }
}
variable "size" { default = "small" }
provider "trial" { cloud = %q }
resource "trial_object" "one" {
  name = "one"
  size = var.size%s
}
output "id" { value = trial_object.one.id }
`, trialprovider.Source, cloud, faults)
	}
	return os.WriteFile(filepath.Join(dir, "main.tf"), []byte(text), 0o600)
}

// check makes sure that a command did what it is measured for.
func check(usage process.Usage, err error) (process.Usage, error) {
	if err == nil && usage.Exit != 0 {
		err = fmt.Errorf("exit code %d: %s", usage.Exit, usage.LastLines(6))
	}
	return usage, err
}
