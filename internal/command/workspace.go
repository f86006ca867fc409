package command

import (
	"fmt"
	"os"
	"os/user"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/diag"
	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/version"
)

// workspace is the project in the current folder.
type workspace struct {
	project  *config.Project
	settings config.LockstepSettings
	journal  *journal.Store // once it is open
}

// openWorkspace reads the project. Everything wrong with it is reported at once.
func openWorkspace() (*workspace, error) {
	project, ds := config.Load(os.DirFS("."))
	if ds.HasErrors() {
		return nil, diagnose(project, append(ds, project.Validate()...))
	}
	if ds := append(project.CheckTools(version.Number), checkDrivers(project)...); ds.HasErrors() {
		return nil, diagnose(project, ds)
	}
	return &workspace{project: project, settings: project.Settings()}, nil
}

// diagnose wraps diagnostics with the sources that their snippets come from.
func diagnose(project *config.Project, ds diag.Diagnostics) error {
	ds.Sort()
	return &diagnosticsError{diagnostics: ds, source: sourceOf(project)}
}

func sourceOf(project *config.Project) func(string) []byte {
	return func(file string) []byte {
		if project != nil {
			for _, f := range project.Sources() {
				if f.Path == file {
					return f.Bytes
				}
			}
		}
		if content, err := os.ReadFile(file); err == nil {
			return content
		}
		return nil
	}
}

// environment finds a declared environment, or says which there are.
func (w *workspace) environment(name string) (config.Environment, error) {
	all := w.project.Environments()
	names := make([]string, 0, len(all))
	for _, e := range all {
		if e.Name == name {
			return e, nil
		}
		names = append(names, e.Name)
	}
	if name == "" {
		if len(all) == 1 {
			return all[0], nil
		}
		return config.Environment{}, usageError("which environment? Give --env: %s", strings.Join(names, ", "))
	}
	return config.Environment{}, undeclared("environment", name, names)
}

// changeSet finds a declared change set, or says which there are.
func (w *workspace) changeSet(name string) (config.ChangeSetHead, error) {
	all := w.project.ChangeSets()
	names := make([]string, 0, len(all))
	for _, c := range all {
		if c.Name == name {
			return c, nil
		}
		names = append(names, c.Name)
	}
	return config.ChangeSetHead{}, undeclared("change set", name, names)
}

func undeclared(what, name string, declared []string) error {
	return usageError("%s %q is not declared. Declared: %s%s", what, name,
		strings.Join(declared, ", "), config.DidYouMean(name, declared))
}

// onlyChangeSet returns the named change set, or the only one there is.
func (w *workspace) onlyChangeSet(args []string) (config.ChangeSetHead, error) {
	if len(args) == 1 {
		return w.changeSet(args[0])
	}
	all := w.project.ChangeSets()
	if len(all) == 1 {
		return all[0], nil
	}
	names := make([]string, 0, len(all))
	for _, c := range all {
		names = append(names, c.Name)
	}
	return config.ChangeSetHead{}, usageError("which change set? Declared: %s", strings.Join(names, ", "))
}

// store opens the journal once.
func (w *workspace) store() (*journal.Store, error) {
	if w.journal != nil {
		return w.journal, nil
	}
	store, err := journal.OpenStore(w.settings.JournalPath)
	if err == nil {
		w.journal = store
	}
	return store, err
}

// share uses the journal that another workspace of the same folder has open.
func (w *workspace) share(other *workspace) {
	if other != nil && other.settings.JournalPath == w.settings.JournalPath {
		w.journal = other.journal
	}
}

// runs returns every run of the journal, oldest first.
func (w *workspace) runs() ([]journal.Run, error) {
	store, err := w.store()
	if err != nil {
		return nil, failed(err)
	}
	return readRuns(store)
}

// runsAhead reads the journal while the caller does something else. The
// result is asked for once the caller is done with that.
func (w *workspace) runsAhead() func() ([]journal.Run, error) {
	var runs []journal.Run
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		runs, err = w.runs()
	}()
	return func() ([]journal.Run, error) {
		<-done
		return runs, err
	}
}

func readRuns(store *journal.Store) ([]journal.Run, error) {
	runs, err := store.ReadAll()
	if err != nil {
		return nil, failed(err)
	}
	return runs, nil
}

// actor is who runs this: the login name on this host.
func actor() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return fmt.Sprintf("uid %d", os.Getuid())
}
