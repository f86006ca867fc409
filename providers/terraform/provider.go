package terraform

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/lockstep-dev/lockstep/internal/seal"
	"github.com/lockstep-dev/lockstep/internal/tfpolicy"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// ErrStale is wrapped by the error of an Apply whose state is no longer the
// one that was planned. Nothing was changed.
var ErrStale = errors.New("the saved plan is stale")

// Options say where things are. Relative paths are relative to Root.
type Options struct {
	// Binary is the path of terraform or tofu (see FindBinary).
	Binary string
	// Root is the project folder. Observe reads sources from it; no other
	// verb does.
	Root string
	// StateDir holds local state, copies of it and releases; it must be kept.
	StateDir string
	// WorkDir holds working directories; it may be deleted between runs.
	WorkDir string
	// ShimCommand is the argument list that runs shim.Main in a new process.
	ShimCommand []string
	// PluginMirror is the only place from which providers are installed: the
	// absolute path of a folder or an https address (see FindMirror). Empty for
	// the registries. The user's own CLI configuration is never read.
	PluginMirror string
	// Hide hears of every sensitive text as soon as it is known, before any
	// error or progress that may repeat it; nil for nobody. It must be safe for
	// concurrent use.
	Hide func(texts ...string)
	// LockWait bounds how long Terraform waits for the lock of a state; 0 for
	// half a minute.
	LockWait time.Duration
	// Policy says what the sources may do while a plan is made.
	Policy tfpolicy.Policy
	// Keys seal what is kept of states, releases and outputs; nil for nobody.
	Keys *seal.Keys
	// Home is the home folder that Terraform sees; empty for a folder without
	// files. A home holds credentials, and ~/.terraform.d/plugins, whose
	// programs Terraform would run.
	Home string
	// Environment names further variables that Terraform may see; a name
	// that ends in an underscore stands for all that begin with it.
	Environment []string
}

// Provider carries out terraform steps. It is safe for concurrent use; work on
// one module of one environment is serialised, also between processes.
type Provider struct {
	options  Options
	identify func() (engine, error)
}

var _ providers.Provider = (*Provider)(nil)

// New returns a provider. It runs nothing and creates nothing.
func New(o Options) (*Provider, error) {
	if o.Binary == "" || o.Root == "" || o.StateDir == "" || o.WorkDir == "" || len(o.ShimCommand) == 0 {
		return nil, errors.New("terraform provider: Binary, Root, StateDir, WorkDir and ShimCommand are required")
	}
	root, err := filepath.Abs(o.Root)
	if err != nil {
		return nil, fmt.Errorf("terraform provider: %w", err)
	}
	if root, err = filepath.EvalSymlinks(root); err != nil {
		return nil, fmt.Errorf("terraform provider: project folder: %w", err)
	}
	o.Root = root
	if o.LockWait <= 0 {
		o.LockWait = defaultLockWait
	}
	for _, path := range []*string{&o.StateDir, &o.WorkDir} {
		if !filepath.IsAbs(*path) {
			*path = filepath.Join(root, *path)
		}
	}
	return &Provider{options: o, identify: sync.OnceValues(func() (engine, error) {
		return identifyOnce(context.Background(), o.Binary)
	})}, nil
}

// Rerun implements providers.Provider: Terraform is never run again blindly.
func (p *Provider) Rerun(plans.Action) providers.Rerun { return providers.RerunVerify }
