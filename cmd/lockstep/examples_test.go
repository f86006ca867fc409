package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// example is a copy of a folder of testdata/changesets, on its own ports and
// with its own databases.
type example struct {
	dir string
	// environments are the ones that it is planned for and applied in.
	environments []string
	// applied are the commands that apply its change sets, in order.
	applied []application
	// serves asks for the version that an environment serves.
	serves func(t *testing.T, environment string) string
}

// application is one apply or promote, what it exits with, and the version
// that the environment serves after it.
type application struct {
	changeSet, environment string
	exit                   int
	serves                 string
}

// TestExamples validates every project in testdata/changesets, plans each of
// its change sets for each of its environments, and applies them.
func TestExamples(t *testing.T) {
	prepare := map[string][]func(t *testing.T) example{"shop": {shopOnSQLite, shopOnPostgres}}
	folders, err := os.ReadDir("../../testdata/changesets")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		variants := prepare[folder.Name()]
		if len(variants) == 0 {
			t.Errorf("testdata/changesets/%s is not tested: say here how it is prepared", folder.Name())
		}
		for i, prepared := range variants {
			t.Run(fmt.Sprintf("%s/%d", folder.Name(), i), func(t *testing.T) {
				t.Parallel()
				carryThrough(t, prepared(t))
			})
		}
	}
}

func carryThrough(t *testing.T, e example) {
	t.Helper()
	e.run(t, 0, "validate")
	e.run(t, 0, "fmt", "--check")
	for _, changeSet := range e.planEverything(t) {
		if !e.applies(changeSet) {
			t.Errorf("change set %s is planned and never applied", changeSet)
		}
	}
	for _, a := range e.applied {
		e.apply(t, a)
		if got := e.serves(t, a.environment); got != a.serves {
			t.Fatalf("after %s in %s, version %q serves, expected %q", a.changeSet, a.environment, got, a.serves)
		}
	}
}

// planEverything plans what there is and returns the names of the change sets.
func (e example) planEverything(t *testing.T) []string {
	t.Helper()
	var status struct {
		ChangeSets []struct{ Name string } `json:"change_sets"`
	}
	if err := json.Unmarshal(e.run(t, 0, "status", "--json"), &status); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, changeSet := range status.ChangeSets {
		names = append(names, changeSet.Name)
		for _, environment := range e.environments {
			var plan struct{ Steps []json.RawMessage }
			out := e.run(t, 0, "plan", changeSet.Name, "--env", environment, "--json")
			if err := json.Unmarshal(out, &plan); err != nil || len(plan.Steps) == 0 {
				t.Errorf("the plan of %s for %s has no steps (%v)", changeSet.Name, environment, err)
			}
		}
	}
	if len(names) == 0 {
		t.Fatal("the project has no change set")
	}
	return names
}

func (e example) applies(changeSet string) bool {
	for _, a := range e.applied {
		if a.changeSet == changeSet {
			return true
		}
	}
	return false
}

// apply goes the way that users go: promote waits until the change set has
// been healthy long enough in the environment before.
func (e example) apply(t *testing.T, a application) {
	t.Helper()
	const blocked = 3
	confirm := []string{"--auto-approve"}
	if a.environment == "production" {
		confirm = []string{"--confirm", a.environment}
	}
	args := append([]string{"promote", a.changeSet, "--to", a.environment}, confirm...)
	if a.environment == "dev" {
		args = append([]string{"apply", a.changeSet, "--env", a.environment}, confirm...)
	}
	deadline := time.Now().Add(20 * time.Second)
	for {
		out, code := e.lockstep(t, args...)
		if code == a.exit {
			return
		}
		if code != blocked || time.Now().After(deadline) {
			t.Fatalf("lockstep %s: exit code %d, expected %d\n%s", strings.Join(args, " "), code, a.exit, out)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (e example) run(t *testing.T, exit int, args ...string) []byte {
	t.Helper()
	out, code := e.lockstep(t, args...)
	if code != exit {
		t.Fatalf("lockstep %s: exit code %d, expected %d\n%s", strings.Join(args, " "), code, exit, out)
	}
	return out
}

func (e example) lockstep(t *testing.T, args ...string) ([]byte, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(binaries, "lockstep"), args...)
	cmd.Dir = e.dir
	cmd.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+os.DevNull, "CHECKPOINT_DISABLE=1")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	err := cmd.Run()
	t.Logf("%6s lockstep %s", time.Since(began).Round(time.Millisecond), strings.Join(args, " "))
	if err != nil {
		exited, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			t.Fatal(err)
		}
		return append(stdout.Bytes(), stderr.Bytes()...), exited.ExitCode()
	}
	return stdout.Bytes(), 0
}

// shopOnSQLite goes through all environments.
func shopOnSQLite(t *testing.T) example {
	t.Helper()
	e, listen := shop(t, "dev", "staging", "production")
	var status struct{ Environments []string }
	if err := json.Unmarshal(e.run(t, 0, "status", "--json"), &status); err != nil || !slices.Equal(status.Environments, e.environments) {
		t.Fatalf("the project's environments are %v, and %v are tested (%v)", status.Environments, e.environments, err)
	}
	for environment, address := range listen {
		e.setValues(t, environment, address, "sqlite://run/"+environment+"/shop.db")
	}
	return e
}

// shopOnPostgres stays in the first environment: the others differ in nothing
// that depends on the database.
func shopOnPostgres(t *testing.T) example {
	t.Helper()
	e, listen := shop(t, "dev")
	if err := os.Rename(filepath.Join(e.dir, "postgres/database.lockstep.hcl"), filepath.Join(e.dir, "database.lockstep.hcl")); err != nil {
		t.Fatal(err)
	}
	for environment, address := range listen {
		e.setValues(t, environment, address, cluster.Database(t))
	}
	return e
}

// shop copies the example, to be carried through the environments named, and
// returns the address of each environment.
func shop(t *testing.T, environments ...string) (example, map[string]string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../testdata/changesets/shop")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(builtShops(t), filepath.Join(dir, "build")); err != nil {
		t.Fatal(err)
	}
	listen := map[string]string{}
	for _, environment := range []string{"dev", "staging", "production"} {
		if err := os.MkdirAll(filepath.Join(dir, "run", environment), 0o700); err != nil {
			t.Fatal(err)
		}
		listen[environment] = freeAddress(t)
		t.Cleanup(func() { stopService(t, dir, environment) })
	}
	shortenSoak(t, dir)
	e := example{dir: dir, environments: environments, serves: func(t *testing.T, environment string) string {
		t.Helper()
		return get(t, "http://"+listen[environment]+"/version")
	}}
	for _, version := range []struct{ changeSet, serves string }{{"first_shop", "1.0.0"}, {"order_status", "2.0.0"}} {
		for _, environment := range environments {
			e.applied = append(e.applied, application{version.changeSet, environment, 0, version.serves})
		}
	}
	const failedAndRolledBack = 5
	e.applied = append(e.applied, application{"discounts", "dev", failedAndRolledBack, "2.0.0"})
	return e, listen
}

// shortenSoak saves a test the seconds that a reader of the demo may wait.
func shortenSoak(t *testing.T, dir string) {
	t.Helper()
	name := filepath.Join(dir, "environments.lockstep.hcl")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	shorter := bytes.Replace(text, []byte(`"3s"`), []byte(`"1s"`), 1)
	if bytes.Equal(shorter, text) {
		t.Fatal("the example has no soak time of three seconds")
	}
	if err := os.WriteFile(name, shorter, 0o600); err != nil {
		t.Fatal(err)
	}
}

// setValues makes the environment's variables this copy's own.
func (e example) setValues(t *testing.T, environment, listen, database string) {
	t.Helper()
	values := fmt.Sprintf("database_url = %q\nlisten       = %q\nsize         = \"small\"\n", database, listen)
	if err := os.WriteFile(filepath.Join(e.dir, "env", environment+".lockstepvars.hcl"), []byte(values), 0o600); err != nil {
		t.Fatal(err)
	}
}

// shops are the three versions of the service, built by the first who asks.
var shops = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(binaries, "shop")
	for _, version := range []string{"1.0.0", "2.0.0", "3.0.0"} {
		build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X main.version="+version,
			"-o", filepath.Join(dir, version, "shop"), "../../testdata/changesets/shop/service")
		if out, err := build.CombinedOutput(); err != nil {
			return "", fmt.Errorf("build the shop: %w\n%s", err, out)
		}
	}
	return dir, nil
})

func builtShops(t *testing.T) string {
	t.Helper()
	dir, err := shops()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func stopService(t *testing.T, dir, environment string) {
	t.Helper()
	stop := exec.Command("bin/stop")
	stop.Dir = dir
	stop.Env = append(os.Environ(), "LOCKSTEP_ENVIRONMENT="+environment)
	if out, err := stop.CombinedOutput(); err != nil {
		t.Errorf("stop the service of %s: %v\n%s", environment, err, out)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func get(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(body))
}
