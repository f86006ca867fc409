package contestant

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/internal/bench/corpus"
	"github.com/lockstep-dev/lockstep/internal/bench/process"
	"github.com/lockstep-dev/lockstep/internal/pgtest"
)

var cluster = pgtest.NewCluster(pgtest.Options{})

func TestMain(m *testing.M) { os.Exit(cluster.Main(m)) }

func url(database string) string { return "postgres://postgres@/" + database + "?host=/tmp" }

func TestCommands(t *testing.T) {
	t.Parallel()
	job := Job{Dir: "/files", Server: url, Database: "shop"}
	careful := job
	careful.LockTimeout = time.Second
	const limited = "postgres://postgres@/shop?host=/tmp&lock_timeout=1000"
	want := map[string][]string{
		"golang-migrate": {"program", "-path", "/files", "-database", limited, "up"},
		"goose":          {"program", "-dir", "/files", "postgres", limited, "up"},
		"tern":           {"program", "migrate", "-m", "/files", "--conn-string", limited},
		"dbmate":         {"program", "--url", limited, "-d", "/files", "--no-dump-schema", "migrate"},
	}
	for _, p := range peers() {
		if p.tool == nil {
			continue
		}
		tool := p.tool("program")
		if got := tool.Apply(careful).Args; !slices.Equal(got, want[p.name]) {
			t.Errorf("%s: got %q\nwant %q", p.name, got, want[p.name])
		}
		if got := tool.Apply(job).Args; slices.Contains(got, limited) || !slices.Contains(got, url("shop")) {
			t.Errorf("%s as it comes has a lock timeout: %q", p.name, got)
		}
		if status, ok := tool.Status(job); !ok || !slices.Contains(status.Args, url("shop")) {
			t.Errorf("%s: status is %q", p.name, status.Args)
		}
	}
	each, once := Psql("/bin", "15")
	if got := each.Apply(careful).Env; !slices.Equal(got, []string{"PGOPTIONS=-c lock_timeout=1000"}) {
		t.Errorf("psql: environment %q", got)
	}
	if slices.Contains(each.Apply(job).Args, "-1") || !slices.Contains(once.Apply(job).Args, "-1") {
		t.Error("the wrong psql uses one transaction for all")
	}
	if _, ok := each.Status(job); ok {
		t.Error("psql has a status")
	}
	own := New("/bin/lockstep", "1")
	if got := own.Apply(careful); !slices.Equal(got.Args, []string{"/bin/lockstep", "apply", "all", "--env", "shop", "--auto-approve"}) || got.Dir != "/files" || got.Env != nil {
		t.Errorf("lockstep: %+v", got)
	}
}

func TestLintCommands(t *testing.T) {
	t.Parallel()
	want := map[string][]string{
		"squawk":                   {"program", "a.sql", "b.sql"},
		"postgres-language-server": {"program", "check", "."},
		"pgfence":                  {"node", "program", "analyze", "a.sql", "b.sql"},
		"lockstep":                 {"program", "lint", "."},
	}
	tools := []Tool{Linting("lockstep", "program", "/cache")}
	for _, p := range linters() {
		if p.tool != nil {
			t := p.tool("program")
			t.Name = p.name
			tools = append(tools, t)
		}
	}
	for _, tool := range tools {
		for range 2 {
			if got := tool.Lint("/files", []string{"a.sql", "b.sql"}); !slices.Equal(got.Args, want[tool.Name]) || got.Dir != "/files" {
				t.Errorf("%s: got %+v\nwant %q", tool.Name, got, want[tool.Name])
			}
		}
		if !tool.Linted(process.Usage{}) || tool.Linted(process.Usage{Exit: -1}) || tool.Linted(process.Usage{Exit: 2}) {
			t.Errorf("%s: its exit codes are misread", tool.Name)
		}
	}
}

func TestLockstepsProject(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	own := New("lockstep", "1")
	if err := own.Write(dir, corpus.Small(1), url, "a", "b"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "project.lockstep.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`url        = "postgres://postgres@/${lockstep.environment}?host=/tmp"`, `environment "a" {}`, `environment "b" {}`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the project lacks %s:\n%s", want, text)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "migrations", "000001_m.up.sql")); err != nil {
		t.Error(err)
	}
}

func TestPsqlAppliesTheFiles(t *testing.T) {
	t.Parallel()
	server := cluster.Server(t)
	runner, err := process.NewRunner(t.Context(), t.TempDir(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	each, once := Psql(server.Binaries(), "")
	for _, tool := range []Tool{each, once, PsqlNewest(server.Binaries(), "")} {
		database := cluster.Database(t)
		job := Job{Dir: t.TempDir(), Server: func(string) string { return database }}
		files := corpus.Small(4) // the newest is a table, too
		if err := tool.Write(job.Dir, files, job.Server); err != nil {
			t.Fatal(err)
		}
		usage, err := runner.Run(t.Context(), tool.Apply(job))
		if err != nil || usage.Exit != 0 {
			t.Fatalf("%s: %v, %+v", tool.Name, err, usage)
		}
		usage, err = runner.Run(t.Context(), process.Command{Args: []string{filepath.Join(server.Binaries(), "psql"), "-X", "-A", "-t", "-d", database, "-c", `SELECT to_regclass('t2') IS NOT NULL`}})
		if err != nil || usage.LastLine() != "t" {
			t.Errorf("%s: the newest table is not there: %v, %s", tool.Name, err, usage.Output)
		}
	}
}

// fake writes a file instead of a program, or nothing.
type fake struct{ writes bool }

func (fake) program() string { return "bin/*/fake" }

func (f fake) install(_ context.Context, folder string) error {
	if !f.writes {
		return nil
	}
	if err := os.MkdirAll(filepath.Join(folder, "bin", "linux"), 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "bin", "linux", "fake"), nil, 0o755)
}

func TestFind(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	var said []string
	progress := func(line string) { said = append(said, line) }
	if _, err := (peer{name: "fake", install: fake{}}).find(t.Context(), folder, progress); err == nil || !strings.Contains(err.Error(), "is not there") {
		t.Errorf("an installation without program: %v", err)
	}
	want := filepath.Join(folder, "bin", "linux", "fake")
	for range 2 {
		if got, err := (peer{name: "fake", install: fake{true}}).find(t.Context(), folder, progress); err != nil || got != want {
			t.Errorf("got %s, %v", got, err)
		}
	}
	if len(said) != 2 {
		t.Errorf("what is there was installed again: %q", said)
	}
	if _, err := (peer{name: "gone", install: nowhere{"it is sold out"}}).find(t.Context(), folder, progress); err == nil || err.Error() != "it is sold out" {
		t.Errorf("got %v, want the reason", err)
	}
}
