package terraform_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/lockstep-dev/lockstep/providers"
)

// store is a server for Terraform's http backend
// (https://developer.hashicorp.com/terraform/language/backend/http).
type store struct {
	mutex  sync.Mutex
	state  []byte
	locked bool
	writes int
}

const storePassword = "st0re-p4ssword"

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if _, password, _ := r.BasicAuth(); password != storePassword {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	body, _ := io.ReadAll(r.Body)
	switch {
	case r.Method == "LOCK" && s.locked:
		w.WriteHeader(http.StatusLocked)
		fmt.Fprint(w, `{"ID":"1","Who":"somebody@else"}`)
	case r.Method == "LOCK":
		s.locked = true
	case r.Method == "UNLOCK":
		s.locked = false
	case r.Method == http.MethodGet && s.state == nil:
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodGet:
		_, _ = w.Write(s.state)
	case r.Method == http.MethodPost:
		s.state = body
		s.writes++
	}
}

func newStoredProject(t *testing.T) (*project, *store) {
	t.Helper()
	s := &store{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	p := newProject(t, "terraform {\n  backend \"http\" {}\n}\n"+sized)
	p.input("size", "small")
	p.settings["workspace"] = "default"
	p.settings["backend_config"] = map[string]any{
		"address": server.URL + "/state", "lock_address": server.URL + "/state", "unlock_address": server.URL + "/state",
		"username": "ci", "password": storePassword,
	}
	return p, s
}

func TestASharedBackendHoldsTheState(t *testing.T) {
	t.Parallel()
	p, s := newStoredProject(t)
	seen := p.observe()
	if s.writes != 0 {
		t.Errorf("observe wrote state %d times", s.writes)
	}
	if !strings.HasPrefix(seen.Identity, "http address=http://") || !strings.HasSuffix(seen.Identity, "workspace default") ||
		strings.Contains(seen.Identity, storePassword) {
		t.Errorf("identity %q", seen.Identity)
	}
	req := p.request(seen)
	p.apply(req)
	if _, err := os.Stat(p.statePath()); !os.IsNotExist(err) {
		t.Error("the state is kept locally as well")
	}
	p.probe(req, providers.Done)
	p.rollback(req)
	p.probe(req, providers.Absent)

	binding, err := p.provider.Observe(t.Context(), providers.ObserveRequest{
		Environment: "staging", Address: "terraform.cache", Settings: p.raw(), BindingOnly: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if binding.Terraform.Lineage == "" || binding.Terraform.Serial == "" || binding.Identity != seen.Identity {
		t.Errorf("binding %+v", binding.Terraform)
	}
}

func TestLocalStateIsKeptForEachEnvironment(t *testing.T) {
	t.Parallel()
	p := newProject(t, sized)
	p.input("size", "small")
	seen := p.observe()
	if want := "local .lockstep/state/staging/infra%2Fcache/terraform.tfstate workspace default"; seen.Identity != want {
		t.Errorf("identity %q, want %q", seen.Identity, want)
	}
	p.apply(p.request(seen))
	binding, err := p.provider.Observe(t.Context(), providers.ObserveRequest{
		Environment: "staging", Address: "terraform.cache", Settings: p.raw(), BindingOnly: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if binding.Identity != seen.Identity || binding.Terraform.Lineage == "" || len(binding.Blobs) > 0 || binding.Terraform.Plan != "" {
		t.Errorf("binding %+v", binding)
	}
	other, err := p.provider.Observe(t.Context(), providers.ObserveRequest{
		Environment: "production", Address: "terraform.cache", Settings: p.raw(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if other.Terraform.Lineage != "" || len(other.Terraform.Changes) != 1 {
		t.Errorf("production sees %+v", other.Terraform)
	}
	p.settings["workspace"] = "blue"
	if blue := p.observe(); blue.Terraform.Workspace != "blue" || blue.Terraform.Lineage != "" {
		t.Errorf("another workspace sees %+v", blue.Terraform)
	}
}

func TestObserveRunsNoProvisioner(t *testing.T) {
	t.Parallel()
	p, g := newGatedProject(t)
	p.observe()
	if g.marks() != 0 {
		t.Error("observe ran a provisioner")
	}
}

// TestAStateThatCouldNotBeStoredIsStoredFirst puts the state of a finished
// apply where Terraform leaves it when the backend fails at the end.
func TestAStateThatCouldNotBeStoredIsStoredFirst(t *testing.T) {
	t.Parallel()
	p := newProject(t, sized)
	p.input("size", "small")
	req := p.request(p.observe())
	p.apply(req)
	errored := filepath.Join(p.root, ".lockstep/work/staging/infra%2Fcache/tree/infra/cache/errored.tfstate")
	if err := os.Rename(p.statePath(), errored); err != nil {
		t.Fatal(err)
	}
	if _, err := p.tryObserve(); err == nil || !strings.Contains(err.Error(), "could not store") {
		t.Errorf("observe beside an unsaved state returns %v", err)
	}
	req.Recorded = p.recorded
	p.probe(req, providers.Done)
	if again := p.apply(req); again.Changed {
		t.Error("the resource was made a second time")
	}
	if _, err := p.tryObserve(); err != nil {
		t.Errorf("observe after the state was stored: %v", err)
	}
}

func TestFilesWithSecretsArePrivateAndDoNotStay(t *testing.T) {
	t.Parallel()
	p, _ := newGatedProject(t)
	p.apply(p.request(p.observe()))
	err := filepath.WalkDir(filepath.Join(p.root, ".lockstep"), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(b), canary) {
			return err
		}
		if strings.Contains(path, ".lockstep/work") {
			t.Errorf("%s holds a secret and stayed", path)
		}
		for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
			info, err := os.Stat(dir)
			if err != nil {
				return err
			}
			if info.Mode().Perm()&0o077 == 0 {
				return nil
			}
			if dir == p.root {
				t.Errorf("%s holds a secret and others may read it", path)
				return nil
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}
