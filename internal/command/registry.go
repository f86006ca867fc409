package command

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/internal/seal"
	"github.com/lockstep-dev/lockstep/internal/tfpolicy"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/artifact"
	"github.com/lockstep-dev/lockstep/providers/artifact/directory"
	"github.com/lockstep-dev/lockstep/providers/artifact/exec"
	"github.com/lockstep-dev/lockstep/providers/database/mysql"
	"github.com/lockstep-dev/lockstep/providers/database/other"
	"github.com/lockstep-dev/lockstep/providers/database/postgres"
	"github.com/lockstep-dev/lockstep/providers/database/sqlite"
	"github.com/lockstep-dev/lockstep/providers/terraform"
)

// registry makes each provider on first use: a project without Terraform never
// looks for its binary.
type registry struct {
	self      string
	mask      *redact.Values
	keys      func() (*seal.Keys, error)
	settings  registrySettings
	mu        sync.Mutex
	providers map[string]providers.Provider
}

type registrySettings struct {
	folder string            // the working folder, usually ".lockstep"
	tools  map[string]string // required versions
	mirror string            // of Terraform's providers, as the project names it
	policy config.TerraformPolicy
}

func newRegistry(a *app, w *workspace) *registry {
	return &registry{
		self:      a.host.Self,
		mask:      a.mask,
		keys:      func() (*seal.Keys, error) { return a.keysOf(w.settings.Encryption) },
		settings:  registrySettings{folder: w.settings.JournalPath, tools: w.settings.RequiredTools, mirror: w.settings.PluginMirror, policy: w.settings.TerraformPolicy},
		providers: map[string]providers.Provider{},
	}
}

// provider returns the provider of a step or a block.
func (r *registry) provider(name string) (providers.Provider, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p, ok := r.providers[name]; ok {
		return p, nil
	}
	p, err := r.make(name)
	if err != nil {
		return nil, err
	}
	p = overheard{Provider: p, mask: r.mask}
	r.providers[name] = p
	return p, nil
}

func (r *registry) make(name string) (providers.Provider, error) {
	switch name {
	case "terraform":
		return r.makeTerraform()
	case "database/postgres":
		return postgres.New(), nil
	case "database/sqlite":
		return sqlite.New("."), nil
	case "database/mysql":
		return mysql.New(), nil
	case "artifact/file":
		return artifact.NewFile(r.artifacts()), nil
	case "artifact/http":
		return artifact.NewHTTP(r.artifacts()), nil
	case "deployment/directory":
		return directory.New(directory.Options{Root: "."}), nil
	case "deployment/exec":
		return exec.New(exec.Options{Root: "."}), nil
	default:
		if driver, ok := strings.CutPrefix(name, "database/"); ok && slices.Contains(other.Linked(), driver) {
			return other.New(driver), nil
		}
		return nil, fmt.Errorf("there is no provider %q in this version", name)
	}
}

func (r *registry) artifacts() artifact.Options {
	return artifact.Options{Root: ".", Store: filepath.Join(r.settings.folder, "artifacts")}
}

func (r *registry) makeTerraform() (providers.Provider, error) {
	keys, err := r.keys()
	if err != nil {
		return nil, err
	}
	binary, _, err := terraform.FindBinary(r.settings.tools)
	if err != nil {
		return nil, err
	}
	mirror, _, err := terraform.FindMirror(".", r.settings.mirror)
	if err != nil {
		return nil, err
	}
	return terraform.New(terraform.Options{
		Binary:       binary,
		Root:         ".",
		StateDir:     filepath.Join(r.settings.folder, "state"),
		WorkDir:      filepath.Join(r.settings.folder, "work"),
		ShimCommand:  []string{r.self, shimVerb},
		PluginMirror: mirror,
		Hide:         r.mask.Learn,
		Keys:         keys,
		Policy:       tfpolicy.Policy{Allow: r.settings.policy.Allow, Providers: r.settings.policy.Providers, Modules: r.settings.policy.Modules},
		Home:         os.Getenv(terraform.HomeVariable),
	})
}

// querier runs the queries of SQL checks on whichever database they name.
func (r *registry) querier() databaseQuerier { return databaseQuerier{} }

type databaseQuerier struct{}

// Query implements gate.Querier.
func (databaseQuerier) Query(ctx context.Context, driver, url, query string) ([]map[string]any, error) {
	switch driver {
	case "sqlite":
		return sqlite.New(".").Query(ctx, url, query)
	case "mysql":
		return mysql.Query(ctx, url, query)
	case "postgres":
		return postgres.Query(ctx, url, query)
	default:
		return nil, fmt.Errorf("query: driver %q cannot read rows; expected a database with driver postgres, sqlite or mysql", driver)
	}
}
