package artifact_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/artifact"
	"github.com/lockstep-dev/lockstep/providers/providertest"
)

const canary = "canary-91ab"

func asSettings(t *testing.T, v map[string]any) json.RawMessage {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func fetchFixture(address, store string, content []byte, settings json.RawMessage) providertest.Fixture {
	stored := filepath.Join(store, plans.DigestOf(content).Hex())
	return providertest.Fixture{
		Step:     plans.Step{Address: address, Action: plans.ActionFetch, Phase: plans.Deploy, Provider: "artifact/file"},
		Settings: settings,
		Observe:  providers.ObserveRequest{Environment: "dev", ChangeSet: "c", Address: address, Settings: settings},
		Secret:   canary,
		Signature: func(t *testing.T) string {
			b, err := os.ReadFile(stored)
			if errors.Is(err, os.ErrNotExist) {
				return "not stored"
			}
			if err != nil {
				t.Fatal(err)
			}
			return "stored " + string(plans.DigestOf(b))
		},
	}
}

func TestConformanceFile(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	store := filepath.Join(root, "store")
	var n atomic.Int64
	providertest.Run(t, providertest.Case{
		New: func(*testing.T) providers.Provider {
			return artifact.NewFile(artifact.Options{Root: root, Store: "store"})
		},
		Target: func(t *testing.T) providertest.Fixture {
			name := fmt.Sprintf("api-%d", n.Add(1))
			content := []byte("program " + name)
			mustWrite(t, filepath.Join(root, name), content)
			settings := asSettings(t, map[string]any{"name": "api", "path": name, "digest": nil})
			fixture := fetchFixture("artifact.file.api", store, content, settings)
			fixture.Crash = func(t *testing.T, _ providers.Provider, _ providers.Request) {
				mustWrite(t, filepath.Join(store, plans.DigestOf(content).Hex()), content[:3])
			}
			fixture.Break = func(t *testing.T) {
				if err := os.Remove(filepath.Join(root, name)); err != nil {
					t.Fatal(err)
				}
				stored := filepath.Join(store, plans.DigestOf(content).Hex())
				if err := os.MkdirAll(stored, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			return fixture
		},
	})
}

func mustWrite(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// repository serves contents by path and can stop in the middle of one.
type repository struct {
	*httptest.Server
	mu       sync.Mutex
	contents map[string][]byte
	half     chan struct{} // closed when half of a body is out; nil: serve all
}

func newRepository(t *testing.T) *repository {
	r := &repository{contents: map[string][]byte{}}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *repository) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	content, half := r.contents[req.URL.Path], r.half
	r.mu.Unlock()
	if req.Header.Get("Authorization") != "Bearer "+canary {
		http.Error(w, "no", http.StatusUnauthorized)
		return
	}
	if half == nil {
		_, _ = w.Write(content)
		return
	}
	_, _ = w.Write(content[:len(content)/2])
	w.(http.Flusher).Flush()
	close(half)
	<-req.Context().Done()
}

func (r *repository) stopHalfWay() (underWay, release func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	half := make(chan struct{})
	r.half = half
	return func() { <-half }, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.half = nil
	}
}

func (r *repository) put(path string, content []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.contents[path] = content
}

func TestConformanceHTTP(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	store := filepath.Join(root, "store")
	var n atomic.Int64
	providertest.Run(t, providertest.Case{
		New: func(*testing.T) providers.Provider {
			return artifact.NewHTTP(artifact.Options{Root: root, Store: "store"})
		},
		Target: func(t *testing.T) providertest.Fixture {
			repo := newRepository(t)
			content := bytes.Repeat(fmt.Appendf(nil, "program %d\n", n.Add(1)), 10000)
			repo.put("/api", content)
			settings := asSettings(t, map[string]any{
				"url":     repo.URL + "/api?token=" + canary,
				"headers": map[string]string{"Authorization": "Bearer " + canary},
			})
			fixture := fetchFixture("artifact.http.api", store, content, settings)
			fixture.Interrupt = func(*testing.T) (func(), func()) { return repo.stopHalfWay() }
			fixture.Crash = func(t *testing.T, _ providers.Provider, req providers.Request) {
				underWay, release := repo.stopHalfWay()
				defer release()
				fetchInAProcessAndKillIt(t, root, req, underWay)
			}
			fixture.Break = func(t *testing.T) {
				repo.Close()
				if err := os.MkdirAll(filepath.Join(store, plans.DigestOf(content).Hex()), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			return fixture
		},
	})
}

const killedVariable = "LOCKSTEP_TEST_FETCH_REQUEST"

type killedRequest struct {
	Root     string
	Step     plans.Step
	Settings json.RawMessage
	Observed plans.Observation
}

func fetchInAProcessAndKillIt(t *testing.T, root string, req providers.Request, underWay func()) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(killedRequest{root, req.Step, req.Settings, req.Observed})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^TestFetchUntilKilled$")
	cmd.Env = append(os.Environ(), killedVariable+"="+string(b))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	underWay()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if cmd.ProcessState.ExitCode() != -1 {
		t.Fatalf("the process ended by itself: %s", cmd.ProcessState)
	}
}

// TestFetchUntilKilled is the process that a crash is tried on.
func TestFetchUntilKilled(t *testing.T) {
	text := os.Getenv(killedVariable)
	if text == "" {
		t.Skip("runs as a process of its own")
	}
	var k killedRequest
	if err := json.Unmarshal([]byte(text), &k); err != nil {
		t.Fatal(err)
	}
	p := artifact.NewHTTP(artifact.Options{Root: k.Root, Store: "store"})
	_, err := p.Apply(t.Context(), providers.Request{Step: k.Step, Settings: k.Settings, Observed: k.Observed})
	t.Fatalf("Apply returned %v before the process was killed", err)
}

func TestFileSources(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	mustWrite(t, filepath.Join(root, "api"), []byte("v1"))
	mustWrite(t, filepath.Join(root, "big"), make([]byte, 65))
	if err := errors.Join(
		os.Mkdir(filepath.Join(root, "site"), 0o700),
		syscall.Mkfifo(filepath.Join(root, "pipe"), 0o600),
		os.Symlink("api", filepath.Join(root, "link")),
	); err != nil {
		t.Fatal(err)
	}
	right := plans.DigestOf([]byte("v1"))
	for _, tc := range []struct {
		name, settings, want string
	}{
		{"file", `{"path":"api"}`, ""},
		{"pinned", `{"path":"api","digest":"` + string(right) + `"}`, ""},
		{"absolute", `{"path":"` + root + `/api"}`, ""},
		{"link", `{"path":"link"}`, ""},
		{"other content", `{"path":"api","digest":"` + string(plans.DigestOf(nil)) + `"}`, "expected " + string(plans.DigestOf(nil))},
		{"malformed digest", `{"path":"api","digest":"sha256:12"}`, "64 lower-case hex"},
		{"folder", `{"path":"site"}`, "pack it with tar -czf site.tar.gz"},
		{"fifo", `{"path":"pipe"}`, "not a regular file"},
		{"device", `{"path":"/dev/zero"}`, "not a regular file"},
		{"missing", `{"path":"nothing"}`, "does not exist; build it first"},
		{"no path", `{}`, "path is empty"},
		{"too large", `{"path":"big"}`, "more than 64 bytes"},
		{"not text", `{"path":7}`, "expected path"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := artifact.NewFile(artifact.Options{Root: root, MaxSize: 64})
			seen, err := p.Observe(t.Context(), providers.ObserveRequest{Address: "artifact.file.api", Settings: json.RawMessage(tc.settings)})
			if tc.want != "" {
				if err == nil || !strings.Contains(err.Error(), tc.want) {
					t.Fatalf("Observe returns %v, expected an error with %q", err, tc.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if *seen.Artifact != (plans.ArtifactState{Digest: right, Size: 2}) {
				t.Errorf("found %+v", *seen.Artifact)
			}
		})
	}
}

func TestChangedContentIsNotStored(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	mustWrite(t, filepath.Join(root, "api"), []byte("v1"))
	p := artifact.NewFile(artifact.Options{Root: root})
	settings := json.RawMessage(`{"path":"api"}`)
	seen, err := p.Observe(t.Context(), providers.ObserveRequest{Address: "a", Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	mustWrite(t, filepath.Join(root, "api"), []byte("v1, but built again"))
	req := providers.Request{Step: plans.Step{Address: "a"}, Settings: settings, Observed: seen.Observation}
	if _, err := p.Apply(t.Context(), req); err == nil || !strings.Contains(err.Error(), "nothing was stored") {
		t.Errorf("Apply returns %v, expected the difference", err)
	}
	var left []string
	_ = filepath.WalkDir(filepath.Join(root, artifact.DefaultStore), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			left = append(left, path)
		}
		return nil
	})
	if len(left) != 0 {
		t.Errorf("the store holds %v", left)
	}
}

func TestOutputs(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	mustWrite(t, filepath.Join(root, "build/api"), []byte("v1"))
	if err := os.Chmod(filepath.Join(root, "build/api"), 0o755); err != nil {
		t.Fatal(err)
	}
	p := artifact.NewFile(artifact.Options{Root: root})
	settings := json.RawMessage(`{"path":"build/api"}`)
	seen, err := p.Observe(t.Context(), providers.ObserveRequest{Address: "a", Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	result, err := p.Apply(t.Context(), providers.Request{Step: plans.Step{Address: "a"}, Settings: settings, Observed: seen.Observation})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, o := range result.Outputs {
		var value string
		if err := json.Unmarshal(o.Value, &value); err != nil {
			t.Fatal(err)
		}
		got[o.Name] = value
	}
	d := string(plans.DigestOf([]byte("v1")))
	if got["digest"] != d || got["pinned"] != "build/api@"+d || got["address"] != "a" {
		t.Errorf("outputs are %v", got)
	}
	if want := ".lockstep/artifacts/" + plans.Digest(d).Hex(); got["path"] != want {
		t.Errorf("path is %q, expected %q: where the project is must not matter", got["path"], want)
	}
	report, err := p.Probe(t.Context(), providers.Request{Step: plans.Step{Address: "a"}, Settings: settings, Observed: seen.Observation})
	if err != nil || strings.Contains(report.Detail, root) || !strings.Contains(report.Detail, got["path"]) {
		t.Errorf("Probe says %q, %v", report.Detail, err)
	}
	info, err := os.Stat(filepath.Join(root, got["path"]))
	if err != nil || info.Mode().Perm() != 0o555 {
		t.Errorf("%s has mode %v, %v, expected an executable", got["path"], info, err)
	}
}

func TestCancelledReading(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	mustWrite(t, filepath.Join(root, "api"), []byte("v1"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := artifact.NewFile(artifact.Options{Root: root}).Observe(ctx, providers.ObserveRequest{Settings: json.RawMessage(`{"path":"api"}`)})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Observe returns %v, expected context.Canceled", err)
	}
}
