package contestant

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/bench/process"
)

// peer is a tool before it is installed.
type peer struct {
	name, version string
	install       installer
	tool          func(program string) Tool
}

// installer puts a pinned version of a program into a folder of its own.
type installer interface {
	// program is where the program is once it is installed; a pattern.
	program() string
	install(ctx context.Context, folder string) error
}

// Missing is a tool that is not measured, and why.
type Missing struct {
	Name, Reason string
}

// Install finds the peers in a folder, or installs them there, and says on
// progress what it installs.
func Install(ctx context.Context, folder string, progress func(string)) ([]Tool, []Missing) {
	return install(ctx, peers(), folder, progress)
}

// Linters is Install for tools that judge SQL without a server.
func Linters(ctx context.Context, folder string, progress func(string)) ([]Tool, []Missing) {
	return install(ctx, linters(), folder, progress)
}

func install(ctx context.Context, list []peer, folder string, progress func(string)) ([]Tool, []Missing) {
	var tools []Tool
	var missing []Missing
	for _, p := range list {
		program, err := p.find(ctx, filepath.Join(folder, p.name+"-"+p.version), progress)
		if err != nil {
			missing = append(missing, Missing{p.name + " " + p.version, err.Error()})
			continue
		}
		t := p.tool(program)
		t.Name, t.Version = p.name, p.version
		tools = append(tools, t)
	}
	return tools, missing
}

func (p peer) find(ctx context.Context, folder string, progress func(string)) (string, error) {
	if program, ok := installed(folder, p.install.program()); ok {
		return program, nil
	}
	if n, ok := p.install.(nowhere); ok {
		return "", errors.New(n.reason)
	}
	progress(fmt.Sprintf("installing %s %s into %s", p.name, p.version, folder))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	if err := p.install.install(ctx, folder); err != nil {
		return "", err
	}
	program, ok := installed(folder, p.install.program())
	if !ok {
		return "", fmt.Errorf("it was installed into %s, and %s is not there", folder, p.install.program())
	}
	return program, nil
}

func installed(folder, pattern string) (string, bool) {
	found, err := filepath.Glob(filepath.Join(folder, pattern))
	if err != nil || len(found) != 1 {
		return "", false
	}
	return found[0], true
}

// goModule is a program of a Go module, built with tags. Its version and the
// checksums of its own go.mod pin everything in it.
type goModule struct{ pkg, tags, binary string }

func (m goModule) program() string { return m.binary }

func (m goModule) install(ctx context.Context, folder string) error {
	cmd := exec.CommandContext(ctx, "go", "install", "-trimpath", "-tags", m.tags, m.pkg)
	cmd.Env = append(os.Environ(), "GOBIN="+folder, "GOFLAGS=", "CGO_ENABLED=0")
	return quiet(cmd)
}

// npmPackage is a package that holds the program itself, for each system.
type npmPackage struct{ name, binary string }

func (p npmPackage) program() string { return p.binary }

func (p npmPackage) install(ctx context.Context, folder string) error {
	if _, err := exec.LookPath("npm"); err != nil {
		return fmt.Errorf("npm is needed to install %s, and it is not on PATH", p.name)
	}
	return quiet(exec.CommandContext(ctx, "npm", "install", "--silent", "--no-fund", "--no-audit", "--ignore-scripts", "--prefix", folder, p.name))
}

// nowhere is a program that cannot be had.
type nowhere struct{ reason string }

func (nowhere) program() string { return "nowhere" }

func (n nowhere) install(context.Context, string) error { return errors.New(n.reason) }

// quiet runs a command whose output matters only when it fails.
func quiet(cmd *exec.Cmd) error {
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	last := process.Usage{Output: string(out)}.LastLine()
	return fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args[:2], " "), err, last)
}
