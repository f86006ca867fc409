package config_test

import (
	"bytes"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lockstep-dev/lockstep/internal/config"
)

const nativeForm = `
variable "size" {
  type    = string
  default = "small"
}
locals {
  name = "api-${var.size}"
}
environment "dev" {}
environment "prod" {
  depends_on = [environment.dev]
  soak_time  = "1d"
}
database "d" {
  driver     = "sqlite"
  url        = "sqlite://${lockstep.environment}.db"
  migrations = "m"
}
change_set "c" {
  owner = "team:a"
  terraform "t" {
    source = "./infra"
    inputs = { name = local.name, sizes = [for s in ["a", "b"] : upper(s)] }
  }
  migration "m" {
    database = database.d
    version  = 20261109090000
  }
  artifact "file" "a" {
    path = "build/a.tar"
  }
  deployment "exec" "a" {
    artifact   = artifact.file.a
    command    = ["deploy", terraform.t.outputs.url]
    timeout    = "1h30m"
    depends_on = [migration.m]
  }
  check "http" "ready" {
    url = "http://localhost/"
    assert {
      condition     = self.status_code == 200
      error_message = "HTTP ${self.status_code}"
    }
  }
  phase "verify" {
    postconditions = [check.http.ready]
    bake_time      = "10m"
  }
}
`

const jsonForm = `{
  "variable": {"size": {"type": "string", "default": "small"}},
  "locals": {"name": "api-${var.size}"},
  "environment": {"dev": {}, "prod": {"depends_on": ["${environment.dev}"], "soak_time": "1d"}},
  "database": {"d": {"driver": "sqlite", "url": "sqlite://${lockstep.environment}.db", "migrations": "m"}},
  "change_set": {"c": {
    "owner": "team:a",
    "terraform": {"t": {"source": "./infra", "inputs": {"name": "${local.name}", "sizes": "${[for s in [\"a\", \"b\"] : upper(s)]}"}}},
    "migration": {"m": {"database": "${database.d}", "version": 20261109090000}},
    "artifact": {"file": {"a": {"path": "build/a.tar"}}},
    "deployment": {"exec": {"a": {"artifact": "${artifact.file.a}", "command": ["deploy", "${terraform.t.outputs.url}"],
      "timeout": "1h30m", "depends_on": ["${migration.m}"]}}},
    "check": {"http": {"ready": {"url": "http://localhost/",
      "assert": {"condition": "${self.status_code == 200}", "error_message": "HTTP ${self.status_code}"}}}},
    "phase": {"verify": {"postconditions": ["${check.http.ready}"], "bake_time": "10m"}}
  }}
}`

// evaluateForm renders everything that evaluation gives, except the source.
func evaluateForm(t *testing.T, name, src string) string {
	t.Helper()
	fsys := fstest.MapFS{name: &fstest.MapFile{Data: []byte(src)}}
	p := load(t, fsys)
	requireClean(t, p.Validate(), fsys)
	values, ds := p.Values("prod", config.ValueInputs{})
	requireClean(t, ds, fsys)
	evaluated, ds := p.Evaluate(config.EvaluateRequest{ChangeSet: "c", Environment: "prod", Values: values})
	requireClean(t, ds, fsys)
	return describe(evaluated) + describeEnvironments(p)
}

func TestJSONFormEqualsNativeForm(t *testing.T) {
	t.Parallel()
	native := evaluateForm(t, "a.lockstep.hcl", nativeForm)
	if json := evaluateForm(t, "a.lockstep.json", jsonForm); json != native {
		t.Errorf("JSON form:\n%s\nnative form:\n%s", json, native)
	}
	for _, part := range []string{"api-small", `"A","B"`, "prod.db", "20261109090000", "HTTP 503", "migration.m", "prod [dev] 24h0m0s"} {
		if !strings.Contains(native, part) {
			t.Errorf("no %q in:\n%s", part, native)
		}
	}
}

func TestJSONFormIsLimited(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ src, want string }{
		"brackets":        {`{"locals": {"a": ` + strings.Repeat("[", 100_000), "Nesting deeper than 200"},
		"in a template":   {`{"locals": {"a": "${` + strings.Repeat("[", 100_000) + `"}}`, "Nesting deeper than 200"},
		"quoted brackets": {`{"locals": {"a": "` + strings.Repeat("[", 1000) + `"}, "chang_set": {}}`, `"chang_set"`},
		"credential":      {`{"locals": {"a": "AKIAIOSFODNN7EXAMPLE"}}`, "credential"},
		"unquoted":        {`{"change_set": {"c": {"depends_on": ["change_set.c"]}}}`, `"${...}"`},
		"budget":          {`{"locals": {"l": "${range(400)}", "a": "${[for x in local.l : [for y in local.l : 1]]}"}, "change_set": {"c": {}}}`, "Expression too large"},
		"not JSON":        {`{"locals": `, "Missing"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ds, fsys := validate(t, "a.lockstep.json", tt.src)
			if text := rendered(ds, fsys); !strings.Contains(text, tt.want) {
				t.Errorf("no %q in:\n%s", tt.want, cutText(text))
			}
		})
	}
}

func TestFileLimit(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a.lockstep.hcl", "a.lockstep.json"} {
		ds, fsys := validate(t, name, string(bytes.Repeat([]byte("# x\n"), 5<<20)))
		if text := rendered(ds, fsys); !strings.Contains(text, "larger than 1 MiB") {
			t.Errorf("%s: %s", name, cutText(text))
		}
	}
}
