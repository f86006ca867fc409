package config_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/plans"
)

func project(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, src := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(src)}
	}
	return fsys
}

func record(t *testing.T, values *config.Values) map[string]plans.Variable {
	t.Helper()
	byName := map[string]plans.Variable{}
	for _, v := range values.Record() {
		byName[v.Name] = v
	}
	return byName
}

func TestPrecedenceOfValues(t *testing.T) {
	t.Parallel()
	fsys := project(map[string]string{
		"p.lockstep.hcl": `
variable "a" { default = "default" }
variable "b" { default = "default" }
variable "c" { default = "default" }
variable "d" { default = "default" }
variable "e" { default = "default" }
variable "f" { default = "default" }
variable "list" { type = list(string) }
environment "dev" {
  var_files = ["env/dev.lockstepvars.hcl"]
  variables = { e = "inline", f = "inline" }
}`,
		"1.auto.lockstepvars.hcl":  "b = \"auto1\"\nc = \"auto1\"\nd = \"auto1\"",
		"2.auto.lockstepvars.hcl":  "c = \"auto2\"\nd = \"auto2\"",
		"env/dev.lockstepvars.hcl": "d = \"env\"\ne = \"env\"",
		"more.lockstepvars.hcl":    "f = \"file\"\n",
	})
	p := load(t, fsys)
	values, ds := p.Values("dev", config.ValueInputs{
		Environ: []string{"LOCKSTEP_VAR_a=machine", "LOCKSTEP_VAR_b=machine", "LOCKSTEP_VAR_list=[\"x\", \"y\"]", "LOCKSTEP_VAR_zz=ignored"},
		Flags:   []config.Assignment{{Name: "f", Value: "flag"}, {File: "more.lockstepvars.hcl"}},
	})
	requireClean(t, ds, fsys)
	got := record(t, values)
	want := map[string][2]string{
		"a": {`"machine"`, "env:LOCKSTEP_VAR_a"}, "b": {`"auto1"`, "file:1.auto.lockstepvars.hcl"}, "c": {`"auto2"`, "file:2.auto.lockstepvars.hcl"},
		"d": {`"env"`, "file:env/dev.lockstepvars.hcl"}, "e": {`"inline"`, "environment:dev"}, "f": {`"file"`, "file:more.lockstepvars.hcl"},
		"list": {`["x","y"]`, "env:LOCKSTEP_VAR_list"},
	}
	for name, w := range want {
		if string(got[name].Value) != w[0] || got[name].Source != w[1] {
			t.Errorf("%s = %s from %s, want %s from %s", name, got[name].Value, got[name].Source, w[0], w[1])
		}
	}
}

const secretProject = `
variable "plain" { type = map(number) }
variable "token" {
  type      = string
  sensitive = true
}
environment "dev" {}
change_set "c" {
  check "exec" "a" {
    command = ["ask", "Bearer ${var.token}", tostring(var.plain.n)]
  }
}`

func TestRestoredValuesAreThePlansOwn(t *testing.T) {
	t.Parallel()
	fsys := project(map[string]string{"p.lockstep.hcl": secretProject})
	p := load(t, fsys)
	for source, in := range map[string]config.ValueInputs{
		"env:LOCKSTEP_VAR_token": {Environ: []string{"LOCKSTEP_VAR_token=s3cret"}},
		"flag":                   {Flags: []config.Assignment{{Name: "token", Value: "s3cret"}}},
		"file:/outside/secrets":  {Flags: []config.Assignment{{File: "/outside/secrets"}}, ReadFile: outside},
	} {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			first := in
			first.Flags = append([]config.Assignment{{Name: "plain", Value: "{ n = 7 }"}}, in.Flags...)
			values, ds := p.Values("dev", first)
			requireClean(t, ds, fsys)
			rec := values.Record()
			if b, _ := json.Marshal(rec); strings.Contains(string(b), "s3cret") || !strings.Contains(string(b), source) {
				t.Fatalf("record = %s", b)
			}
			in.Environ = append(in.Environ, "LOCKSTEP_VAR_plain={ n = 8 }")
			restored, ds := p.RestoreValues("dev", rec, in)
			requireClean(t, ds, fsys)
			if !reflect.DeepEqual(commandOf(t, p, restored), []any{"ask", "Bearer s3cret", "7"}) {
				t.Errorf("command = %v", commandOf(t, p, restored))
			}
			_, ds = p.RestoreValues("dev", rec, config.ValueInputs{ReadFile: nowhere})
			if err := ds.Err(); err == nil || !strings.Contains(err.Error(), `No value for sensitive variable "token"`) {
				t.Errorf("without the source: %v", err)
			}
		})
	}
}

func outside(name string) ([]byte, error) {
	if name == "/outside/secrets" {
		return []byte(`token = "s3cret"`), nil
	}
	return nil, fs.ErrNotExist
}

func nowhere(name string) ([]byte, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("gone")}
}

func commandOf(t *testing.T, p *config.Project, values *config.Values) []any {
	t.Helper()
	evaluated, ds := p.Evaluate(config.EvaluateRequest{ChangeSet: "c", Environment: "dev", Values: values})
	requireClean(t, ds, nil)
	if masked := string(evaluated.Blocks[0].Settings.Masked()); strings.Contains(masked, "s3cret") {
		t.Errorf("masked = %s", masked)
	}
	raw, err := evaluated.Blocks[0].Settings.Reveal()
	if err != nil {
		t.Fatal(err)
	}
	var settings struct{ Command []any }
	if err := json.Unmarshal(raw, &settings); err != nil {
		t.Fatal(err)
	}
	return settings.Command
}

func TestBadValues(t *testing.T) {
	t.Parallel()
	const src = `
variable "n" { type = number }
variable "l" {
  type    = list(number)
  default = []
}
variable "s" {
  type      = number
  sensitive = true
  default   = null
}
variable "u" {
  default = "https://x"
  validation {
    condition     = startswith(var.u, "https://") || lockstep.environment == "dev"
    error_message = "u must use https, found ${var.u}."
  }
}
environment "dev" {}
environment "prod" { var_files = ["prod.lockstepvars.hcl"] }
environment "none" { var_files = ["none.lockstepvars.hcl"] }
environment "leak" { variables = { s = 1 } }
`
	fsys := project(map[string]string{"p.lockstep.hcl": src, "prod.lockstepvars.hcl": "n = 1\nm = 2\n"})
	p := load(t, fsys)
	tests := map[string]struct {
		env  string
		in   config.ValueInputs
		want []string
	}{
		"missing":             {"dev", config.ValueInputs{}, []string{`No value for variable "n" in environment "dev"`, "LOCKSTEP_VAR_n"}},
		"wrong type":          {"dev", config.ValueInputs{Flags: []config.Assignment{{Name: "n", Value: "[1]"}}}, []string{`Invalid value of variable "n"`, "number"}},
		"not an expression":   {"dev", config.ValueInputs{Flags: []config.Assignment{{Name: "l", Value: "1 +"}}}, []string{"not an expression"}},
		"function":            {"dev", config.ValueInputs{Flags: []config.Assignment{{Name: "l", Value: "abs(1)"}}}, []string{"not a plain value"}},
		"nested":              {"dev", config.ValueInputs{Flags: []config.Assignment{{Name: "l", Value: strings.Repeat("[", 100_000)}}}, []string{"nested deeper"}},
		"secret":              {"dev", config.ValueInputs{Environ: []string{"LOCKSTEP_VAR_s=hunter2", "LOCKSTEP_VAR_n=1"}}, []string{`Invalid value of variable "s"`}},
		"unknown flag":        {"dev", config.ValueInputs{Flags: []config.Assignment{{Name: "nn", Value: "1"}, {Name: "n", Value: "1"}}}, []string{`No variable "nn"`, "--var"}},
		"unknown environment": {"pord", config.ValueInputs{}, []string{`No environment "pord"`, `Did you mean "prod"?`}},
		"missing file":        {"none", config.ValueInputs{}, []string{`No file of values "none.lockstepvars.hcl"`}},
		"secret inline":       {"leak", config.ValueInputs{}, []string{`Sensitive variable "s" has a value in environment "leak"`}},
		"validation":          {"prod", config.ValueInputs{Flags: []config.Assignment{{Name: "u", Value: "http://x"}}}, []string{"u must use https, found http://x."}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, ds := p.Values(tt.env, tt.in)
			text := rendered(ds, fsys)
			if !ds.HasErrors() || strings.Contains(text, "hunter2") {
				t.Errorf("diagnostics:\n%s", text)
			}
			for _, want := range tt.want {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in:\n%s", want, text)
				}
			}
		})
	}
	values, ds := p.Values("prod", config.ValueInputs{})
	if text := rendered(ds, fsys); ds.HasErrors() || !strings.Contains(text, `No variable "m"`) || strings.Contains(text, "m = 2") {
		t.Errorf("an undeclared name in a file warns, and shows no line of it:\n%s", text)
	}
	if got := record(t, values)["n"]; string(got.Value) != "1" {
		t.Errorf("n = %s", got.Value)
	}
}

func TestOpenValuesAreNotGiven(t *testing.T) {
	t.Parallel()
	p, ds := config.Load(project(map[string]string{
		"p.lockstep.hcl": `
variable "missing" {}
variable "secret" { sensitive = true }
variable "usual" { default = "usual" }
environment "dev" {}
`,
		"x.auto.lockstepvars.hcl": `secret = "Canary-File"`,
	}))
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	values, ds := p.Values("dev", config.ValueInputs{Open: true})
	if ds.HasErrors() {
		t.Error(ds)
	}
	if got := record(t, values); len(got) != 1 || got["usual"].Name == "" || len(values.Secrets()) != 0 {
		t.Errorf("known: %+v, secrets %q", got, values.Secrets())
	}
	if _, ds := p.Values("dev", config.ValueInputs{}); !ds.HasErrors() {
		t.Error("a missing value is no error where values are needed")
	}
}
