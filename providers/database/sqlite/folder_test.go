package sqlite_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/providers"
)

// at is a step on a database file at another place.
func (b *bench) at(url string) (providers.Request, providers.ObserveRequest) {
	elsewhere := strings.ReplaceAll(target, "sqlite://app.db", url)
	req := b.step(1, "CREATE TABLE a (id int)", "DROP TABLE a")
	req.Settings = json.RawMessage(`{"database":` + elsewhere + `}`)
	return req, providers.ObserveRequest{Address: "database.app", Settings: json.RawMessage(elsewhere)}
}

func TestApplyMakesTheFolderOfTheFile(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	req, look := b.at("sqlite://data/dev/app.db")
	folder := filepath.Join(b.folder, "data")
	seen, err := b.provider().Observe(t.Context(), look)
	if err != nil || !seen.Database.Fresh {
		t.Fatalf("%+v, %v", seen, err)
	}
	b.verdict(req, providers.Absent)
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("looking made the folder: %v", err)
	}
	b.apply(req)
	if info, err := os.Stat(filepath.Join(folder, "dev/app.db")); err != nil || !info.Mode().IsRegular() {
		t.Fatalf("%v", err)
	}
	b.rollback(req)
	b.verdict(req, providers.Absent)
}

func TestAFolderOutsideOfTheProjectIsNotMade(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	outside := filepath.Join(t.TempDir(), "typo")
	for _, url := range []string{"sqlite://" + outside + "/app.db", "sqlite://../" + filepath.Base(b.folder) + "-typo/app.db"} {
		req, _ := b.at(url)
		_, err := b.provider().Apply(t.Context(), req)
		if err == nil || !strings.Contains(err.Error(), "outside of the project") || strings.Contains(err.Error(), outside) {
			t.Errorf("%s: %v", url, err)
		}
	}
	for _, dir := range []string{outside, b.folder + "-typo"} {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", dir, err)
		}
	}
}
