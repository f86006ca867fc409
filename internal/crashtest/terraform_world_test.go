package crashtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/trialprovider"
	"github.com/lockstep-dev/lockstep/providers/terraform"
)

// stage is an engine and where it keeps its state.
type stage struct{ engine, backend string }

const (
	onTerraform = "terraform"
	onTofu      = "tofu"

	localState = "local"
	pgState    = "pg"
)

func (s stage) name() string { return s.engine + ", state in " + s.backend }

// cloudWorld is a world whose objects are a trial provider's.
type cloudWorld struct {
	*world

	stage stage
	cloud *trialprovider.Cloud
	tools string // a folder in which the binary is called lockstep
}

// origin is a cloud world in which the first change set was applied.
func (s stage) origin(t *testing.T, binary string) *cloudWorld {
	t.Helper()
	project := t.TempDir()
	s.write(t, project)
	tools := t.TempDir()
	if err := os.Symlink(binary, filepath.Join(tools, "lockstep")); err != nil {
		t.Fatal(err)
	}
	w := &world{binary: binary, server: cluster.Server(t), environment: []string{terraform.MirrorVariable + "=" + trialprovider.Mirror(t)}}
	w.begin(t, project)
	return &cloudWorld{world: w, stage: s, cloud: trialprovider.At(t, filepath.Join(w.dir, "cloud")), tools: tools}
}

// again copies the world, cloud included.
func (w *cloudWorld) again(t *testing.T) *cloudWorld {
	t.Helper()
	c := &cloudWorld{world: w.world.again(t), stage: w.stage, tools: w.tools}
	c.cloud = trialprovider.At(t, filepath.Join(c.dir, "cloud"))
	return c
}

// write lays a project down: "ship" changes c, then makes a, then b, and looks
// each time at what was made; "swap" replaces d.
func (s stage) write(t *testing.T, project string) {
	t.Helper()
	backend, reach := "", ""
	if s.backend == pgState {
		backend, reach = `  backend "pg" {}`+"\n", "    backend_config = { conn_str = var.database_url }\n"
	}
	change := func(name, more, kept string) string {
		return fmt.Sprintf("change_set %q {\n  terraform \"shop\" {\n    source = \"./infra\"\n%s    inputs = { more = %s, kept = %q }\n  }\n}\n", name, reach, more, kept)
	}
	for path, text := range map[string]string{
		"before/project.lockstep.hcl":       fmt.Sprintf(cloudProject, s.engine),
		"before/infra/main.tf":              fmt.Sprintf(cloudModule, trialprovider.Source, trialprovider.Versions()[0], backend),
		"before/changes/first.lockstep.hcl": change("first", "false", "d"),
		"after/changes/ship.lockstep.hcl":   change("ship", "true", "d"),
		"after/changes/swap.lockstep.hcl":   change("swap", "false", "e"),
		"before/cloud/README":               "objects, deleted, faults and log.jsonl\n",
	} {
		path = filepath.Join(project, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

const cloudProject = `lockstep {
  required_tools {
    %s = ">= 1.5"
  }
}
variable "database_url" {
  type      = string
  sensitive = true
  default   = ""
}
environment "dev" {}
`

// cloudModule finds its cloud from where it runs, so that a world can be copied.
const cloudModule = `terraform {
  required_providers {
    trial = {
      source  = %q
      version = %q
    }
  }
%s}
provider "trial" {
  cloud = abspath("${path.root}/../../../../../../cloud")
}
variable "more" { type = bool }
variable "kept" { type = string }
resource "trial_object" "d" { name = var.kept }
resource "trial_object" "c" {
  name = "c"
  size = var.more ? "large" : "small"
}
resource "trial_object" "a" {
  count      = var.more ? 1 : 0
  name       = "a"
  depends_on = [trial_object.c]
}
data "trial_object" "a" {
  count      = var.more ? 1 : 0
  name       = "a"
  depends_on = [trial_object.a]
}
resource "trial_object" "b" {
  count      = var.more ? 1 : 0
  name       = "b"
  depends_on = [data.trial_object.a]
}
data "trial_object" "b" {
  count      = var.more ? 1 : 0
  name       = "b"
  depends_on = [trial_object.b]
}
`

// address is where the module has the object of a name.
func address(name string) string {
	switch name {
	case "a", "b":
		return "trial_object." + name + "[0]"
	case "e":
		return "trial_object.d"
	}
	return "trial_object." + name
}

// inState are the ids that Terraform knows, by the names of their objects.
func (w *cloudWorld) inState(t *testing.T) map[string]string {
	t.Helper()
	var state struct {
		Resources []struct {
			Mode, Type, Name string
			Instances        []struct {
				Attributes struct{ ID, Name string }
			}
		}
	}
	if text := w.storedState(t); text != "" {
		if err := json.Unmarshal([]byte(text), &state); err != nil {
			t.Fatalf("the state is not JSON: %v\n%s", err, text)
		}
	}
	known := map[string]string{}
	for _, r := range state.Resources {
		for _, i := range r.Instances {
			if r.Mode == "managed" {
				known[i.Attributes.Name] = i.Attributes.ID
			}
		}
	}
	return known
}

// storedState is the state as its backend keeps it.
func (w *cloudWorld) storedState(t *testing.T) string {
	t.Helper()
	if w.stage.backend == pgState {
		return strings.Join(ask(t, w.url, "SELECT data FROM terraform_remote_state.states WHERE name = 'dev'"), "")
	}
	b, err := os.ReadFile(filepath.Join(w.dir, ".lockstep", "state", "dev", "infra", "terraform.tfstate"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return string(b)
}

// unknown are the names of the objects that exist and are not in the state.
func (w *cloudWorld) unknown(t *testing.T) []string {
	t.Helper()
	known := w.inState(t)
	var names []string
	for _, o := range w.cloud.Objects() {
		if known[o.Name] != o.ID {
			names = append(names, o.Name)
		}
	}
	return names
}

// gone are the names in the state whose objects do not exist.
func (w *cloudWorld) gone(t *testing.T) []string {
	t.Helper()
	var names []string
	for name, id := range w.inState(t) {
		if !slices.ContainsFunc(w.cloud.Objects(), func(o trialprovider.Object) bool { return o.ID == id }) {
			names = append(names, name)
		}
	}
	return names
}

// whole says what is wrong with a world in which all is done; "" if nothing is.
func (w *cloudWorld) whole(t *testing.T, want string) string {
	t.Helper()
	var wrong []string
	if got := w.cloud.Signature(); got != want {
		wrong = append(wrong, fmt.Sprintf("the cloud holds\n%swant\n%s", got, want))
	}
	if names := w.unknown(t); len(names) > 0 {
		wrong = append(wrong, fmt.Sprintf("the state does not know %v", names))
	}
	if names := w.gone(t); len(names) > 0 {
		wrong = append(wrong, fmt.Sprintf("the state knows %v, and they do not exist", names))
	}
	if left := w.settle(t, w.stillRunning); len(left) > 0 {
		wrong = append(wrong, "left running: "+strings.Join(left, "; "))
	}
	return strings.Join(wrong, "\n")
}

func (w *cloudWorld) stillRunning(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, p := range w.processes(t) {
		names = append(names, p.name)
	}
	return names
}

// shell types a line as it stands.
func (w *cloudWorld) shell(t *testing.T, line string) result {
	t.Helper()
	cmd := w.command(t.Context(), crash{})
	cmd.Path, cmd.Args = "/bin/sh", []string{"sh", "-c", line}
	cmd.Env = append(cmd.Env, "PATH="+w.tools+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	r := result{output: "$ " + line + "\n" + string(out)}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		r.code, r.killed = exit.ExitCode(), wasKilled(exit)
	} else if err != nil {
		t.Fatalf("%v\n%s", err, r.output)
	}
	return r
}
