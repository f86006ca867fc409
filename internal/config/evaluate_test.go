package config_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/lockstep-dev/lockstep/internal/config"
)

// evaluate evaluates change set c of one file in environment dev.
func evaluate(t *testing.T, fsys fstest.MapFS, exports map[string]config.Export) map[string]config.Block {
	t.Helper()
	p := load(t, fsys)
	values, ds := p.Values("dev", config.ValueInputs{Environ: []string{"LOCKSTEP_VAR_secret=hush"}})
	requireClean(t, ds, fsys)
	evaluated, ds := p.Evaluate(config.EvaluateRequest{ChangeSet: "c", Environment: "dev", Values: values, Exports: exports})
	requireClean(t, ds, fsys)
	blocks := map[string]config.Block{}
	for _, b := range append(evaluated.Databases, evaluated.Blocks...) {
		blocks[b.Address] = b
	}
	return blocks
}

const lateProject = `
variable "secret" { sensitive = true }
environment "dev" {}
locals { url = terraform.db.outputs.url }
database "d" {
  driver     = "postgres"
  url        = local.url
  migrations = "./m"
}
change_set "c" {
  terraform "db" { source = "infra" }
  migration "m" { database = database.d }
  artifact "file" "a" { path = "a.tar" }
  deployment "directory" "a" {
    artifact              = artifact.file.a
    path                  = "/srv/app"
    environment_variables = { TOKEN = "t-${var.secret}", URL = terraform.db.outputs.url, PLAIN = "p" }
  }
}`

func oneFile(src string) fstest.MapFS { return project(map[string]string{"a.lockstep.hcl": src}) }

func TestUnknownUntilExported(t *testing.T) {
	t.Parallel()
	blocks := evaluate(t, oneFile(lateProject), nil)
	deployment := blocks["deployment.directory.a"].Settings
	assertJSON(t, deployment.Masked(), `{"artifact":{"address":"artifact.file.a","digest":"(known after apply)","path":"(known after apply)","pinned":"(known after apply)"},
		"environment_variables":{"PLAIN":"p","TOKEN":"(sensitive value)","URL":"(known after apply)"},
		"keep":5,"path":"/srv/app","restart_command":null,"stop_command":null,"timeout":null}`)
	if _, err := deployment.Reveal(); err == nil || !strings.Contains(err.Error(), "artifact.digest") || strings.Contains(err.Error(), "hush") {
		t.Errorf("Reveal: %v", err)
	}
	if got := blocks["migration.m"].Needs; !reflect.DeepEqual(got, []string{"database.d", "terraform.db"}) {
		t.Errorf("a migration needs what its database needs: %v", got)
	}
	if blocks["database.d"].Settings.Known() {
		t.Error("the database's URL is known too early")
	}

	blocks = evaluate(t, oneFile(lateProject), map[string]config.Export{
		"terraform.db":    {Sensitive: map[string]json.RawMessage{"url": json.RawMessage(`"postgres://u:pw%21@h/d"`)}},
		"artifact.file.a": {Known: map[string]json.RawMessage{"digest": json.RawMessage(`"sha256:x"`), "path": json.RawMessage(`"/b"`), "pinned": json.RawMessage(`"p"`)}},
	})
	deployment = blocks["deployment.directory.a"].Settings
	if raw, err := deployment.Reveal(); err != nil || !strings.Contains(string(raw), `"TOKEN":"t-hush","URL":"postgres://u:pw%21@h/d"`) {
		t.Errorf("Reveal = %s, %v", raw, err)
	}
	if got := deployment.Secrets(); !reflect.DeepEqual(got, []string{"postgres://u:pw%21@h/d", "pw!", "pw%21", "t-hush"}) {
		t.Errorf("secrets = %q", got)
	}
	if got := blocks["database.d"].Settings.Text("url"); got != "postgres://u:pw%21@h/d" {
		t.Errorf("url = %q", got)
	}
	if got := string(blocks["database.d"].Settings.Masked()); strings.Contains(got, "pw") {
		t.Errorf("masked = %s", got)
	}
}

func TestMaskedURLPasswords(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"postgres://u:hush@h/d":                   "postgres://u:***@h/d",
		"postgres://h/d?user=u&password=hush&x=1": "postgres://h/d?user=u&password=***&x=1",
		"host=h password=hush dbname=d":           "host=h password=*** dbname=d",
		"https://h:8080/a@b":                      "https://h:8080/a@b",
	} {
		blocks := evaluate(t, oneFile(strings.Replace(lateProject, "terraform.db.outputs.url }\ndatabase", "\""+"${var.x}"+"\" }\nvariable \"x\" { default = "+quoteParts(url)+" }\ndatabase", 1)), nil)
		var masked struct{ URL string }
		if err := json.Unmarshal(blocks["database.d"].Settings.Masked(), &masked); err != nil || masked.URL != want {
			t.Errorf("%s: masked = %q, want %q (%v)", url, masked.URL, want, err)
		}
	}
}

// quoteParts writes a text so that no single literal looks like a credential.
func quoteParts(s string) string {
	half := strings.Index(s, "h")
	return `join("", ["` + s[:half] + `", "` + s[half:half+2] + `", "` + s[half+2:] + `"])`
}

func TestFilesThatExpressionsReadAreRecorded(t *testing.T) {
	t.Parallel()
	fsys := project(map[string]string{
		"a.lockstep.hcl": `
environment "dev" {}
change_set "c" {
  check "exec" "a" {
    command = concat([file("f.txt"), templatefile("t.txt", { who = "you" })], sort(fileset("d", "**/*.sql")))
  }
}`,
		"f.txt": "F", "t.txt": "hi ${who}", "d/1.sql": "", "d/x/2.sql": "", "d/3.txt": "", "unread.txt": "",
	})
	p := load(t, fsys)
	evaluated, ds := p.Evaluate(config.EvaluateRequest{ChangeSet: "c", Environment: "dev"})
	requireClean(t, ds, fsys)
	command, _ := evaluated.Blocks[0].Settings.Get("command")
	var got []string
	for _, v := range command.AsValueSlice() {
		got = append(got, v.AsString())
	}
	if want := []string{"F", "hi you", "1.sql", "x/2.sql"}; !reflect.DeepEqual(got, want) {
		t.Errorf("command = %q, want %q", got, want)
	}
	bundle := fstest.MapFS{}
	for _, f := range p.Sources() {
		bundle[f.Path] = &fstest.MapFile{Data: f.Bytes}
	}
	if bundle["unread.txt"] != nil || len(bundle) != 5 {
		t.Errorf("recorded = %v", bundle)
	}
	again, ds := load(t, bundle).Evaluate(config.EvaluateRequest{ChangeSet: "c", Environment: "dev"})
	requireClean(t, ds, bundle)
	if describe(again) != describe(evaluated) {
		t.Error("the bundle evaluates to something else")
	}
}

func TestSymbolicLinksDoNotLeaveTheProject(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, src string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "p"), 0o700); err != nil {
		t.Fatal(err)
	}
	write("secret", "s3cret")
	write("p/real", "inside")
	write("p/a.lockstep.hcl", "change_set \"c\" {\n  check \"exec\" \"a\" {\n    command = [file(\"in\"), try(file(\"out\"), \"refused\"), try(file(\"abs\"), \"refused\")]\n  }\n}\n")
	for link, target := range map[string]string{"p/in": "real", "p/out": "../secret", "p/abs": filepath.Join(dir, "secret")} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	p, ds := config.Load(os.DirFS(filepath.Join(dir, "p")))
	requireClean(t, ds, nil)
	evaluated, ds := p.Evaluate(config.EvaluateRequest{ChangeSet: "c"})
	requireClean(t, ds, nil)
	if got := string(evaluated.Blocks[0].Settings.Masked()); !strings.Contains(got, `["inside","refused","refused"]`) {
		t.Errorf("settings = %s", got)
	}
}

func TestAssertions(t *testing.T) {
	t.Parallel()
	const src = `
variable "secret" { sensitive = true }
environment "dev" {}
change_set "c" {
  check "exec" "a" {
    command = ["x"]
    assert {
      condition     = self.exit_code == 0 && length(regexall("ok", self.stdout)) > 0
      error_message = "exit ${self.exit_code}"
    }
    assert {
      condition     = self.stdout == var.secret
      error_message = "expected ${var.secret}"
    }
  }
}`
	asserts := evaluate(t, oneFile(src), nil)["check.exec.a"].Asserts
	if len(asserts) != 2 || asserts[1].Source != "self.stdout == var.secret" || asserts[1].Range.Start.Line != 12 {
		t.Fatalf("asserts = %+v", asserts)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if ok, message, ds := asserts[0].Eval(map[string]any{"exit_code": 2, "stdout": ""}); ok || message != "exit 2" || ds != nil {
				t.Errorf("got %v %q %v", ok, message, ds)
			}
			if ok, _, ds := asserts[0].Eval(map[string]any{"exit_code": 0, "stdout": "all ok"}); !ok || ds != nil {
				t.Errorf("got %v %v", ok, ds)
			}
			if ok, message, _ := asserts[1].Eval(map[string]any{"stdout": "x"}); ok || message != "(sensitive value)" {
				t.Errorf("got %v %q", ok, message)
			}
		})
	}
	group.Wait()
	if ok, _, ds := asserts[1].Eval(map[string]any{}); ok || !ds.HasErrors() {
		t.Errorf("a missing attribute is an error, not false: %v", ds)
	}
}
