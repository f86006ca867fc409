package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/golang-migrate/migrate/v4"
	_ "github.com/golang-migrate/migrate/v4/database/sqlite"
	_ "github.com/golang-migrate/migrate/v4/source/file"

	"github.com/lockstep-dev/lockstep/providers"
)

// folder is what golang-migrate's own tool would be pointed at.
var folder = map[string]string{
	"1_a.up.sql": "create table a (id int)", "1_a.down.sql": "drop table a",
	"2_b.up.sql": "create table b (id int)", "2_b.down.sql": "drop table b",
	"3_c.up.sql": "create table c (id int)", "3_c.down.sql": "drop table c",
}

func stock(t *testing.T, b *bench) *migrate.Migrate {
	t.Helper()
	dir := t.TempDir()
	for name, content := range folder {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m, err := migrate.New("file://"+dir, "sqlite://"+b.file())
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

func wantVersion(t *testing.T, m *migrate.Migrate, want uint) {
	t.Helper()
	version, dirty, err := m.Version()
	if errors.Is(err, migrate.ErrNilVersion) {
		version, err = 0, nil
	}
	if err != nil || dirty || version != want {
		t.Fatalf("golang-migrate sees %d, dirty %v, %v; want %d", version, dirty, err, want)
	}
}

func (b *bench) folderStep(version int) providers.Request {
	names := []string{"", "1_a", "2_b", "3_c"}
	return b.step(version, folder[names[version]+".up.sql"], folder[names[version]+".down.sql"])
}

// golang-migrate's own tool reads what Lockstep wrote and goes on from there,
// and the other way round.
func TestGolangMigrateGoesOn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply(b.folderStep(1))
	b.apply(b.folderStep(2))
	m := stock(t, b)
	wantVersion(t, m, 2)
	if err := m.Up(); err != nil {
		t.Fatal(err)
	}
	wantVersion(t, m, 3)
	// Lockstep knows that it did not apply 3.
	if s := b.observe().Database; s.Version != "3" || len(s.Applied) != 2 {
		t.Fatalf("after stock up: %+v", s)
	}
	if _, err := b.provider().Apply(t.Context(), b.folderStep(3)); err == nil {
		t.Fatal("applies a version that another tool has applied")
	}
	if err := m.Steps(-2); err != nil {
		t.Fatal(err)
	}
	wantVersion(t, m, 1)
	// 2 was undone behind our back: its row no longer holds.
	if s := b.observe().Database; s.Version != "1" || len(s.Applied) != 1 {
		t.Fatalf("after stock down: %+v", s)
	}
	b.verdict(b.folderStep(2), providers.Absent)
	b.apply(b.folderStep(2))
	b.apply(b.folderStep(3))
	wantVersion(t, m, 3)
	b.rollback(b.folderStep(3))
	wantVersion(t, m, 2)
	if err := m.Up(); err != nil {
		t.Fatal(err)
	}
	if err := m.Down(); err != nil {
		t.Fatal(err)
	}
	wantVersion(t, m, 0)
	if s := b.observe().Database; !s.Fresh && s.Version != "" {
		t.Errorf("after stock down of everything: %+v", s)
	}
}

func TestDatabaseOfGolangMigrateIsAdopted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	m := stock(t, b)
	if err := m.Steps(2); err != nil {
		t.Fatal(err)
	}
	if s := b.observe().Database; s.Version != "2" || len(s.Applied) != 0 || s.Fresh {
		t.Fatalf("%+v", s)
	}
	b.apply(b.folderStep(3))
	wantVersion(t, m, 3)
	s := b.observe().Database
	if len(s.Applied) != 2 || s.Applied[0].Version != "2" || s.Applied[0].Up != "" || s.Applied[0].Name != "(baseline)" {
		t.Fatalf("%+v", s)
	}
	b.rollback(b.folderStep(3))
	wantVersion(t, m, 2)
	if err := m.Steps(-1); err != nil {
		t.Fatal(err)
	}
	wantVersion(t, m, 1)
}
