package untrusted_test

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lockstep-dev/lockstep/internal/untrusted"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers/database"
	"github.com/lockstep-dev/lockstep/providers/terraform"
)

const project = `
lockstep {
  terraform_policy { allow = ["data.http"] }
}
variable "password" { sensitive = true }
variable "url" {}
environment "dev" {}
environment "production" { depends_on = [environment.dev] }
database "shop" {
  driver     = "postgres"
  url        = var.url
  migrations = "migrations"
}
change_set "first" {
  migration "shop" {
    database = database.shop
    version  = 1
  }
}
change_set "second" {
  description = "second"
  terraform "infra" {
    source = "infra"
    inputs = { password = var.password }
  }
  migration "shop" {
    database = database.shop
    version  = 2
  }
  artifact "file" "app" { path = "app.txt" }
  deployment "directory" "app" {
    path     = "/srv/app"
    artifact = artifact.file.app
  }
}
`

func files() fstest.MapFS {
	all := fstest.MapFS{}
	for name, text := range map[string]string{
		"p.lockstep.hcl":           project,
		"migrations/0001_a.up.sql": "CREATE TABLE orders (id int PRIMARY KEY, state text);", "migrations/0001_a.down.sql": "DROP TABLE orders;",
		"migrations/0002_b.up.sql": "ALTER TABLE orders DROP COLUMN state;",
		"infra/main.tf":            "data \"http\" \"x\" {\n}\n", "infra/terraform.d/plugins/x": "", "deep/er/.tofurc": "", "app.txt": "app",
	} {
		all[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return all
}

func request(fsys fs.FS) untrusted.Request {
	return untrusted.Request{
		Tool: "lockstep test", Version: "dev", Project: fsys, Artifacts: fsys,
		Walk: func(visit func(string, fs.DirEntry)) bool {
			return fs.WalkDir(fsys, ".", func(name string, e fs.DirEntry, err error) error {
				if err == nil && name != "." {
					visit(name, e)
				}
				return err
			}) == nil
		},
		Intrusive: terraform.Intrusive, Modules: terraform.Judge,
		Folder: func(fsys fs.FS, folder string) ([]plans.MigrationFile, []plans.Finding) {
			all, err := database.ReadFolder(fsys, folder)
			if err != nil {
				return nil, []plans.Finding{{Code: "migration-file", Severity: plans.SeverityError, Summary: err.Error()}}
			}
			return all, nil
		},
	}
}

func codes(r untrusted.Report, severity plans.Severity) string {
	var all []string
	for _, f := range r.Findings {
		if f.Severity == severity {
			all = append(all, fmt.Sprintf("%s@%s:%d", f.Code, f.File, f.Line))
		}
	}
	return strings.Join(all, " ")
}

// TestWhatFilesSay: the order is the one of a plan where the change sets
// before are applied, and nothing that a stranger allows is allowed.
func TestWhatFilesSay(t *testing.T) {
	t.Parallel()
	r := untrusted.Make(request(files()))
	if got := codes(r, plans.SeverityError); got != "intrusive-file@deep/er/.tofurc:0 terraform-data-speaks@infra/main.tf:1 intrusive-file@infra/terraform.d:0 terraform-source-refused@infra/terraform.d:0" {
		t.Error(got)
	}
	if got := codes(r, plans.SeverityWarning); !strings.Contains(got, "terraform-policy-allows") || !strings.Contains(got, "@migrations/0002_b.up.sql:1") {
		t.Error(got)
	}
	var got []string
	for _, set := range r.ChangeSets {
		for _, s := range set.Steps {
			got = append(got, fmt.Sprintf("%s %s %s", set.Name, s.Phase, s.Address))
			if s.Settings != nil || s.Inputs != nil {
				t.Errorf("%s holds settings or inputs", s.Address)
			}
		}
	}
	want := []string{
		`first expand migration.shop["0001_a"]`,
		`second expand terraform.infra`, `second deploy artifact.file.app`, `second deploy deployment.directory.app`,
		`second contract migration.shop["0002_b"]`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("order\n%s", strings.Join(got, "\n"))
	}
	if a := r.ChangeSets[1].Artifacts; len(a) != 1 || a[0].Digest != plans.DigestOf([]byte("app")) || a[0].Size != 3 {
		t.Errorf("artifacts %+v", a)
	}
	if r.Looked != (untrusted.Looked{Names: 14, Migrations: 2, Modules: 1, Artifacts: 1}) || len(r.NotLooked) != 5 {
		t.Errorf("looked at %+v, not at %q", r.Looked, r.NotLooked)
	}
}

func TestWhatCannotBeOrderedIsStillJudged(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil func(fstest.MapFS)
		want  []string // codes of errors
	}{
		"language": {func(f fstest.MapFS) { f["changes/x.lockstep.hcl"] = &fstest.MapFile{Data: []byte("nonsense {}")} }, []string{"unsupported-block-type"}},
		"cycle": {func(f fstest.MapFS) {
			f["x.lockstep.hcl"] = &fstest.MapFile{Data: []byte("locals {\n a = local.b\n b = local.a\n}\n")}
		}, []string{"cycle"}},
		"folder":  {func(f fstest.MapFS) { f["migrations/x.sql"] = &fstest.MapFile{Data: []byte("x")} }, []string{"migration-file"}},
		"version": {func(f fstest.MapFS) { delete(f, "migrations/0002_b.up.sql") }, []string{"unknown-version"}},
	} {
		f := files()
		test.spoil(f)
		r := untrusted.Make(request(f))
		for _, code := range test.want {
			if !slices.ContainsFunc(r.Findings, func(f plans.Finding) bool {
				return f.Severity == plans.SeverityError && strings.Contains(f.Code, code)
			}) {
				t.Errorf("%s: no error %s: %s", name, code, codes(r, plans.SeverityError))
			}
		}
		if !strings.Contains(codes(r, plans.SeverityError), "intrusive-file") {
			t.Errorf("%s: names are not looked at", name)
		}
	}
}

func TestNamesThatDoNotExist(t *testing.T) {
	t.Parallel()
	r := request(files())
	r.ChangeSets = []string{"third"}
	if got := codes(untrusted.Make(r), plans.SeverityError); !strings.Contains(got, "unknown-change-set") {
		t.Error(got)
	}
	r = request(files())
	r.Environment = "moon"
	if got := codes(untrusted.Make(r), plans.SeverityError); !strings.Contains(got, "unknown-environment") {
		t.Error(got)
	}
}

// FuzzMake gives it whatever strangers may write: it ends, and says something.
func FuzzMake(f *testing.F) {
	f.Add([]byte(project), []byte("CREATE TABLE x (id int);"), []byte(`data "http" "x" {}`))
	f.Add([]byte(`change_set "x" { migration "y" { database = database.z } }`), []byte("DO $$ $$"), []byte("{{"))
	f.Fuzz(func(t *testing.T, language, sql, module []byte) {
		all := files()
		all["p.lockstep.hcl"] = &fstest.MapFile{Data: language}
		all["migrations/0002_b.up.sql"] = &fstest.MapFile{Data: sql}
		all["infra/main.tf"] = &fstest.MapFile{Data: module}
		all["infra/main.tf.json"] = &fstest.MapFile{Data: module}
		if r := untrusted.Make(request(all)); len(r.NotLooked) == 0 || r.Looked.Names == 0 {
			t.Error("it does not say what it looked at")
		}
	})
}
