package terraform_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/terraform"
	"github.com/lockstep-dev/lockstep/providers/terraform/shim"
)

// victimArgument makes the test binary apply an order, to be killed.
const victimArgument = "act-as-victim"

// order is an apply for another process.
type order struct {
	Binary  string
	Root    string
	Request orderedRequest
	Blobs   map[plans.Digest][]byte
	Facts   string // file that takes what is recorded
}

type orderedRequest struct {
	Plan        plans.Digest
	Environment string
	Step        plans.Step
	Settings    json.RawMessage
	Observed    plans.Observation
}

// victim carries out an order as another process of Lockstep would.
func victim(path string) int {
	b, err := os.ReadFile(path)
	if err != nil {
		return 2
	}
	var o order
	if err := json.Unmarshal(b, &o); err != nil {
		return 2
	}
	self, err := os.Executable()
	if err != nil {
		return 2
	}
	p, err := terraform.New(terraform.Options{
		Binary: o.Binary, Root: o.Root, StateDir: ".lockstep/state", WorkDir: ".lockstep/work",
		ShimCommand: []string{self, shimArgument},
	})
	if err != nil {
		return 2
	}
	facts, err := os.OpenFile(o.Facts, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 2
	}
	defer facts.Close()
	_, err = p.Apply(context.Background(), providers.Request{
		Plan: o.Request.Plan, Environment: o.Request.Environment, Step: o.Request.Step,
		Settings: o.Request.Settings, Observed: o.Request.Observed,
		Blob: func(d plans.Digest) ([]byte, error) { return o.Blobs[d], nil },
		Record: func(fact any) error {
			b, err := json.Marshal(fact)
			if err != nil {
				return err
			}
			if _, err := facts.Write(append(b, '\n')); err != nil {
				return err
			}
			return facts.Sync()
		},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// gate makes a resource of the gated configuration slow: its creation waits
// for as long as the gate is closed.
type gate struct{ path string }

func (g gate) close(t testing.TB) {
	t.Helper()
	_ = os.Remove(g.path + ".begun")
	if err := os.WriteFile(g.path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (g gate) open() { _ = os.Remove(g.path) }

// begun waits until the slow creation is under way.
func (g gate) begun(t testing.TB) {
	t.Helper()
	for start := time.Now(); time.Since(start) < 20*time.Second; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(g.path + ".begun"); err == nil {
			return
		}
	}
	t.Error("the slow creation did not begin")
}

// marks counts how often the slow creation came to its end.
func (g gate) marks() int {
	b, _ := os.ReadFile(g.path + ".marks")
	return strings.Count(string(b), "\n")
}

func (g gate) configuration() string {
	return fmt.Sprintf(`
variable "size" { type = string }
variable "token" {
  type      = string
  sensitive = true
}
resource "terraform_data" "first" { input = var.size }
resource "terraform_data" "second" {
  input = terraform_data.first.output
  provisioner "local-exec" {
    command     = "touch %[1]s.begun; while [ -e %[1]s ]; do sleep 0.02; done; echo done >> %[1]s.marks"
    environment = { TOKEN = var.token }
  }
}
resource "terraform_data" "third" { input = [terraform_data.second.output, var.token] }
output "size" { value = terraform_data.second.output }
output "token" {
  value     = var.token
  sensitive = true
}
`, g.path)
}

const canary = "c4n4ry-hunter2-value"

func newGatedProject(t testing.TB) (*project, gate) {
	t.Helper()
	g := gate{path: filepath.Join(t.TempDir(), "gate")}
	t.Cleanup(g.open)
	p := newProject(t, g.configuration())
	p.input("size", "small")
	p.input("token", canary)
	return p, g
}

// killHalfWay applies in another process and kills that with SIGKILL while
// the slow resource is being created. Terraform is left running. The facts it
// had recorded go to req.Record.
func killHalfWay(t *testing.T, root string, g gate, req providers.Request) {
	t.Helper()
	binary, err := usableBinary()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	o := order{
		Binary: binary, Root: root, Blobs: map[plans.Digest][]byte{}, Facts: filepath.Join(dir, "facts"),
		Request: orderedRequest{Plan: req.Plan, Environment: req.Environment, Step: req.Step, Settings: req.Settings, Observed: req.Observed},
	}
	for _, d := range digests(req) {
		if o.Blobs[d], err = req.Blob(d); err != nil {
			t.Fatal(err)
		}
	}
	b, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "order")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	g.close(t)
	cmd := exec.CommandContext(t.Context(), executable(t), victimArgument, path)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	g.begun(t)
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the victim ended before it was killed")
	}
	facts, err := os.Open(o.Facts)
	if err != nil {
		t.Fatal(err)
	}
	defer facts.Close()
	for lines := bufio.NewScanner(facts); lines.Scan(); {
		if err := req.Record(json.RawMessage(lines.Text())); err != nil {
			t.Fatal(err)
		}
	}
}

func digests(req providers.Request) []plans.Digest {
	var all []plans.Digest
	if t := req.Observed.Terraform; t != nil {
		if t.Plan != "" {
			all = append(all, t.Plan)
		}
		if t.Part != nil {
			all = append(all, t.Part.Plan)
		}
		for _, in := range t.Source {
			all = append(all, in.Digest)
		}
	}
	for _, in := range req.Step.Inputs {
		all = append(all, in.Digest)
	}
	return all
}

func TestTerraformOutlivesAKilledLockstep(t *testing.T) {
	t.Parallel()
	p, g := newGatedProject(t)
	req := p.request(p.observe())
	killHalfWay(t, p.root, g, req)
	req.Recorded = p.recorded
	if len(req.Recorded) != 1 {
		t.Fatalf("recorded %d facts, want one", len(req.Recorded))
	}

	impatient, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	report, err := p.provider.Probe(impatient, req)
	if err != nil || report.Verdict != providers.InFlight {
		t.Fatalf("probe of a running terraform says %q (%s), %v; want in flight", report.Verdict, report.Detail, err)
	}
	if _, err := p.provider.Apply(impatient, req); !isBlocked(err) {
		t.Errorf("a second apply beside a running one returns %v, want ErrBlocked", err)
	}

	g.open()
	done := p.probe(req, providers.Done)
	if got := p.output(done.Outputs, "size"); string(got.Value) != `"small"` {
		t.Errorf("output %+v", got)
	}
	attempt := filepath.Join(p.root, ".lockstep/state/staging/infra%2Fcache/attempts/000001")
	if exit, err := shim.ReadExit(attempt); err != nil || exit != (shim.Exit{}) {
		t.Errorf("the shim did not see terraform to its end: %+v, %v", exit, err)
	}
	if again := p.apply(req); again.Changed {
		t.Error("an apply after the crash changed something")
	}
	if g.marks() != 1 {
		t.Errorf("the effect happened %d times, want once", g.marks())
	}
	p.rollback(req)
	p.probe(req, providers.Absent)
}

func TestAKilledTerraformIsNotRunAgainBlindly(t *testing.T) {
	t.Parallel()
	p, g := newGatedProject(t)
	req := p.request(p.observe())
	killHalfWay(t, p.root, g, req)
	req.Recorded = p.recorded
	kill(t, p.root)
	report := p.probe(req, providers.Unknown)
	if !strings.Contains(report.Detail, "terraform_data.second") {
		t.Errorf("the detail does not name what may exist unseen: %s", report.Detail)
	}
}

// kill ends a project's terraform and its shim the way a power cut would.
func kill(t *testing.T, root string) {
	t.Helper()
	attempt := filepath.Join(root, ".lockstep/state/staging/infra%2Fcache/attempts/000001")
	b, err := os.ReadFile(filepath.Join(attempt, "process.json"))
	if err != nil {
		t.Fatal(err)
	}
	var process struct{ ID int }
	if err := json.Unmarshal(b, &process); err != nil {
		t.Fatal(err)
	}
	group, err := syscall.Getpgid(process.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(-group, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

func TestACancelledApplyIsInterruptedAndFinishedLater(t *testing.T) {
	t.Parallel()
	p, g := newGatedProject(t)
	req := p.request(p.observe())
	g.close(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := p.provider.Apply(ctx, req)
		ended <- err
	}()
	g.begun(t)
	cancel()
	if err := <-ended; err == nil || ctx.Err() == nil {
		t.Fatal("a cancelled apply succeeded")
	} else if strings.Contains(err.Error(), canary) {
		t.Errorf("the error holds a secret: %v", err)
	}
	g.open()
	req.Recorded = p.recorded
	p.probe(req, providers.Partial)
	p.apply(req)
	p.probe(req, providers.Done)
	if g.marks() != 1 {
		t.Errorf("the effect came to its end %d times, want once", g.marks())
	}
}

func TestACancelledApplyIsUndone(t *testing.T) {
	t.Parallel()
	p, g := newGatedProject(t)
	req := p.request(p.observe())
	g.close(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := p.provider.Apply(ctx, req)
		ended <- err
	}()
	g.begun(t)
	cancel()
	if err := <-ended; err == nil {
		t.Fatal("a cancelled apply succeeded")
	}
	g.open()
	req.Recorded = p.recorded
	p.rollback(req)
	p.probe(req, providers.Absent)
}
