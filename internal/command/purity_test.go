package command

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-dev/lockstep/internal/bundle"
	"github.com/lockstep-dev/lockstep/plans"
)

// drawn is a project as files, and what its plans must respect.
type drawn struct {
	files map[string]string
	// after lists, by address, what must come before it.
	after map[string][]string
}

// project draws migrations that build on each other, artifacts, deployments
// and checks that refer to each other, in one or two change sets.
func project(t *rapid.T) drawn {
	p := drawn{files: map[string]string{}, after: map[string][]string{}}
	p.files["project.lockstep.hcl"] = `
variable "host" {
  type    = string
  default = "127.0.0.1"
}

locals {
  base = "http://${var.host}:1"
}

database "main" {
  driver     = "sqlite"
  url        = "sqlite://data/${lockstep.environment}.db"
  migrations = "migrations"
}

environment "dev" {}

environment "live" {
  depends_on = [environment.dev]
  soak_time  = "1h"
}
`
	last := rapid.IntRange(1, 6).Draw(t, "migrations")
	p.migrations(t, last)
	split := rapid.IntRange(0, last).Draw(t, "first version of the second change set")
	if split > 0 && split < last {
		p.changeSet(t, "a", split, nil)
		p.changeSet(t, "b", last, []string{"a"})
	} else {
		p.changeSet(t, "a", last, nil)
	}
	return p
}

func (p *drawn) migrations(t *rapid.T, last int) {
	for v := 1; v <= last; v++ {
		name := fmt.Sprintf("migrations/%04d_step", v)
		p.files[name+".up.sql"] = rapid.SampledFrom([]string{
			fmt.Sprintf("CREATE TABLE t%d (id integer PRIMARY KEY, note text);\n", v),
			fmt.Sprintf("CREATE TABLE u%d (id integer);\nINSERT INTO u%d VALUES (%d);\n", v, v, v),
			fmt.Sprintf("-- lockstep:phase contract no reader is left\nDROP TABLE IF EXISTS old%d;\n", v),
			fmt.Sprintf("CREATE INDEX IF NOT EXISTS i%d ON t1 (id);\n", v),
		}).Draw(t, "up")
		if rapid.Bool().Draw(t, "has down") {
			p.files[name+".down.sql"] = fmt.Sprintf("DROP TABLE IF EXISTS t%d;\n", v)
		}
	}
}

func (p *drawn) changeSet(t *rapid.T, name string, version int, builtOn []string) {
	var blocks []string
	add := func(format string, args ...any) { blocks = append(blocks, fmt.Sprintf(format, args...)) }
	add("migration \"main\" {\n database = database.main\n version = %d\n}\n", version)
	services := rapid.IntRange(0, 4).Draw(t, "services")
	for i := range services {
		id := fmt.Sprintf("%s%d", name, i)
		p.files["build/"+id] = rapid.StringN(1, 20, -1).Draw(t, "content")
		add("artifact \"file\" %q {\n path = \"build/%s\"\n}\n", id, id)
		p.after["deployment.directory."+id] = []string{"artifact.file." + id}
		p.after["check.http."+id] = []string{"deployment.directory." + id}
		depends := ""
		if i > 0 {
			before := fmt.Sprintf("deployment.directory.%s%d", name, rapid.IntRange(0, i-1).Draw(t, "behind"))
			depends = fmt.Sprintf(" depends_on = [%s]\n", before)
			p.after["deployment.directory."+id] = append(p.after["deployment.directory."+id], before)
		}
		add("deployment \"directory\" %q {\n artifact = artifact.file.%s\n path = \"run/${lockstep.environment}/%s\"\n"+
			" environment_variables = { PINNED = artifact.file.%s.pinned, HOST = var.host, A = \"1\", Z = \"2\" }\n%s}\n", id, id, id, id, depends)
		add("check \"http\" %q {\n url = \"${local.base}/%s\"\n depends_on = [deployment.directory.%s]\n"+
			" assert {\n  condition = self.status_code == 200\n  error_message = \"not ready\"\n }\n}\n", id, id, id)
	}
	if services > 0 {
		add("phase \"verify\" {\n postconditions = [check.http.%s0]\n bake_time = \"1m\"\n}\n", name)
	}
	blocks = rapid.Permutation(blocks).Draw(t, "order of blocks")
	head := ""
	for _, other := range builtOn {
		head += fmt.Sprintf("depends_on = [change_set.%s]\n", other)
	}
	p.files["changes/"+name+".lockstep.hcl"] = fmt.Sprintf("change_set %q {\n%s%s}\n", name, head, strings.Join(blocks, ""))
}

// written puts the files into a new folder, in an order of its own.
func (p drawn) written(t *rapid.T, parent string, seed uint64) string {
	dir, err := os.MkdirTemp(parent, "project")
	if err != nil {
		t.Fatal(err)
	}
	names := slices.Sorted(maps.Keys(p.files))
	r := rand.New(rand.NewPCG(seed, 1))
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(p.files[name]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// said is everything that a plan command leaves behind.
type said struct {
	code           int
	stdout, stderr string
	bundle         []byte
}

func planIn(t *rapid.T, dir, changeSet, environment string) said {
	var out, problems bytes.Buffer
	code := Main([]string{"--chdir", dir, "plan", changeSet, "--env", environment, "--json", "--out", "it.plan"},
		Host{Stdin: os.Stdin, Stdout: &out, Stderr: &problems})
	s := said{code: code, stdout: out.String(), stderr: problems.String()}
	if code != 0 {
		return s
	}
	var err error
	if s.bundle, err = os.ReadFile(filepath.Join(dir, "it.plan")); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestPlansDependOnNothingElse: the same files give the same plan, byte for
// byte, in another folder and created in another order.
func TestPlansDependOnNothingElse(t *testing.T) {
	parent := t.TempDir()
	t.Chdir(parent)
	planned, refused := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		p := project(rt)
		changeSet := "a"
		if _, two := p.files["changes/b.lockstep.hcl"]; two {
			changeSet = rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "change set")
		}
		environment := rapid.SampledFrom([]string{"dev", "live"}).Draw(rt, "environment")
		seed := rapid.Uint64().Draw(rt, "order of files")
		first := planIn(rt, p.written(rt, parent, seed), changeSet, environment)
		second := planIn(rt, p.written(rt, parent, seed+1), changeSet, environment)
		if first.code != second.code || first.stdout != second.stdout || first.stderr != second.stderr {
			rt.Fatalf("two folders, two answers:\n%d %s%s\n%d %s%s",
				first.code, first.stdout, first.stderr, second.code, second.stdout, second.stderr)
		}
		if !bytes.Equal(first.bundle, second.bundle) {
			rt.Fatal("two folders, two bundles")
		}
		if first.code != 0 {
			refused++
			return
		}
		planned++
		b, err := bundle.Decode(first.bundle)
		if err != nil {
			rt.Fatal(err)
		}
		p.inOrder(rt, b.Plan)
	})
	if planned < refused {
		t.Errorf("%d projects were planned and %d refused: the property is hardly tried", planned, refused)
	}
	t.Logf("%d planned, %d refused", planned, refused)
}

// inOrder: phases do not go back, what a step needs comes before it, and so
// does what the author's references and depends_on say.
func (p drawn) inOrder(t *rapid.T, plan *plans.Plan) {
	place := map[string]int{}
	version := ""
	for i, s := range plan.Steps {
		place[s.Address] = i
		if i > 0 && s.Phase.Before(plan.Steps[i-1].Phase) {
			t.Fatalf("%s in %s stands after %s", s.Address, s.Phase, plan.Steps[i-1].Phase)
		}
		needs := s.Needs
		for _, address := range p.after[s.Address] {
			if plan.Step(address) != nil {
				needs = append(needs, address)
			}
		}
		for _, address := range needs {
			if at, before := place[address]; !before || at == i {
				t.Fatalf("%s needs %s, which does not come before", s.Address, address)
			}
		}
		if s.Migration != nil {
			if len(s.Migration.Version) < len(version) || len(s.Migration.Version) == len(version) && s.Migration.Version <= version {
				t.Fatalf("version %s after %s", s.Migration.Version, version)
			}
			version = s.Migration.Version
		}
	}
}
