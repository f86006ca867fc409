package trialprovider_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/internal/trialprovider"
)

// workdir is a module that the real program works on.
type workdir struct {
	t     *testing.T
	dir   string
	cli   string
	cloud *trialprovider.Cloud
}

func newWorkdir(t *testing.T, resources string) *workdir {
	t.Helper()
	w := &workdir{t: t, dir: t.TempDir(), cli: trialprovider.CLIConfig(t), cloud: trialprovider.NewCloud(t)}
	w.write(resources)
	w.must("init", "-input=false")
	return w
}

func (w *workdir) write(resources string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, "main.tf"), []byte(w.cloud.Provider()+resources), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *workdir) command(arguments ...string) *exec.Cmd {
	binary := os.Getenv("LOCKSTEP_TERRAFORM")
	if binary == "" {
		binary = "terraform"
	}
	cmd := exec.Command(binary, append(arguments, "-no-color")...)
	cmd.Dir = w.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "TF_CLI_CONFIG_FILE=" + w.cli, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1"}
	return cmd
}

func (w *workdir) run(arguments ...string) (string, error) {
	out, err := w.command(arguments...).CombinedOutput()
	return string(out), err
}

func (w *workdir) must(arguments ...string) string {
	w.t.Helper()
	out, err := w.run(arguments...)
	if err != nil {
		w.t.Fatalf("%v: %v\n%s", arguments, err, out)
	}
	return out
}

func (w *workdir) apply() (string, error) { return w.run("apply", "-auto-approve", "-input=false") }

const object = `
variable "size" { default = "small" }
resource "trial_object" "cache" {
  name   = "cache"
  size   = var.size
  secret = "s3cret"
}
output "url" {
  value     = trial_object.cache.url
  sensitive = true
}
`

func TestARealInitInstallsItAndObjectsComeChangeAndGo(t *testing.T) {
	t.Parallel()
	w := newWorkdir(t, object)
	if out, err := w.apply(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	made := w.cloud.Objects()
	if len(made) != 1 || made[0].Kind != "object" || made[0].Name != "cache" || made[0].Revision != 1 || made[0].Attributes["size"] != "small" {
		t.Fatalf("objects %+v", made)
	}
	w.must("apply", "-auto-approve", "-var=size=large")
	changed := w.cloud.Objects()
	if len(changed) != 1 || changed[0].ID != made[0].ID || changed[0].Revision != 2 || changed[0].Attributes["size"] != "large" {
		t.Fatalf("objects %+v", changed)
	}
	if out := w.must("output", "-raw", "url"); !strings.Contains(out, "cache:s3cret@"+made[0].ID) {
		t.Errorf("output %q", out)
	}
	if out := w.must("plan", "-var=size=large"); !strings.Contains(out, "No changes") {
		t.Errorf("a second plan: %s", out)
	}
	w.must("destroy", "-auto-approve")
	if len(w.cloud.Objects()) != 0 || len(w.cloud.Deleted()) != 1 || w.cloud.EverMade("object", "cache") != 1 {
		t.Errorf("after destroy %+v, deleted %+v", w.cloud.Objects(), w.cloud.Deleted())
	}
	for _, verb := range []string{"create", "update", "delete"} {
		if done := w.cloud.Calls(trialprovider.Call{Verb: verb, Event: "done"}); len(done) != 1 {
			t.Errorf("%s was done %d times", verb, len(done))
		}
	}
}

func TestDriftIsSeenAndObjectsAreImported(t *testing.T) {
	t.Parallel()
	w := newWorkdir(t, object+`
resource "trial_network_rule" "office" {
  name    = "office"
  allowed = ["10.0.0.0/8"]
}
data "trial_object" "cache" { name = trial_object.cache.name }
`)
	id := w.cloud.Add("network_rule", "office", map[string]any{"allowed": []string{"10.0.0.0/8"}})
	w.must("import", "trial_network_rule.office", id)
	if out, err := w.apply(); err != nil || !strings.Contains(out, "1 added, 0 changed, 0 destroyed") {
		t.Fatalf("%v\n%s", err, out)
	}
	w.cloud.Edit(w.cloud.Named("object", "cache")[0].ID, func(a map[string]any) { a["size"] = "huge" })
	if out := w.must("plan"); !strings.Contains(out, `"huge" -> "small"`) {
		t.Errorf("the drift is not seen: %s", out)
	}
	w.cloud.Remove(id)
	if out := w.must("plan"); !strings.Contains(out, "1 to add, 1 to change, 0 to destroy") {
		t.Errorf("the missing rule is not seen: %s", out)
	}
}

func TestADatabaseIsProtectedUniqueAndReplacedByLess(t *testing.T) {
	t.Parallel()
	const database = `
resource "trial_database" "orders" {
  name                = "orders"
  storage_gb          = %d
  deletion_protection = %t
}
`
	w := newWorkdir(t, fmt.Sprintf(database, 50, true))
	if out, err := w.apply(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := w.run("destroy", "-auto-approve"); err == nil || !strings.Contains(out, "is protected from deletion") {
		t.Errorf("destroy: %v\n%s", err, out)
	}
	w.write(fmt.Sprintf(database, 60, false))
	if out, err := w.apply(); err != nil || !strings.Contains(out, "0 added, 1 changed, 0 destroyed") {
		t.Errorf("more storage: %v\n%s", err, out)
	}
	w.write(fmt.Sprintf(database, 40, false))
	if out := w.must("plan"); !strings.Contains(out, "forces replacement") {
		t.Errorf("less storage: %s", out)
	}
	w.write(fmt.Sprintf(database, 60, false) + `
resource "trial_database" "twin" { name = "orders" }
`)
	if out, err := w.apply(); err == nil || !strings.Contains(out, "exists already") {
		t.Errorf("a second database of the name: %v\n%s", err, out)
	}
}

func TestFaultsStrikeAsTheyAreAsked(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault trialprovider.Fault
		said  string // by Terraform
		left  int    // objects in the cloud
		next  string // what the next plan says
	}{
		"before the effect":   {trialprovider.Fault{Verb: "create", Error: "quota exceeded"}, "quota exceeded", 0, "1 to add, 0 to change, 0 to destroy"},
		"after the effect":    {trialprovider.Fault{Verb: "create", At: "after", Error: "timed out"}, "timed out", 1, "is tainted"},
		"the id is lost":      {trialprovider.Fault{Verb: "create", At: "after", LoseID: true}, "the answer was lost", 1, "1 to add, 0 to change, 0 to destroy"},
		"a crash before":      {trialprovider.Fault{Verb: "create", Crash: true}, "ApplyResourceChange", 0, "1 to add, 0 to change, 0 to destroy"},
		"a crash after":       {trialprovider.Fault{Verb: "create", At: "after", Crash: true}, "ApplyResourceChange", 1, "1 to add, 0 to change, 0 to destroy"},
		"another kind":        {trialprovider.Fault{Kind: "database", Error: "quota exceeded"}, "1 added", 1, "No changes"},
		"a plan that fails":   {trialprovider.Fault{Verb: "plan", Name: "ca*", Error: "no such region"}, "no such region", 0, "1 to add, 0 to change, 0 to destroy"},
		"once, and then fine": {trialprovider.Fault{Verb: "create", Error: "quota exceeded", Times: 1}, "quota exceeded", 0, "1 to add, 0 to change, 0 to destroy"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkdir(t, object)
			w.cloud.Put("trouble", test.fault)
			out, err := w.apply()
			if (err == nil) != (test.next == "No changes") || !strings.Contains(out, test.said) {
				t.Errorf("apply: %v\n%s", err, out)
			}
			if left := w.cloud.Objects(); len(left) != test.left {
				t.Errorf("left are %+v, want %d", left, test.left)
			}
			if test.fault.Times == 0 {
				w.cloud.Lift("trouble")
			}
			if out := w.must("plan"); !strings.Contains(out, test.next) {
				t.Errorf("the next plan: %s", out)
			}
			if out, err := w.apply(); err != nil {
				t.Errorf("apply without the fault: %v\n%s", err, out)
			}
		})
	}
}

func TestAFaultOfTheConfigurationStrikes(t *testing.T) {
	t.Parallel()
	w := newWorkdir(t, `
resource "trial_object" "cache" {
  name   = "cache"
  faults = [{ verb = "delete", error = "still in use" }]
}
`)
	if out, err := w.apply(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := w.run("destroy", "-auto-approve"); err == nil || !strings.Contains(out, "still in use") {
		t.Errorf("destroy: %v\n%s", err, out)
	}
}

// TestAKillLeavesWholeObjectsAndNoProcess kills Terraform while a create
// waits. The end of its connection interrupts the call, which a stubborn one
// does not mind.
func TestAKillLeavesWholeObjectsAndNoProcess(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		gate trialprovider.Fault
		end  string // event
		made int
	}{
		"before the effect":           {trialprovider.Fault{}, "failed", 0},
		"before the effect, stubborn": {trialprovider.Fault{Stubborn: true}, "done", 1},
		"after the effect":            {trialprovider.Fault{At: "after"}, "failed", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			w := newWorkdir(t, object)
			test.gate.Verb, test.gate.HangUntil = "create", "open"
			w.cloud.Put("gate", test.gate)
			cmd := w.command("apply", "-auto-approve", "-input=false")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			hanging := w.cloud.Await(ctx, trialprovider.Call{Verb: "create", Event: "hanging"})
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // it was killed
			if test.gate.Stubborn {
				w.cloud.Release("open")
			}
			w.cloud.Await(ctx, trialprovider.Call{Verb: "create", Event: test.end})
			awaitEnd(ctx, t, hanging.PID)
			if made := w.cloud.EverMade("object", "cache"); made != test.made {
				t.Errorf("made %d, want %d", made, test.made)
			}
			w.cloud.Lift("gate")
			if out, err := w.apply(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			if made := w.cloud.EverMade("object", "cache"); made != test.made+1 {
				t.Errorf("made %d, want one more: Terraform never heard of the first", made)
			}
		})
	}
}

func awaitEnd(ctx context.Context, t *testing.T, pid int) {
	t.Helper()
	for syscall.Kill(pid, 0) == nil {
		select {
		case <-ctx.Done():
			t.Fatal("the provider's process stays when its call is done")
		case <-time.After(5 * time.Millisecond):
		}
	}
}
