package config_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lockstep-dev/lockstep/internal/config"
)

func lateFiles(database, migration string) fstest.MapFS {
	return fstest.MapFS{
		"project.lockstep.hcl": {Data: []byte(`
environment "dev" {}
variable "hosts" {
  type    = list(string)
  default = ["*.db.internal"]
}
variable "secret" {
  type      = string
  sensitive = true
}
database "shop" {
  driver     = "postgres"
  url        = terraform.db.outputs.url
  migrations = "migrations"
  ` + database + `
}
change_set "c" {
  terraform "db" { source = "infra" }
  migration "shop" {
    database = database.shop
    ` + migration + `
  }
}
`)},
		"infra/main.tf": {}, "migrations/1_a.up.sql": {Data: []byte("SELECT 1;")},
	}
}

func TestBoundsOfALateDatabase(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ database, migration, shown, refused string }{
		"left out they are no settings": {shown: `"table":"schema_migrations"`},
		"hosts":                         {database: `hosts = var.hosts`, shown: `"hosts":["*.db.internal"]`},
		"expected version":              {migration: `expected_version = 3`, shown: `"expected_version":3`},
		"a host with a scheme":          {database: `hosts = ["postgres://db"]`, refused: "is not a pattern of hosts"},
		"a host with a user":            {database: `hosts = ["me@db"]`, refused: "is not a pattern of hosts"},
		"an empty host":                 {database: `hosts = [""]`, refused: "is not a pattern of hosts"},
		"a secret host":                 {database: `hosts = [var.secret]`, refused: "Sensitive value"},
		"a host of the plan itself":     {database: `hosts = [terraform.db.outputs.host]`, refused: "not known while planning"},
		"a version below one":           {migration: `expected_version = 0`, refused: "a whole number from 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, ds := config.Load(lateFiles(c.database, c.migration))
			if !ds.HasErrors() {
				values, more := p.Values("dev", config.ValueInputs{Environ: []string{"LOCKSTEP_VAR_secret=x"}})
				ds = append(ds, more...)
				e, more := p.Evaluate(config.EvaluateRequest{ChangeSet: "c", Environment: "dev", Values: values})
				ds = append(ds, more...)
				shown := string(e.Blocks[0].Settings.Masked())
				if !strings.Contains(shown, c.shown) {
					t.Errorf("settings %s", shown)
				}
				if c.database+c.migration == "" && (strings.Contains(shown, "hosts") || strings.Contains(shown, "expected")) {
					t.Errorf("settings %s", shown)
				}
			}
			switch {
			case c.refused == "" && ds.HasErrors():
				t.Error(ds.Err())
			case c.refused != "" && !ds.HasErrors():
				t.Error("it is not refused")
			case c.refused != "" && !strings.Contains(ds.Err().Error(), c.refused):
				t.Errorf("refused with %v", ds.Err())
			}
		})
	}
}
