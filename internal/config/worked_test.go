package config_test

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/diag"
	"github.com/lockstep-dev/lockstep/plans"
)

// worked returns the worked example of the language.
func worked(t *testing.T) fstest.MapFS {
	t.Helper()
	fsys := fstest.MapFS{}
	for _, name := range []string{"project.lockstep.hcl", "environments.lockstep.hcl", "changes/order_status.lockstep.hcl", "env/dev.lockstepvars.hcl", "env/production.lockstepvars.hcl"} {
		src, err := os.ReadFile("testdata/worked/" + name)
		if err != nil {
			t.Fatal(err)
		}
		fsys[name] = &fstest.MapFile{Data: src}
	}
	return fsys
}

// load loads a project that must be without errors.
func load(t *testing.T, fsys fstest.MapFS) *config.Project {
	t.Helper()
	p, ds := config.Load(fsys)
	requireClean(t, ds, fsys)
	return p
}

func requireClean(t *testing.T, ds diag.Diagnostics, fsys fstest.MapFS) {
	t.Helper()
	if len(ds) > 0 {
		t.Fatalf("unexpected diagnostics:\n%s", rendered(ds, fsys))
	}
}

func rendered(ds diag.Diagnostics, fsys fstest.MapFS) string {
	var b strings.Builder
	diag.Write(&b, ds, func(name string) []byte {
		if f := fsys[name]; f != nil {
			return f.Data
		}
		return nil
	})
	return b.String()
}

func productionValues(t *testing.T, p *config.Project) *config.Values {
	t.Helper()
	values, ds := p.Values("production", config.ValueInputs{Environ: []string{"LOCKSTEP_VAR_orders_url=postgres://owner:s3cret@db/orders"}})
	requireClean(t, ds, nil)
	return values
}

func TestWorkedExampleEvaluates(t *testing.T) {
	t.Parallel()
	fsys := worked(t)
	p := load(t, fsys)
	requireClean(t, p.Validate(), fsys)
	evaluated, ds := p.Evaluate(config.EvaluateRequest{ChangeSet: "order_status", Environment: "production", Values: productionValues(t, p)})
	requireClean(t, ds, fsys)

	var addresses []string
	blocks := map[string]config.Block{}
	for _, b := range evaluated.Blocks {
		addresses = append(addresses, b.Address)
		blocks[b.Address] = b
	}
	want := []string{"artifact.file.api", "backfill.status_id", "check.http.api_ready", "check.sql.backfill_done", "deployment.exec.api", "migration.orders", "terraform.cache"}
	if !reflect.DeepEqual(addresses, want) {
		t.Errorf("addresses = %v, want %v", addresses, want)
	}
	if got := blocks["deployment.exec.api"].Needs; !reflect.DeepEqual(got, []string{"artifact.file.api", "terraform.cache"}) {
		t.Errorf("needs = %v", got)
	}
	if got := blocks["deployment.exec.api"].Timeout; got != 10*time.Minute {
		t.Errorf("timeout = %v", got)
	}
	if got := blocks["deployment.exec.api"].Settings.Unknowns(); !reflect.DeepEqual(got, []string{
		"artifact.digest", "artifact.path", "artifact.pinned", "environment_variables.CACHE_URL", "environment_variables.IMAGE",
	}) {
		t.Errorf("unknowns = %v", got)
	}
	if got := evaluated.Phases[plans.Verify].BakeTime; got != 10*time.Minute {
		t.Errorf("bake = %v", got)
	}
	if got := evaluated.Phases[plans.Contract].Preconditions; !reflect.DeepEqual(got, []string{"check.sql.backfill_done"}) {
		t.Errorf("preconditions = %v", got)
	}
	assertJSON(t, blocks["migration.orders"].Settings.Masked(), `{"database":{"direct_url":null,"driver":"postgres","lock":"session","lock_timeout":"3s","migrations":"migrations/orders","name":"orders","queries":null,"rehearse":"auto","scratch_url":null,"statement_timeout":"15m0s","table":"schema_migrations","unmanaged":null,"url":"(sensitive value)"},"timeout":null,"version":20261109090000}`)
	if len(evaluated.Databases) != 1 || evaluated.Databases[0].Address != "database.orders" {
		t.Fatalf("databases = %v", evaluated.Databases)
	}
	raw, err := evaluated.Databases[0].Settings.Reveal()
	if err != nil || !strings.Contains(string(raw), "s3cret") {
		t.Errorf("Reveal = %s, %v", raw, err)
	}
	if got := evaluated.Databases[0].Settings.Secrets(); !reflect.DeepEqual(got, []string{"postgres://owner:s3cret@db/orders", "s3cret"}) {
		t.Errorf("secrets = %q", got)
	}
	if src := string(evaluated.Source); !strings.HasPrefix(src, `change_set "order_status" {`) || !strings.HasSuffix(src, "}") {
		t.Errorf("source = %q", src)
	}
}

func assertJSON(t *testing.T, got []byte, want string) {
	t.Helper()
	var a, b any
	if err := json.Unmarshal(got, &a); err != nil {
		t.Fatalf("%v in %s", err, got)
	}
	if err := json.Unmarshal([]byte(want), &b); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a, b) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
