package trialprovider

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

// Source is the provider's address in a configuration; Terraform and OpenTofu
// each add their own registry's host.
const Source = "lockstep-dev/trial"

// Versions are those that the mirror offers. All are the same program.
func Versions() []string { return []string{"0.1.0", "0.2.0"} }

func hosts() []string { return []string{"registry.terraform.io", "registry.opentofu.org"} }

// Mirror returns a folder in the layout of a filesystem mirror
// (https://developer.hashicorp.com/terraform/cli/config/config-file) that holds
// the provider. It is built once for each state of its sources and shared by
// all test processes; nobody writes to it.
func Mirror(t testing.TB) string {
	t.Helper()
	mirror, err := Build(t.Context())
	if err != nil {
		t.Fatalf("the trial provider: %v", err)
	}
	return mirror
}

// CLIConfig writes a Terraform CLI configuration that knows the mirror alone,
// for tests that run Terraform themselves, and returns its path.
func CLIConfig(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "trial.tfrc")
	text := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %s\n  }\n}\n", strconv.Quote(Mirror(t)))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Build is Mirror for a program that is no test.
func Build(ctx context.Context) (string, error) {
	root, err := projectRoot()
	if err != nil {
		return "", err
	}
	sources := filepath.Join(root, "testdata", "terraform-provider-trial")
	key, err := keyOf(sources)
	if err != nil {
		return "", err
	}
	all := filepath.Join(root, ".tools", "trial-provider")
	if err := os.MkdirAll(all, 0o755); err != nil {
		return "", err
	}
	lock := flock.New(filepath.Join(all, "lock"))
	if err := lock.Lock(); err != nil {
		return "", err
	}
	defer lock.Close()
	kept := filepath.Join(all, key)
	if _, err := os.Stat(kept); !errors.Is(err, fs.ErrNotExist) {
		return kept, err
	}
	sweep(all)
	unfinished, err := os.MkdirTemp(all, "unfinished-")
	if err != nil {
		return "", err
	}
	if err := lay(ctx, sources, unfinished); err != nil {
		return "", errors.Join(err, os.RemoveAll(unfinished))
	}
	return kept, os.Rename(unfinished, kept)
}

// projectRoot is the folder of go.mod at or above the test's.
func projectRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if filepath.Dir(dir) == dir {
			return "", errors.New("there is no go.mod above the working folder")
		}
		dir = filepath.Dir(dir)
	}
}

// keyOf is a digest of everything that the program follows from.
func keyOf(sources string) (string, error) {
	hash := sha256.New()
	fmt.Fprintln(hash, runtime.Version(), runtime.GOOS, runtime.GOARCH, Versions(), hosts())
	err := filepath.WalkDir(sources, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		fmt.Fprintf(hash, "%s %d\n%s", path[len(sources):], len(b), b)
		return err
	})
	return hex.EncodeToString(hash.Sum(nil)[:8]), err
}

// lay builds the program and puts it where a mirror has it.
func lay(ctx context.Context, sources, mirror string) error {
	program := filepath.Join(mirror, "built")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, ".")
	cmd.Dir = sources
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-mod=readonly -buildvcs=false")
	var text bytes.Buffer
	cmd.Stderr = &text
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go build in %s: %w: %s", sources, err, text.String())
	}
	for _, host := range hosts() {
		for _, version := range Versions() {
			dir := filepath.Join(mirror, host, filepath.FromSlash(Source), version, runtime.GOOS+"_"+runtime.GOARCH)
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return err
			}
			if err := os.Link(program, filepath.Join(dir, "terraform-provider-trial_v"+version)); err != nil {
				return err
			}
		}
	}
	return os.Remove(program)
}

// old is when nobody runs a former build any more.
const old = 24 * time.Hour

func sweep(all string) {
	entries, _ := os.ReadDir(all) // what cannot be read now is swept another day
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && entry.IsDir() && time.Since(info.ModTime()) > old {
			_ = os.RemoveAll(filepath.Join(all, entry.Name()))
		}
	}
}
