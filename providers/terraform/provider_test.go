package terraform_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/terraform"
	"github.com/lockstep-dev/lockstep/providers/terraform/shim"
)

// shimArgument makes the test binary act as the shim.
const shimArgument = "act-as-shim"

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == recorderName {
		os.Exit(record())
	}
	if len(os.Args) > 2 && os.Args[1] == shimArgument {
		os.Exit(shim.Main(os.Args[2:]))
	}
	if len(os.Args) > 2 && os.Args[1] == victimArgument {
		os.Exit(victim(os.Args[2]))
	}
	os.Exit(withOwnCache(m))
}

// withOwnCache keeps what binaries answer out of the user's cache.
func withOwnCache(m *testing.M) int {
	dir, err := os.MkdirTemp("", "lockstep-cache-")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(dir)
	// Go's own cache, with which the trial provider is built, stays where it is.
	if cache, err := os.UserCacheDir(); err == nil && os.Getenv("GOCACHE") == "" {
		err = os.Setenv("GOCACHE", filepath.Join(cache, "go-build"))
		if err != nil {
			return fail(err)
		}
	}
	if err := os.Setenv("XDG_CACHE_HOME", dir); err != nil {
		return fail(err)
	}
	return cluster.Main(m)
}

// project is a project folder with one module and a provider for it.
type project struct {
	t        testing.TB
	root     string
	provider *terraform.Provider
	settings map[string]any

	mutex    sync.Mutex
	recorded []json.RawMessage
	progress []string
}

func newProject(t testing.TB, configuration string) *project {
	t.Helper()
	root := t.TempDir()
	p := &project{t: t, root: root, settings: map[string]any{"source": "./infra/cache"}}
	p.provider = openProvider(t, root)
	p.write("infra/cache/main.tf", configuration)
	return p
}

func openProvider(t testing.TB, root string) *terraform.Provider {
	t.Helper()
	return openWith(t, root, terraform.Options{})
}

// openWith opens a provider for a project folder; options that are not given
// are those of all tests.
func openWith(t testing.TB, root string, o terraform.Options) *terraform.Provider {
	t.Helper()
	if o.Binary == "" {
		binary, err := usableBinary()
		if err != nil {
			t.Fatalf("these tests run the real program: %v", err)
		}
		o.Binary = binary
	}
	o.Root, o.StateDir, o.WorkDir = root, ".lockstep/state", ".lockstep/work"
	o.ShimCommand = []string{executable(t), shimArgument}
	provider, err := terraform.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return provider
}

func executable(t testing.TB) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func (p *project) write(name, text string) {
	p.t.Helper()
	path := filepath.Join(p.root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

func (p *project) raw() json.RawMessage {
	b, err := json.Marshal(p.settings)
	if err != nil {
		p.t.Fatal(err)
	}
	return b
}

func (p *project) input(name string, value any) {
	inputs, _ := p.settings["inputs"].(map[string]any)
	if inputs == nil {
		inputs = map[string]any{}
	}
	inputs[name] = value
	p.settings["inputs"] = inputs
}

func (p *project) tryObserve() (providers.Observed, error) {
	return p.provider.Observe(context.Background(), providers.ObserveRequest{
		Environment: "staging", ChangeSet: "order_status", Address: "terraform.cache", Settings: p.raw(),
	})
}

func (p *project) observe() providers.Observed {
	p.t.Helper()
	seen, err := p.tryObserve()
	if err != nil {
		p.t.Fatalf("observe: %v", err)
	}
	return seen
}

// request asks for the step that an observation gave rise to.
func (p *project) request(seen providers.Observed) providers.Request {
	step := plans.Step{Address: "terraform.cache", Action: plans.ActionTerraform, Provider: "terraform", Settings: p.raw()}
	step.Inputs = append(step.Inputs, seen.Terraform.Source...)
	return providers.Request{
		Run: "run-1", Plan: plans.DigestOf([]byte(seen.Terraform.Plan)), Actor: "ada", Environment: "staging", ChangeSet: "order_status",
		Step: step, Settings: p.raw(), Observed: seen.Observation,
		Blob: func(d plans.Digest) ([]byte, error) {
			b, ok := seen.Blobs[d]
			if !ok {
				return nil, fmt.Errorf("the bundle has no %s", d)
			}
			return b, nil
		},
		Record: func(fact any) error {
			b, err := json.Marshal(fact)
			p.mutex.Lock()
			defer p.mutex.Unlock()
			p.recorded = append(p.recorded, b)
			return err
		},
		Progress: func(line string) {
			p.mutex.Lock()
			defer p.mutex.Unlock()
			p.progress = append(p.progress, line)
		},
	}
}

func (p *project) apply(req providers.Request) providers.Result {
	p.t.Helper()
	result, err := p.provider.Apply(context.Background(), req)
	if err != nil {
		p.t.Fatalf("apply: %v", err)
	}
	return result
}

func (p *project) rollback(req providers.Request) providers.Result {
	p.t.Helper()
	result, err := p.provider.Rollback(context.Background(), req)
	if err != nil {
		p.t.Fatalf("rollback: %v", err)
	}
	return result
}

func (p *project) probe(req providers.Request, want providers.Verdict) providers.Report {
	p.t.Helper()
	report, err := p.provider.Probe(context.Background(), req)
	if err != nil {
		p.t.Fatalf("probe: %v", err)
	}
	if report.Verdict != want {
		p.t.Fatalf("probe says %q (%s), want %q", report.Verdict, report.Detail, want)
	}
	return report
}

func (p *project) statePath() string {
	return filepath.Join(p.root, ".lockstep/state/staging/infra%2Fcache/terraform.tfstate")
}

func (p *project) output(outputs []plans.Output, name string) plans.Output {
	p.t.Helper()
	for _, o := range outputs {
		if o.Name == name {
			return o
		}
	}
	p.t.Fatalf("there is no output %q in %+v", name, outputs)
	return plans.Output{}
}

const sized = `
variable "size" { type = string }
resource "terraform_data" "cache" { input = var.size }
output "size" { value = terraform_data.cache.output }
output "id" { value = terraform_data.cache.id }
`

func TestAFirstApplyIsCarriedOutUndoneAndDoneAgain(t *testing.T) {
	t.Parallel()
	p := newProject(t, sized)
	p.input("size", "small")
	seen := p.observe()
	if got := seen.Terraform.Changes; len(got) != 1 || got[0].Address != "terraform_data.cache" || strings.Join(got[0].Actions, ",") != "create" {
		t.Fatalf("changes %+v, want one create", got)
	}
	if p.output(seen.Terraform.Outputs, "size").Known {
		t.Error("an output is known before its resource exists")
	}
	if _, err := os.Stat(p.statePath()); !os.IsNotExist(err) {
		t.Error("observe wrote state")
	}
	req := p.request(seen)
	p.probe(req, providers.Absent)

	result := p.apply(req)
	if !result.Changed || result.Summary != "1 added, 0 changed, 0 destroyed" {
		t.Errorf("result %+v", result)
	}
	if got := p.output(result.Outputs, "size"); string(got.Value) != `"small"` || !got.Known {
		t.Errorf("output %+v", got)
	}
	p.probe(req, providers.Done)
	if again := p.apply(req); again.Changed {
		t.Errorf("a second apply changed something: %+v", again)
	}

	if back := p.rollback(req); back.Summary != "0 added, 0 changed, 1 destroyed" {
		t.Errorf("rollback %+v", back)
	}
	p.probe(req, providers.Absent)
	if again := p.rollback(req); again.Changed {
		t.Errorf("a second rollback changed something: %+v", again)
	}
	if result := p.apply(req); !result.Changed {
		t.Error("apply after a rollback changed nothing")
	}
	p.probe(req, providers.Done)
}

func TestAnUpdateGoesBackToTheFormerRelease(t *testing.T) {
	t.Parallel()
	p := newProject(t, sized)
	p.input("size", "small")
	first := p.request(p.observe())
	before := p.apply(first)

	p.input("size", "large")
	second := p.request(p.observe())
	p.recorded = nil
	p.apply(second)
	p.write("infra/cache/main.tf", "this is not read by a rollback")
	if back := p.rollback(second); back.Summary != "0 added, 1 changed, 0 destroyed" {
		t.Errorf("rollback %+v", back)
	}
	p.probe(second, providers.Absent)
	after := p.probe(first, providers.Done)
	for _, name := range []string{"size", "id"} {
		if was, is := p.output(before.Outputs, name), p.output(after.Outputs, name); string(was.Value) != string(is.Value) {
			t.Errorf("%s was %s and is %s", name, was.Value, is.Value)
		}
	}
	p.apply(second)
	p.probe(second, providers.Done)
	p.rollback(second)
	p.probe(second, providers.Absent)
}

// TestARollbackThatWasCutOffLeavesNoReleaseBehind brings the release of an
// undone step back, as a crash right after the rollback's effect would.
func TestARollbackThatWasCutOffLeavesNoReleaseBehind(t *testing.T) {
	t.Parallel()
	p := newProject(t, sized)
	p.input("size", "small")
	p.apply(p.request(p.observe()))

	p.input("size", "large")
	second := p.request(p.observe())
	p.apply(second)
	kept := filepath.Join(p.root, ".lockstep/state/staging/infra%2Fcache/releases")
	entries, err := os.ReadDir(kept)
	if err != nil || len(entries) != 2 {
		t.Fatalf("releases %v, %v; want two", entries, err)
	}
	undone := filepath.Join(kept, entries[1].Name())
	if err := os.CopyFS(filepath.Join(p.root, "copy"), os.DirFS(undone)); err != nil {
		t.Fatal(err)
	}
	p.rollback(second)
	again, err := filepath.Glob(filepath.Join(kept, "*"))
	if err != nil || len(again) != 2 {
		t.Fatalf("releases %v, %v; want the first one and that of the rollback", again, err)
	}
	for _, release := range again {
		if filepath.Base(release) != entries[0].Name() {
			if err := os.RemoveAll(release); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.Rename(filepath.Join(p.root, "copy"), undone); err != nil {
		t.Fatal(err)
	}
	p.probe(second, providers.Absent)

	p.input("size", "huge")
	third := p.request(p.observe())
	p.apply(third)
	p.rollback(third)
	if seen := p.output(p.observeWith("small").Terraform.Outputs, "size"); string(seen.Value) != `"small"` {
		t.Errorf("the rollback came back to %s, want the first release", seen.Value)
	}
}

// observeWith plans with another size and requires that nothing changes.
func (p *project) observeWith(size string) providers.Observed {
	p.t.Helper()
	p.input("size", size)
	seen := p.observe()
	if seen.Terraform.Plan != "" {
		p.t.Errorf("the target is not as it is with size %s: %+v", size, seen.Terraform.Changes)
	}
	return seen
}
