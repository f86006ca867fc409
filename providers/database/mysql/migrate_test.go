package mysql_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/golang-migrate/migrate/v4"
	_ "github.com/golang-migrate/migrate/v4/database/mysql" // the tool that others use
	"github.com/golang-migrate/migrate/v4/source/iofs"
	"golang.org/x/tools/txtar"

	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database/mysql"
)

const three = `
-- m/1_a.up.sql --
create table a (id int);
-- m/1_a.down.sql --
drop table a;
-- m/2_b.up.sql --
create table b (id int);
-- m/2_b.down.sql --
drop table b;
-- m/3_c.up.sql --
create table c (id int);
-- m/3_c.down.sql --
drop table c;
`

// programs is the folder of what tests build.
var programs string

// command builds golang-migrate's own command from this module's version of it.
var command = sync.OnceValues(func() (string, error) {
	file := filepath.Join(programs, "migrate")
	out, err := exec.Command("go", "build", "-tags", "mysql", "-o", file, "github.com/golang-migrate/migrate/v4/cmd/migrate").CombinedOutput()
	if err != nil {
		return "", errors.New(string(out))
	}
	return file, nil
})

// migrate runs golang-migrate's command on the three files.
func (b *bench) migrate(arguments ...string) string {
	b.t.Helper()
	file, err := command()
	if err != nil {
		b.t.Fatal(err)
	}
	folder := b.t.TempDir()
	for _, f := range txtar.Parse([]byte(three)).Files {
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(f.Name)), f.Data, 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(b.t.Context(), file, append([]string{"-path", folder, "-database", b.url}, arguments...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.t.Fatalf("migrate %s: %v\n%s", strings.Join(arguments, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// version is what golang-migrate's command and library say.
func (b *bench) version(want string) {
	b.t.Helper()
	if got := b.migrate("version"); got != want {
		b.t.Fatalf("migrate version: got %q, want %q", got, want)
	}
}

func TestMigrateCommandBeforeAndAfter(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.migrate("up", "1")
	b.version("1")
	// It came first: its version is taken over.
	two := b.step(2, "create table b (id int);", "drop table b;")
	b.apply(two)
	b.version("2")
	b.want("SELECT CONCAT_WS(' ', version, name) FROM lockstep_history ORDER BY version", "1 (baseline)\n2 step")
	b.migrate("up")
	b.version("3")
	b.want("SELECT CONCAT(version, dirty) FROM schema_migrations", "30")
	b.migrate("down", "1")
	b.version("2")
	b.verdict(two, providers.Done)
	b.migrate("down", "1")
	b.version("1")
	// What another hand took back is not there any more.
	b.verdict(two, providers.Absent)
	b.apply(two)
	b.version("2")
	b.rollback(two)
	b.version("1")
	if got := b.tables(); got != "a" {
		t.Errorf("tables: %q", got)
	}
}

func TestMigrateLibraryAndWeExcludeEachOther(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	files, err := txtar.FS(txtar.Parse([]byte(three)))
	if err != nil {
		t.Fatal(err)
	}
	source, err := iofs.New(files, "m")
	if err != nil {
		t.Fatal(err)
	}
	m, err := migrate.NewWithSourceInstance("iofs", source, b.url)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Steps(1); err != nil {
		t.Fatal(err)
	}
	key := b.migrationLock()
	holder, err := b.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	if _, err := holder.ExecContext(t.Context(), "DO GET_LOCK('"+key+"', 0)"); err != nil {
		t.Fatal(err)
	}
	req := b.step(2, "create table b (id int)", "drop table b")
	req.Step.Timeout = 1e9
	_, err = mysql.New().Apply(context.Background(), req)
	if !errors.Is(err, providers.ErrBlocked) || !strings.Contains(err.Error(), "user root from") {
		t.Errorf("got %v", err)
	}
	b.verdict(req, providers.Absent)
	if _, err := holder.ExecContext(t.Context(), "DO RELEASE_LOCK('"+key+"')"); err != nil {
		t.Fatal(err)
	}
	b.apply(b.step(2, "create table b (id int);\n", "drop table b"))
	if v, dirty, err := m.Version(); v != 2 || dirty || err != nil {
		t.Errorf("version %d, %v, %v", v, dirty, err)
	}
}

func TestDirtyIsLeftToPeople(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.migrate("up", "1")
	b.exec("update schema_migrations set dirty = 1")
	req := b.step(2, "create table b (id int)", "drop table b")
	b.refused(req, "schema_migrations says that version 1 is dirty")
	b.verdict(req, providers.Unknown)
}
