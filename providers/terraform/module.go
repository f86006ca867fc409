package terraform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/tfchange"
	"github.com/lockstep-dev/lockstep/plans"
)

const (
	overrideFile = "lockstep_override.tf.json"
	lockFile     = ".terraform.lock.hcl"
	erroredFile  = "errored.tfstate"
	localBackend = "local"
)

// module is one occupied working directory with sources, inputs and backend
// in place, ready to run Terraform in.
type module struct {
	provider *Provider
	place    *place
	settings settings
	config   configuration
	engine   engine

	folder    string // of the root module, relative to the project
	workspace string
	created   bool // the workspace was not there and has been made now
	sources   []plans.Input
	secrets   *secrets
	program   *program
	reused    bool // an earlier init holds: none is needed
	hides     bool // what configures the backend is secret, or nobody knows
}

// contents are a configuration's files and where to get them.
type contents struct {
	sources []plans.Input
	blob    func(plans.Digest) ([]byte, error)
	notes   []plans.TerraformNote
	shown   json.RawMessage // the settings as the plan shows them, for what it masks; nil before there is a plan
	planned bool            // a plan was made from them, in a workspace that was there
}

// fromProject reads a configuration from the working tree, and refuses what
// a plan of it may not do.
func (p *Provider) fromProject(source string) (contents, error) {
	files, err := readSources(p.options.Root, source)
	if err != nil {
		return contents{}, err
	}
	sources, blobs := asInputs(files)
	c := contents{sources: sources, blob: func(d plans.Digest) ([]byte, error) { return blobs[d], nil }}
	c.notes, err = p.permitted(source, files)
	return c, err
}

// prepare fills an occupied place and initialises Terraform there.
func (p *Provider) prepare(ctx context.Context, pl *place, s settings, c contents) (*module, error) {
	e, err := p.identify()
	if err != nil {
		return nil, err
	}
	m := &module{
		provider: p, place: pl, settings: s, engine: e,
		folder: s.folder(), sources: c.sources,
	}
	if err := m.lay(c); err != nil {
		return nil, err
	}
	if err := m.configure(c.shown); err != nil {
		return nil, err
	}
	if !m.reused {
		return m, m.init(ctx)
	}
	if c.planned {
		return m, nil
	}
	return m, m.enter(ctx)
}

// root is the folder in which Terraform runs.
func (m *module) root() string {
	return filepath.Join(m.place.tree(), filepath.FromSlash(m.folder))
}

func (m *module) savedPlanPath() string { return filepath.Join(m.place.work, "plan") }
func (m *module) inputsPath() string    { return filepath.Join(m.place.work, "inputs.tfvars.json") }

// lay puts exactly the given sources into the tree. What an init left is kept
// where the next one would leave the same, else its provider programs alone;
// the lock file's hashes check them.
func (m *module) lay(c contents) error {
	data := filepath.Join(m.root(), dataFolder)
	if err := m.rescue(); err != nil {
		return err
	}
	if err := m.rest(); err != nil {
		return err
	}
	steps := []func() error{
		func() error { return moveIfThere(data, m.aside()) },
		func() error { return os.RemoveAll(m.place.tree()) },
		func() error { return os.MkdirAll(m.root(), 0o700) },
		func() error { return m.bringBack(data) },
		func() error { return restore(m.place.tree(), c.sources, c.blob) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("prepare terraform's folder: %w", err)
		}
	}
	return nil
}

// bringBack puts into the data folder what may stay there of an earlier one.
func (m *module) bringBack(data string) error {
	if m.reused = m.reusable(m.aside()); m.reused {
		return moveIfThere(m.aside(), data)
	}
	kept := filepath.Join(m.place.work, keptProviders)
	steps := []func() error{
		m.forgetInit,
		func() error { return os.Mkdir(data, 0o700) },
		func() error { return moveUnlessThere(filepath.Join(m.aside(), keptProviders), kept) },
		func() error { return os.RemoveAll(m.aside()) },
		func() error { return moveIfThere(kept, filepath.Join(data, keptProviders)) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// keptProviders is where installed programs are while sources are laid anew.
const keptProviders = "providers"

// moveUnlessThere leaves alone what waits there already.
func moveUnlessThere(from, to string) error {
	if _, err := os.Lstat(to); err == nil {
		return nil
	}
	return moveIfThere(from, to)
}

func moveIfThere(from, to string) error {
	if _, err := os.Lstat(from); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	return os.Rename(from, to)
}

// configure reads what was laid, checks the inputs against it, and writes the
// backend and the inputs.
func (m *module) configure(shown json.RawMessage) error {
	files := map[string][]byte{}
	for _, in := range m.sources {
		if isConfiguration(in.Path) {
			b, err := os.ReadFile(filepath.Join(m.place.tree(), filepath.FromSlash(in.Path)))
			if err != nil {
				return fmt.Errorf("terraform sources: %w", err)
			}
			files[in.Path] = b
		}
	}
	config, err := readConfiguration(m.folder, files)
	if err != nil {
		return err
	}
	if m.place.detached {
		config.backend = ""
	}
	m.config = config
	m.secrets, m.hides = m.collectSecrets(config, shown), m.hidesBackend(shown)
	m.secrets.addDefaults(files)
	if err := m.learnValueFiles(); err != nil {
		return err
	}
	m.workspace = workspaceOf(m.settings, config, m.place.environment)
	if err := m.checkWorkspace(); err != nil {
		return err
	}
	if err := m.checkInputs(); err != nil {
		return err
	}
	if err := m.learnLocal(); err != nil {
		return err
	}
	home, err := m.home()
	if err != nil {
		return err
	}
	cliConfig, err := m.writeCLIConfig()
	if err != nil {
		return err
	}
	m.program = &program{
		binary: m.provider.options.Binary, directory: m.root(), lock: m.place.lock, secrets: m.secrets,
		environment: append(environment(os.Environ(), m.provider.options.Environment, home, cliConfig),
			workspaceVariable+m.workspace),
	}
	if err := m.writeInputs(); err != nil {
		return err
	}
	return m.writeBackend()
}

// local reports whether Lockstep keeps the state.
func (c configuration) local() bool { return c.backend == "" || c.backend == localBackend }

func (m *module) checkInputs() error {
	for _, name := range slices.Sorted(maps.Keys(m.settings.Inputs)) {
		if !m.config.variables[name] {
			declared := strings.Join(slices.Sorted(maps.Keys(m.config.variables)), ", ")
			if declared == "" {
				declared = "none"
			}
			return fmt.Errorf("input %q is not a variable of the module %s; it declares: %s", name, m.folder, declared)
		}
	}
	if m.config.local() && len(m.settings.BackendConfig) > 0 {
		return fmt.Errorf("backend_config needs a backend block in the module %s; without one Lockstep keeps the state itself", m.folder)
	}
	return nil
}

func (m *module) writeInputs() error {
	b, err := json.Marshal(m.settings.Inputs)
	if err != nil {
		return errors.New("terraform inputs cannot be written as JSON")
	}
	if m.settings.Inputs == nil {
		b = []byte("{}")
	}
	if err := os.WriteFile(m.inputsPath(), b, 0o600); err != nil {
		return fmt.Errorf("write terraform inputs: %w", err)
	}
	return nil
}

// forgetInputs removes files that hold secrets and are not needed any more.
func (m *module) forgetInputs() {
	_ = os.Remove(m.inputsPath())
	_ = os.Remove(m.backendPath())
	_ = os.Remove(m.savedPlanPath())
	if !m.config.local() && len(m.settings.BackendConfig) > 0 && m.hides {
		_ = os.Remove(m.initializedPath())
	}
}

// initializedPath is where init keeps the settings of the backend, passwords
// among them. Without it the next step begins with an init of its own, and so
// does a person who types a command there.
func (m *module) initializedPath() string {
	return filepath.Join(m.root(), ".terraform", "terraform.tfstate")
}

func (m *module) backendPath() string { return filepath.Join(m.place.work, "backend.tfvars.json") }

// writeBackend points the local backend at the kept state, by a path relative
// to the module: a saved plan then never leads into another checkout.
func (m *module) writeBackend() error {
	if !m.config.local() {
		b, err := json.Marshal(m.settings.BackendConfig)
		if err != nil {
			return errors.New("backend_config cannot be written as JSON")
		}
		return os.WriteFile(m.backendPath(), b, 0o600)
	}
	relative, err := filepath.Rel(m.root(), m.place.module)
	if err != nil {
		return fmt.Errorf("terraform state folder: %w", err)
	}
	b, err := json.MarshalIndent(map[string]any{"terraform": map[string]any{"backend": map[string]any{
		localBackend: map[string]string{
			"path":          filepath.Join(relative, "terraform.tfstate"),
			"workspace_dir": filepath.Join(relative, workspacesFolder),
		},
	}}}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(m.root(), overrideFile), b, 0o600)
}

func (m *module) init(ctx context.Context) error {
	if err := m.setTornAside(); err != nil {
		return err
	}
	arguments := []string{"init", "-input=false", "-no-color", "-reconfigure"}
	if !m.config.local() && len(m.settings.BackendConfig) > 0 {
		// Relative, because Terraform takes a path with "=" in it for a setting.
		file, err := filepath.Rel(m.root(), m.backendPath())
		if err != nil {
			return fmt.Errorf("terraform working folder: %w", err)
		}
		arguments = append(arguments, "-backend-config="+file)
	}
	if slices.ContainsFunc(m.sources, func(in plans.Input) bool { return in.Path == m.lockPath() }) {
		arguments = append(arguments, "-lockfile=readonly")
	}
	if _, err := m.outside().run(ctx, arguments...); err != nil {
		return err
	}
	if err := m.enter(ctx); err != nil {
		return err
	}
	m.noteInit()
	return nil
}

func (m *module) lockPath() string {
	return filepath.ToSlash(filepath.Join(m.folder, lockFile))
}

// readState reads the state as it is stored now.
func (m *module) readState(ctx context.Context) ([]byte, *stateFile, error) {
	var b []byte
	var err error
	if m.config.local() {
		b, err = os.ReadFile(m.place.localState(m.workspace))
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	} else {
		b, err = m.program.run(ctx, "state", "pull")
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read terraform state: %w", err)
	}
	m.secrets.addState(b)
	s, err := readState(b)
	return b, s, err
}

// plan makes a plan and saves it at savedPlanPath.
func (m *module) plan(ctx context.Context, options ...string) (*tfchange.Plan, error) {
	return m.planTo(ctx, m.savedPlanPath(), options...)
}

// planTo makes a plan and saves it at a path.
func (m *module) planTo(ctx context.Context, path string, options ...string) (*tfchange.Plan, error) {
	arguments := append([]string{
		"plan", "-input=false", "-no-color", "-detailed-exitcode", m.lockWait(),
		"-out=" + path, "-var-file=" + m.inputsPath(),
	}, options...)
	const changed = 2
	if _, err := m.program.run(ctx, arguments...); err != nil && !exitedWith(err, changed) {
		return nil, m.scrubbed(ctx, m.lockHeld(ctx, err))
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, fmt.Errorf("terraform plan: %w", err)
	}
	if limited(options) {
		return m.showAs(ctx, path, (*tfchange.Plan).UsableInPart)
	}
	return m.show(ctx, path)
}

// show decodes a saved plan and refuses one that must not be applied.
func (m *module) show(ctx context.Context, path string) (*tfchange.Plan, error) {
	return m.showAs(ctx, path, (*tfchange.Plan).Usable)
}

// showAs decodes a saved plan and refuses one that is not usable.
func (m *module) showAs(ctx context.Context, path string, usable func(*tfchange.Plan) error) (*tfchange.Plan, error) {
	document, err := m.program.run(ctx, "show", "-json", "-no-color", path)
	if err != nil {
		return nil, err
	}
	if err := m.secrets.addPlan(document); err != nil {
		return nil, err
	}
	p, err := tfchange.Decode(document)
	if err != nil {
		return nil, err
	}
	if err := m.checkMaker(p); err != nil {
		return nil, err
	}
	return p, usable(p)
}
