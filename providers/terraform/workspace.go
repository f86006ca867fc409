package terraform

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	defaultWorkspace = "default"
	// workspacesFolder holds what belongs to the named workspaces of a module,
	// and Terraform's local backend keeps their states there.
	workspacesFolder = "workspaces"
	// workspaceVariable chooses the workspace of every command but init, which
	// refuses the name of one that is not there yet, and workspace itself.
	workspaceVariable = "TF_WORKSPACE="
)

// workspaceFolder is where a workspace's files lie below those of its module;
// the default one's lie beside them.
func workspaceFolder(workspace string) string {
	if workspace == "" || workspace == defaultWorkspace {
		return ""
	}
	return filepath.Join(workspacesFolder, workspace)
}

// folderOfWorkspace follows from what is written alone, because the backend is
// not known before the sources are: an environment's own workspace on a shared
// backend needs no folder, for the environment has one.
func (s settings) folderOfWorkspace() string {
	if s.Workspace == nil {
		return ""
	}
	return workspaceFolder(*s.Workspace)
}

// workspaceOf is the workspace as written, else the environment's name on a
// shared backend; local state has a folder for each environment already.
func workspaceOf(s settings, c configuration, environment string) string {
	switch {
	case s.Workspace != nil && *s.Workspace != "":
		return *s.Workspace
	case c.local():
		return defaultWorkspace
	}
	return environment
}

// checkWorkspace refuses a named workspace where the backend has none.
func (m *module) checkWorkspace() error {
	if m.config.backend != httpBackend || m.workspace == defaultWorkspace {
		return nil
	}
	return fmt.Errorf("workspace %q: the http backend has no workspaces, only %q; write workspace = %q and give each environment an address of its own in backend_config",
		m.workspace, defaultWorkspace, defaultWorkspace)
}

// httpBackend keeps one state at an address
// (https://developer.hashicorp.com/terraform/language/backend/http).
const httpBackend = "http"

// enter makes a workspace of a shared backend that is not there yet, with an
// empty state in it: a saved plan is bound to a state. Local ones need none;
// their first apply makes them.
func (m *module) enter(ctx context.Context) error {
	if m.config.local() || m.workspace == defaultWorkspace {
		return nil
	}
	there, err := m.workspaceIsThere(ctx)
	if err != nil || there {
		return err
	}
	_, refused := m.outside().run(ctx, "workspace", "new", "-no-color", m.lockWait(), m.workspace)
	if refused == nil {
		m.created = true
		return m.deselect()
	}
	// Somebody else may have made it just now.
	if there, err := m.workspaceIsThere(ctx); err != nil || there {
		return err
	}
	return fmt.Errorf("create the workspace %q: %w", m.workspace, m.lockHeld(ctx, refused))
}

func (m *module) workspaceIsThere(ctx context.Context) (bool, error) {
	text, err := m.outside().run(ctx, "workspace", "list", "-no-color")
	if err != nil {
		return false, err
	}
	for line := range strings.Lines(string(text)) {
		if strings.TrimSpace(strings.TrimPrefix(line, "*")) == m.workspace {
			return true, nil
		}
	}
	return false, nil
}

// outside runs commands in no workspace.
func (m *module) outside() *program {
	p := *m.program
	p.environment = slices.DeleteFunc(slices.Clone(p.environment), func(entry string) bool {
		return strings.HasPrefix(entry, workspaceVariable)
	})
	return &p
}

// deselect undoes the choice that Terraform keeps in its folder: the variable
// chooses, and a workspace that is deleted later must not stop an init.
func (m *module) deselect() error {
	err := os.Remove(filepath.Join(m.root(), ".terraform", "environment"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("terraform working folder: %w", err)
	}
	return nil
}
