package postgres_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-migrate/migrate/v4"
	migratedb "github.com/golang-migrate/migrate/v4/database"

	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database/postgres"
)

// ours is golang-migrate's core on Lockstep's driver.
func ours(t *testing.T, b *bench, files map[string]string) *migrate.Migrate {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	driver, err := postgres.OpenMigrator(b.url)
	if err != nil {
		t.Fatal(err)
	}
	m, err := migrate.NewWithDatabaseInstance("file://"+dir, "orders", driver)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if sourceErr, dbErr := m.Close(); sourceErr != nil || dbErr != nil {
			t.Error(sourceErr, dbErr)
		}
	})
	return m
}

func TestGolangMigrateOnOurDriver(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	m := ours(t, b, folder)
	wantVersion(t, m, 0)
	if err := m.Up(); err != nil {
		t.Fatal(err)
	}
	wantVersion(t, m, 3)
	wantVersion(t, stock(t, b), 3)
	if err := m.Up(); !errors.Is(err, migrate.ErrNoChange) {
		t.Fatalf("up again: %v", err)
	}
	b.want(`SELECT version, up_digest <> '' FROM lockstep.history ORDER BY 1`, "1,t\n2,t\n3,t")
	// Lockstep takes its receipts for what they are: the same content, done.
	b.verdict(b.folderStep(3), providers.Done)
	if err := m.Steps(-2); err != nil {
		t.Fatal(err)
	}
	wantVersion(t, m, 1)
	b.want(`SELECT version FROM lockstep.history`, "1")
	b.apply(b.folderStep(2))
	wantVersion(t, m, 2)
	if err := m.Force(1); err != nil {
		t.Fatal(err)
	}
	wantVersion(t, m, 1)
	if err := m.Force(2); err != nil {
		t.Fatal(err)
	}
	if err := m.Down(); err != nil {
		t.Fatal(err)
	}
	wantVersion(t, m, 0)
}

func TestAFailingFileLeavesNothingDirty(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	m := ours(t, b, map[string]string{
		"1_a.up.sql": "create table a (id int)",
		"2_b.up.sql": "create table b (id int); create table a (id int)",
		"3_c.up.sql": "create index concurrently i on a (id)",
	})
	if err := m.Up(); err == nil || !strings.Contains(err.Error(), `"a" already exists`) {
		t.Fatalf("%v", err)
	}
	wantVersion(t, m, 1)
	b.want(`SELECT to_regclass('b') IS NULL`, "t")
	b.exec(`DROP TABLE a`)
	if err := m.Up(); err == nil || !strings.Contains(err.Error(), "cannot run in a transaction: apply this file with lockstep") {
		t.Fatalf("%v", err)
	}
	wantVersion(t, m, 2)
}

func TestOurDriverKeepsOthersOutAndDropsNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	m := ours(t, b, folder)
	if err := m.Drop(); err == nil || !strings.Contains(err.Error(), "does not drop databases") {
		t.Fatalf("%v", err)
	}
	other := stock(t, b) // opening it takes the lock for a moment
	driver, err := postgres.OpenMigrator(b.url)
	if err != nil {
		t.Fatal(err)
	}
	defer driver.Close()
	if err := driver.Lock(); err != nil {
		t.Fatal(err)
	}
	other.LockTimeout = time.Nanosecond
	if err := other.Up(); !errors.Is(err, migrate.ErrLockTimeout) && !errors.Is(err, migratedb.ErrLocked) {
		t.Fatalf("golang-migrate works beside a held lock: %v", err)
	}
	if err := driver.Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := driver.Run(strings.NewReader("select 1")); err == nil {
		t.Error("a file runs without a version")
	}
	if _, err := postgres.OpenMigrator("mysql://u:geheim@h/d"); err == nil || strings.Contains(err.Error(), "geheim") {
		t.Errorf("%v", err)
	}
}
