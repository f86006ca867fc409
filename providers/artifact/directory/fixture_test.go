package directory_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/artifact/directory"
	"github.com/lockstep-dev/lockstep/providers/providertest"
)

const canary = "canary-55de"

// site is a project with one real deployment folder a fixture.
type site struct {
	root    string
	restart bool // with restart_command and stop_command
	first   bool // nothing was deployed before
	crash   func(t *testing.T, s *site, req providers.Request)
	counter atomic.Int64
}

// service is a restart command as people write them: a program in the project
// that tells which release it has started.
const service = `#!/bin/sh
set -e
state=$1
test "$ORDERS_PASSWORD" = "canary-55de" || { echo "no password"; exit 3; }
test "$LOCKSTEP_ENVIRONMENT" = dev
test -d "$LOCKSTEP_RELEASE_DIR"
touch "$state.begun"
while test -e "$state.hold"; do sleep 0.02; done
echo "password is $ORDERS_PASSWORD"
test ! -e "$state.fail"
if test "$2" = stop; then rm -f "$state"; else echo "$LOCKSTEP_ARTIFACT_DIGEST" > "$state"; fi
`

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{root: t.TempDir()}
	write(t, filepath.Join(s.root, "service.sh"), service)
	if err := os.Chmod(filepath.Join(s.root, "service.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	return s
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (s *site) provider(*testing.T) providers.Provider {
	return directory.New(directory.Options{Root: s.root})
}

// settings are those of a block that deploys content from a file.
func (s *site) settings(t *testing.T, path, file, content string) json.RawMessage {
	t.Helper()
	write(t, filepath.Join(s.root, "build", file), content)
	digest := plans.DigestOf([]byte(content))
	block := map[string]any{
		"artifact": map[string]any{
			"address": "artifact.file.api", "digest": digest, "path": "build/" + file, "pinned": "build/" + file + "@" + string(digest),
		},
		"path": path, "keep": 3, "timeout": "30s", "restart_command": nil, "stop_command": nil,
		"environment_variables": map[string]string{"ORDERS_PASSWORD": canary},
	}
	if s.restart {
		block["restart_command"] = []string{"./service.sh", path + ".running"}
		block["stop_command"] = []string{"./service.sh", path + ".running", "stop"}
	}
	b, err := json.Marshal(block)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (s *site) request(t *testing.T, settings json.RawMessage) providers.Request {
	t.Helper()
	seen, err := s.provider(t).Observe(t.Context(), providers.ObserveRequest{Address: address, Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	return providers.Request{
		Environment: "dev", Step: plans.Step{Address: address, Action: plans.ActionDeploy},
		Settings: settings, Observed: seen.Observation,
	}
}

const address = "deployment.directory.api"

func (s *site) deploy(t *testing.T, settings json.RawMessage) {
	t.Helper()
	if _, err := s.provider(t).Apply(t.Context(), s.request(t, settings)); err != nil {
		t.Fatal(err)
	}
}

func (s *site) target(t *testing.T) providertest.Fixture {
	n := s.counter.Add(1)
	path := fmt.Sprintf("srv/api%d", n)
	running := filepath.Join(s.root, path+".running")
	write(t, running+".hold", "")
	if err := os.Remove(running + ".hold"); err != nil {
		t.Fatal(err)
	}
	if !s.first {
		s.deploy(t, s.settings(t, path, fmt.Sprintf("zero%d", n), "release zero"))
		s.deploy(t, s.settings(t, path, fmt.Sprintf("one%d", n), "release one"))
	}
	settings := s.settings(t, path, fmt.Sprintf("two%d", n), "#!/bin/sh\necho release two\n")
	fixture := providertest.Fixture{
		Step:      plans.Step{Address: address, Action: plans.ActionDeploy, Phase: plans.Deploy, Provider: "deployment/directory"},
		Settings:  settings,
		Observe:   providers.ObserveRequest{Environment: "dev", ChangeSet: "c", Address: address, Settings: settings},
		Secret:    canary,
		Signature: func(t *testing.T) string { return s.signature(t, path) },
		Break: func(t *testing.T) {
			if err := os.RemoveAll(filepath.Join(s.root, path)); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(s.root, path), "not a folder")
		},
	}
	if s.restart {
		fixture.Interrupt = func(t *testing.T) (func(), func()) { return holdService(t, running) }
	}
	if s.crash != nil {
		fixture.Crash = func(t *testing.T, _ providers.Provider, req providers.Request) { s.crash(t, s, req) }
	}
	return fixture
}

// holdService makes the restart command wait.
func holdService(t *testing.T, running string) (underWay, release func()) {
	t.Helper()
	_ = os.Remove(running + ".begun")
	write(t, running+".hold", "")
	release = func() { _ = os.Remove(running + ".hold") }
	t.Cleanup(release)
	return func() { await(t, running+".begun") }, release
}

func await(t *testing.T, path string) {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			return
		}
	}
	t.Errorf("%s did not appear", path)
}

// signature is what runs and what would run: the links, the files behind them,
// what the service says, and whatever is unfinished.
func (s *site) signature(t *testing.T, path string) string {
	t.Helper()
	var lines []string
	base := filepath.Join(s.root, path)
	for _, name := range []string{"current", "previous"} {
		target, err := os.Readlink(filepath.Join(base, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		lines = append(lines, name+" -> "+target)
		if target != "" {
			lines = append(lines, tree(t, filepath.Join(base, target))...)
		}
	}
	if b, err := os.ReadFile(base + ".running"); err == nil {
		lines = append(lines, "running "+strings.TrimSpace(string(b)))
	}
	for _, pattern := range []string{"releases/*.partial", "releases/*.altered", "releases/.*.new", "releases/.changing"} {
		found, err := filepath.Glob(filepath.Join(base, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			lines = append(lines, "unfinished "+filepath.Base(f))
		}
	}
	return strings.Join(lines, "\n")
}

func tree(t *testing.T, root string) []string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		b, err := os.ReadFile(path)
		lines = append(lines, fmt.Sprintf("  %s %s %x", info.Mode(), d.Name(), sha256.Sum256(b)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

const (
	childVariable = "LOCKSTEP_TEST_DEPLOY_REQUEST"
	childFacts    = "LOCKSTEP_TEST_DEPLOY_FACTS"
	childGoesBack = "LOCKSTEP_TEST_DEPLOY_ROLLBACK"
)

type childRequest struct {
	Root, Environment string
	Step              plans.Step
	Settings          json.RawMessage
	Observed          plans.Observation
}

// child is a process that deploys; its facts go to a file, as they would to
// the journal.
func (s *site) child(t *testing.T, req providers.Request, env ...string) (cmd *exec.Cmd, facts string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(childRequest{s.root, req.Environment, req.Step, req.Settings, req.Observed})
	if err != nil {
		t.Fatal(err)
	}
	facts = filepath.Join(t.TempDir(), "facts")
	cmd = exec.CommandContext(t.Context(), self, "-test.run=^TestDeployInAProcess$")
	cmd.Env = append(os.Environ(), childVariable+"="+string(b), childFacts+"="+facts)
	cmd.Env = append(cmd.Env, env...)
	return cmd, facts
}

// takeOver records in this process what the killed one had recorded.
func takeOver(t *testing.T, req providers.Request, facts string) {
	t.Helper()
	b, err := os.ReadFile(facts)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(bytes.NewReader(b)); lines.Scan(); {
		if err := req.Record(json.RawMessage(bytes.Clone(lines.Bytes()))); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDeployInAProcess is the process that is killed.
func TestDeployInAProcess(t *testing.T) {
	text := os.Getenv(childVariable)
	if text == "" {
		t.Skip("runs as a process of its own")
	}
	var c childRequest
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	facts, err := os.OpenFile(os.Getenv(childFacts), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer facts.Close()
	p := directory.New(directory.Options{Root: c.Root})
	verb := p.Apply
	if os.Getenv(childGoesBack) != "" {
		verb = p.Rollback
	}
	_, err = verb(t.Context(), providers.Request{
		Environment: c.Environment, Step: c.Step, Settings: c.Settings, Observed: c.Observed,
		Record: func(fact any) error { return json.NewEncoder(facts).Encode(fact) },
	})
	if err != nil {
		t.Fatal(err)
	}
}

// killInRestart kills the deploying process while its restart command runs;
// the command goes on, as it does in life.
func killInRestart(t *testing.T, s *site, req providers.Request) {
	var block struct {
		Path string `json:"path"`
	}
	if err := json.Unmarshal(req.Settings, &block); err != nil {
		t.Fatal(err)
	}
	underWay, _ := holdService(t, filepath.Join(s.root, block.Path+".running"))
	cmd, facts := s.child(t, req)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	underWay()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	takeOver(t, req, facts)
	// The held command must not end before Probe looks; Probe ends it. What it
	// runs again must not wait.
	write(t, filepath.Join(s.root, block.Path+".running.hold"), "")
	t.Cleanup(func() { _ = os.Remove(filepath.Join(s.root, block.Path+".running.hold")) })
	if _, err := s.provider(t).Probe(t.Context(), withFacts(t, req, facts)); err != nil {
		t.Fatal(err)
	}
	_ = os.Remove(filepath.Join(s.root, block.Path+".running.hold"))
}

func withFacts(t *testing.T, req providers.Request, facts string) providers.Request {
	t.Helper()
	b, err := os.ReadFile(facts)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(b) {
		req.Recorded = append(req.Recorded, bytes.TrimSpace(line))
	}
	return req
}
