package terraform_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/tfpolicy"
	"github.com/lockstep-dev/lockstep/providers/terraform"
)

// TestAPlanSpeaksToNobody plans what sends a file to a server of its choosing:
// nothing is sent, and nothing of the file is told.
func TestAPlanSpeaksToNobody(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		w.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(server.Close)
	secret := filepath.Join(t.TempDir(), "canary")
	if err := os.WriteFile(secret, []byte("Canary-File"), 0o600); err != nil {
		t.Fatal(err)
	}
	speaking := `data "terraform_remote_state" "x" {
  backend = "http"
  config  = { address = "` + server.URL + `/${local.found}" }
}
`
	reading := "locals { found = file(" + strconv.Quote(secret) + ") }\n"
	for name, text := range map[string]string{
		"a file into a request": reading + speaking,
		"a file into an output": reading + "output \"found\" { value = local.found }\n",
		"a request alone":       "locals { found = \"x\" }\n" + speaking,
	} {
		p := newProject(t, text)
		_, err := p.tryObserve()
		if !errors.Is(err, terraform.ErrForbidden) || !strings.Contains(err.Error(), "infra/cache/main.tf:") || strings.Contains(err.Error(), "Canary-File") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(filepath.Join(p.root, ".lockstep/work/staging/infra%2Fcache/tree")); !os.IsNotExist(err) {
			t.Errorf("%s: a working folder was laid: %v", name, err)
		}
	}
	if n := requests.Load(); n != 0 {
		t.Errorf("%d requests were sent", n)
	}

	// The operator may allow it: then the very same plan asks the server.
	p := newProject(t, "locals { found = \"x\" }\n"+speaking)
	p.provider = openWith(t, p.root, terraform.Options{Policy: tfpolicy.Policy{Allow: []string{"data.terraform_remote_state"}}})
	if _, err := p.tryObserve(); errors.Is(err, terraform.ErrForbidden) || requests.Load() == 0 {
		t.Errorf("%d requests were sent, and the plan says %v", requests.Load(), err)
	}
}

// TestAProgramOfTheHomeFolderIsNotRun installs a provider that leaves a mark
// where Terraform looks by itself.
func TestAProgramOfTheHomeFolderIsNotRun(t *testing.T) {
	home, mark := t.TempDir(), filepath.Join(t.TempDir(), "mark")
	t.Setenv("HOME", home)
	t.Setenv("XDG_DATA_HOME", home)
	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		plant(t, filepath.Join(home, ".terraform.d/plugins", host, "evil/mark/0.1.0", platform()), mark)
	}
	const text = "terraform {\n  required_providers {\n    mark = {\n      source = \"evil/mark\"\n    }\n  }\n}\nresource \"mark_x\" \"x\" {}\n"
	p := newProject(t, text)
	p.provider = openWith(t, p.root, terraform.Options{PluginMirror: t.TempDir()}) // no registry is asked
	if _, err := p.tryObserve(); err == nil {
		t.Error("a plan without its provider succeeds")
	}
	if _, err := os.Stat(mark); !os.IsNotExist(err) {
		t.Fatalf("the program was run: %v", err)
	}
	// With the home that the operator names it is: the script is a provider.
	p = newProject(t, text)
	p.provider = openWith(t, p.root, terraform.Options{Home: home})
	if _, err := p.tryObserve(); err == nil {
		t.Error("a plan with a script for a provider succeeds")
	}
	if _, err := os.Stat(mark); err != nil {
		t.Errorf("the home that was named is not used: %v", err)
	}
}

// TestAFolderOfProgramsIsRefused brings the provider in the module itself.
func TestAFolderOfProgramsIsRefused(t *testing.T) {
	t.Parallel()
	mark := filepath.Join(t.TempDir(), "mark")
	p := newProject(t, "terraform {\n  required_providers {\n    mark = {\n      source = \"evil/mark\"\n    }\n  }\n}\n")
	plant(t, filepath.Join(p.root, "infra/cache/terraform.d/plugins/registry.terraform.io/evil/mark/0.1.0", platform()), mark)
	if _, err := p.tryObserve(); err == nil || !strings.Contains(err.Error(), "terraform.d") {
		t.Errorf("observe: %v", err)
	}
	if _, err := os.Stat(mark); !os.IsNotExist(err) {
		t.Errorf("the program was run: %v", err)
	}
}

// plant writes a provider that is a script.
func plant(t *testing.T, dir, mark string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\ntouch " + mark + "\nexit 1\n"
	if err := os.WriteFile(filepath.Join(dir, "terraform-provider-mark_v0.1.0"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
}

func platform() string { return runtime.GOOS + "_" + runtime.GOARCH }
