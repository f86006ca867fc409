package terraform_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/internal/trialprovider"
	"github.com/lockstep-dev/lockstep/providers"
)

// TestAStateThatCouldBeStoredNowhereIsTakenFromTheOutput has a backend refuse
// the state, and a folder in the place of errored.tfstate: Terraform then
// prints the state.
func TestAStateThatCouldBeStoredNowhereIsTakenFromTheOutput(t *testing.T) {
	t.Parallel()
	cloud, backend := trialprovider.NewCloud(t), newStateServer(t)
	p := newMirroredProject(t, cloud.Provider()+fmt.Sprintf(`
terraform {
  backend "http" {
    address   = %q
    retry_max = 0
  }
}
resource "trial_object" "b" { name = "b" }
`, backend.URL))
	p.settings["workspace"] = "default"
	req := p.request(p.observe())
	cloud.Put("b", trialprovider.Fault{Verb: "create", Name: "b", At: "after", HangUntil: "go"})
	ended := make(chan error, 1)
	go func() {
		_, err := p.provider.Apply(context.Background(), req)
		ended <- err
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cloud.Await(ctx, trialprovider.Call{Name: "b", Event: "hanging"})
	backend.refuse(true)
	errored := filepath.Join(p.root, ".lockstep/work/staging/infra%2Fcache/tree/infra/cache/errored.tfstate")
	if err := os.MkdirAll(filepath.Join(errored, "in-the-way"), 0o700); err != nil {
		t.Fatal(err)
	}
	cloud.Release("go")
	if err := <-ended; err == nil {
		t.Fatal("an apply whose state is stored nowhere succeeded")
	}
	if err := os.RemoveAll(errored); err != nil {
		t.Fatal(err)
	}
	backend.refuse(false)
	cloud.Lift("b")
	if _, err := p.tryObserve(); err == nil || !strings.Contains(err.Error(), "could not store") {
		t.Errorf("observe beside an unsaved state returns %v", err)
	}
	req.Recorded = p.recorded
	p.probe(req, providers.Done)
	if again := p.apply(req); again.Changed {
		t.Error("the object was made a second time")
	}
	if made := cloud.EverMade("object", "b"); made != 1 {
		t.Errorf("b was made %d times", made)
	}
}

// TestAStateThatAFullDiskCutOffIsTakenFromTheOutput leaves what Terraform leaves
// on a full disk: a state that ends in its middle, an empty errored.tfstate, and
// the whole state in the output of an apply that failed.
func TestAStateThatAFullDiskCutOffIsTakenFromTheOutput(t *testing.T) {
	t.Parallel()
	p := newProject(t, sized)
	p.input("size", "small")
	req := p.request(p.observe())
	p.apply(req)
	req.Recorded = p.recorded
	state := p.stateOf()
	var dump bytes.Buffer
	if err := json.Compact(&dump, []byte(state)); err != nil {
		t.Fatal(err)
	}
	const attempt, tree = ".lockstep/state/staging/infra%2Fcache/attempts/000001/", ".lockstep/work/staging/infra%2Fcache/tree/infra/cache/"
	said, err := os.ReadFile(filepath.Join(p.root, attempt+"stdout"))
	if err != nil {
		t.Fatal(err)
	}
	p.write(attempt+"stdout", string(said)+`{"@level":"error","type":"state_dump","state":`+dump.String()+"}\n")
	p.write(attempt+"exit.json", `{"code":1}`)
	p.write(tree+"errored.tfstate", "")
	p.write(".lockstep/state/staging/infra%2Fcache/terraform.tfstate", state[:len(state)/2])
	p.probe(req, providers.Done)
	if got := p.stateOf(); !strings.Contains(got, "terraform_data") || len(got) < len(state)/2 {
		t.Errorf("the state is\n%s", got)
	}
	if again := p.apply(req); again.Changed {
		t.Error("the resource was made a second time")
	}
}

// stateServer is Terraform's http backend without locks; it can refuse to
// store.
type stateServer struct {
	*httptest.Server

	mutex   sync.Mutex
	state   []byte
	refuses bool
}

func newStateServer(t *testing.T) *stateServer {
	t.Helper()
	s := &stateServer{}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *stateServer) refuse(refuses bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.refuses = refuses
}

// ServeHTTP implements http.Handler.
func (s *stateServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	switch {
	case r.Method == http.MethodPost && s.refuses:
		http.Error(w, "no room", http.StatusInsufficientStorage)
	case r.Method == http.MethodPost:
		s.state, _ = io.ReadAll(r.Body)
	case len(s.state) == 0:
		w.WriteHeader(http.StatusNotFound)
	default:
		_, _ = w.Write(s.state)
	}
}
