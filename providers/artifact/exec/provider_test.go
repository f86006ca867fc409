package exec_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/artifact/exec"
	"github.com/lockstep-dev/lockstep/providers/providertest"
)

const (
	canary  = "canary-8d20"
	address = "deployment.exec.api"
)

// target is a deployment tool as people write them: it deploys in two halves.
const target = `#!/bin/sh
set -e
state=$2
test "$TOKEN" = canary-8d20
echo "token is $TOKEN" >&2
test ! -e "$state.broken" || exit 9
case $1 in
deploy)
	printf half > "$state"
	while test -e "$state.hold"; do sleep 0.02; done
	echo "$LOCKSTEP_ARTIFACT_DIGEST" > "$state"
	echo "$LOCKSTEP_ENVIRONMENT" > "$state.environment" ;;
check)
	test -e "$state" || exit 1
	cat "$state"
	test "$(cat "$state")" = "$LOCKSTEP_ARTIFACT_DIGEST" || exit 1 ;;
back)
	rm -f "$state"
	if test -n "$LOCKSTEP_PREVIOUS_DIGEST"; then echo "$LOCKSTEP_PREVIOUS_DIGEST" > "$state"; fi ;;
esac
`

type site struct {
	root         string
	irreversible bool
	before       plans.Digest
	counter      atomic.Int64
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{root: t.TempDir()}
	if err := errors.Join(
		os.Mkdir(filepath.Join(s.root, "tools"), 0o755),
		os.WriteFile(filepath.Join(s.root, "tools/target.sh"), []byte(target), 0o755),
	); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *site) provider(*testing.T) providers.Provider { return exec.New(exec.Options{Root: s.root}) }

func (s *site) block(state string) map[string]any {
	command := func(verb string) []string { return []string{"./target.sh", verb, state} }
	return map[string]any{
		"artifact": map[string]any{"digest": plans.DigestOf([]byte("v2")), "path": "build/api"},
		"command":  command("deploy"), "check_command": command("check"), "rollback_command": command("back"),
		"working_dir": "tools", "timeout": "30s", "environment_variables": map[string]string{"TOKEN": canary},
	}
}

func encode(t *testing.T, v any) json.RawMessage {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (s *site) target(t *testing.T) providertest.Fixture {
	folder := filepath.Join(s.root, fmt.Sprint("target", s.counter.Add(1)))
	state := filepath.Join(folder, "state")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if s.before != "" {
		put(t, state, string(s.before)+"\n")
	}
	block := s.block(state)
	if s.irreversible {
		delete(block, "rollback_command")
	}
	block["working_dir"] = folder
	put(t, filepath.Join(folder, "target.sh"), target)
	if err := os.Chmod(filepath.Join(folder, "target.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	settings := encode(t, block)
	return providertest.Fixture{
		Step:         plans.Step{Address: address, Action: plans.ActionDeploy, Phase: plans.Deploy, Provider: "deployment/exec"},
		Settings:     settings,
		Observe:      providers.ObserveRequest{Environment: "dev", ChangeSet: "c", Address: address, Settings: settings},
		Secret:       canary,
		Irreversible: s.irreversible,
		Signature: func(t *testing.T) string {
			b, err := os.ReadFile(state)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			return "runs " + strings.TrimSpace(string(b))
		},
		Interrupt: func(t *testing.T) (func(), func()) { return hold(t, state) },
		Crash: func(t *testing.T, _ providers.Provider, req providers.Request) {
			s.crash(t, state, req)
		},
		Break: func(t *testing.T) {
			if err := os.RemoveAll(folder); err != nil {
				t.Fatal(err)
			}
		},
	}
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func hold(t *testing.T, state string) (underWay, release func()) {
	t.Helper()
	put(t, state+".hold", "")
	release = func() { _ = os.Remove(state + ".hold") }
	t.Cleanup(release)
	return func() { awaitHalf(t, state) }, release
}

func awaitHalf(t *testing.T, state string) {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if b, err := os.ReadFile(state); err == nil && string(b) == "half" {
			return
		}
	}
	t.Errorf("%s did not become half", state)
}

const childVariable, factsVariable = "LOCKSTEP_TEST_EXEC_REQUEST", "LOCKSTEP_TEST_EXEC_FACTS"

type childRequest struct {
	Root, Environment string
	Step              plans.Step
	Settings          json.RawMessage
	Observed          plans.Observation
}

// crash kills a deploying process while its command works. The command goes on
// alone until Probe ends it.
func (s *site) crash(t *testing.T, state string, req providers.Request) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	underWay, release := hold(t, state)
	facts := filepath.Join(t.TempDir(), "facts")
	cmd := osexec.Command(self, "-test.run=^TestDeployInAProcess$")
	cmd.Env = append(os.Environ(), factsVariable+"="+facts,
		childVariable+"="+string(encode(t, childRequest{s.root, req.Environment, req.Step, req.Settings, req.Observed})))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	underWay()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	b, err := os.ReadFile(facts)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(b) {
		raw := json.RawMessage(bytes.Clone(bytes.TrimSpace(line)))
		req.Recorded = append(req.Recorded, raw)
		if err := req.Record(raw); err != nil {
			t.Fatal(err)
		}
	}
	report, err := s.provider(t).Probe(t.Context(), req)
	if err != nil || report.Verdict != providers.Partial {
		t.Fatalf("Probe beside the orphan says %q (%s), %v, expected partial", report.Verdict, report.Detail, err)
	}
	release()
	time.Sleep(100 * time.Millisecond) // an orphan that lives would go on now
	if b, err := os.ReadFile(state); err != nil || string(b) != "half" {
		t.Fatalf("the orphaned command went on: %q, %v", b, err)
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
	facts, err := os.OpenFile(os.Getenv(factsVariable), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer facts.Close()
	_, err = exec.New(exec.Options{Root: c.Root}).Apply(t.Context(), providers.Request{
		Environment: c.Environment, Step: c.Step, Settings: c.Settings, Observed: c.Observed,
		Record: func(fact any) error { return json.NewEncoder(facts).Encode(fact) },
	})
	t.Fatalf("Apply returned %v before the process was killed", err)
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*site){
		"first_deploy":         func(*site) {},
		"over_another_release": func(s *site) { s.before = plans.DigestOf([]byte("v1")) },
		"without_a_way_back":   func(s *site) { s.irreversible = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			prepare(s)
			providertest.Run(t, providertest.Case{New: s.provider, Target: s.target})
		})
	}
}

// recorder is a journal of facts.
type recorder struct{ facts []json.RawMessage }

func (r *recorder) request(t *testing.T, settings json.RawMessage) providers.Request {
	return providers.Request{
		Environment: "dev", Step: plans.Step{Address: address}, Settings: settings, Recorded: r.facts,
		Record: func(fact any) error {
			r.facts = append(r.facts, encode(t, fact))
			return nil
		},
	}
}

// TestWithoutCheckCommand goes through what can be known when nobody can look.
func TestWithoutCheckCommand(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	state := filepath.Join(s.root, "state")
	block := s.block(state)
	delete(block, "check_command")
	settings := encode(t, block)
	p, journal := s.provider(t), &recorder{}
	probe := func(want providers.Verdict) {
		t.Helper()
		report, err := p.Probe(t.Context(), journal.request(t, settings))
		if err != nil || report.Verdict != want {
			t.Fatalf("Probe says %q (%s), %v, expected %q", report.Verdict, report.Detail, err, want)
		}
	}
	probe(providers.Absent)
	put(t, state+".broken", "")
	_, err := p.Apply(t.Context(), journal.request(t, settings))
	if err == nil || !strings.Contains(err.Error(), "exit code 9; its output ends with:\ntoken is ***") {
		t.Fatalf("Apply returns %v, expected the command's words without the token", err)
	}
	probe(providers.Unknown)
	if err := os.Remove(state + ".broken"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Apply(t.Context(), journal.request(t, settings)); err != nil {
		t.Fatal(err)
	}
	probe(providers.Done)
	if result, err := p.Apply(t.Context(), journal.request(t, settings)); err != nil || result.Changed {
		t.Errorf("a second Apply gives %+v, %v", result, err)
	}
	if _, err := p.Rollback(t.Context(), journal.request(t, settings)); err != nil {
		t.Fatal(err)
	}
	probe(providers.Absent)
}

func TestCommandThatLies(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for name, tc := range map[string]struct{ argument, want string }{
		"deploys nothing": {"command", "does not run"},
		"takes nothing":   {"rollback_command", "still runs"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			block := s.block(filepath.Join(s.root, "state-"+tc.argument))
			block[tc.argument] = []string{"true"}
			req := providers.Request{Step: plans.Step{Address: address}, Environment: "dev", Settings: encode(t, block)}
			_, err := s.provider(t).Apply(t.Context(), req)
			if err == nil {
				_, err = s.provider(t).Rollback(t.Context(), req)
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, expected an error with %q", err, tc.want)
			}
		})
	}
}

func TestCheckThatDoesNotKnow(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	state := filepath.Join(s.root, "state")
	put(t, state+".broken", "")
	settings := encode(t, s.block(state))
	report, err := s.provider(t).Probe(t.Context(), providers.Request{Settings: settings})
	if err != nil || report.Verdict != providers.Unknown || strings.Contains(report.Detail, canary) {
		t.Errorf("Probe says %q (%s), %v, expected unknown", report.Verdict, report.Detail, err)
	}
	seen, err := s.provider(t).Observe(t.Context(), providers.ObserveRequest{Settings: settings})
	if err != nil || seen.Deployment.Current != "" || seen.Informative == nil {
		t.Errorf("Observe gives %+v, %v", seen.Observation, err)
	}
}

func TestBadSettings(t *testing.T) {
	t.Parallel()
	for settings, want := range map[string]string{
		`{}`:                                   "command is empty",
		`{"command":"rm -rf ` + canary + `"}`:  "expected artifact (object)",
		`{"command":["true"],"timeout":"-1s"}`: `timeout is "-1s"`,
	} {
		_, err := exec.New(exec.Options{}).Observe(t.Context(), providers.ObserveRequest{Settings: json.RawMessage(settings)})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), canary) {
			t.Errorf("%s gives %v, expected %q", settings, err, want)
		}
	}
}

// Only what ran before counts as taken back.
func TestRollbackNamesWhatRunsInstead(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	foreign := plans.DigestOf([]byte("v3"))
	state := filepath.Join(s.root, "state")
	request := func(block map[string]any) providers.Request {
		req := providers.Request{Step: plans.Step{Address: address}, Environment: "dev", Settings: encode(t, block)}
		req.Observed.Deployment = &plans.DeploymentState{Current: plans.DigestOf([]byte("v1"))}
		return req
	}
	put(t, state, string(foreign)+"\n")
	_, err := s.provider(t).Rollback(t.Context(), request(s.block(state)))
	if !errors.Is(err, providers.ErrForeign) || !strings.Contains(err.Error(), foreign.Short()) {
		t.Errorf("something else runs: %v", err)
	}
	if got, _ := os.ReadFile(state); strings.TrimSpace(string(got)) != string(foreign) {
		t.Errorf("it was changed to %s", got)
	}
	block := s.block(state)
	if _, err := s.provider(t).Apply(t.Context(), request(block)); err != nil {
		t.Fatal(err)
	}
	block["rollback_command"] = []string{"sh", "-c", "echo " + string(foreign) + " > " + state}
	_, err = s.provider(t).Rollback(t.Context(), request(block))
	if err == nil || errors.Is(err, providers.ErrForeign) || !strings.Contains(err.Error(), foreign.Short()) {
		t.Errorf("the command brought something else: %v", err)
	}
}
