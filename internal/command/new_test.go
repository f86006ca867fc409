package command

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/migrationfile"
	"github.com/lockstep-dev/lockstep/plans"
)

func TestShortTime(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		168 * time.Hour: "168h", 90 * time.Minute: "1h30m", 10 * time.Minute: "10m", 90 * time.Second: "1m30s", time.Second: "1s", 30*time.Hour + time.Second: "30h0m1s",
	} {
		if got := shortTime(d); got != want {
			t.Errorf("%s: got %s, want %s", d, got, want)
		}
	}
}

// Where versions are moments, what others write during the bake comes before
// the end of the quarantine.
func TestQuarantineVersions(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		there, away, gone string
	}{
		{"m/0007_a.up.sql", "m/0008_x_quarantine.up.sql", "m/0009_x_destroy.up.sql"},
		{"m/20260101000000_a.up.sql", "m/20261122090000_x_quarantine.up.sql", "m/20261129090000_x_destroy.up.sql"},
	} {
		version := uint64(7)
		if strings.Contains(tt.there, "2026") {
			version = 20260101000000
		}
		files := []plans.MigrationFile{{Version: version, Up: plans.SQLFile{Path: tt.there}}}
		q := quarantined{options: quarantineOptions{bake: 7 * 24 * time.Hour}, folder: &newFolder{path: "m", files: files}, name: "x"}
		w, err := q.wanted(migrationfile.NumberingOf(files), now)
		if err != nil || w.Away.Up.Path != tt.away || w.Gone.Up.Path != tt.gone {
			t.Errorf("got %s and %s, %v", w.Away.Up.Path, w.Gone.Up.Path, err)
		}
	}
}

// The change sets are language, whatever a column is called.
func TestQuarantineChangeSetsAreLanguage(t *testing.T) {
	t.Parallel()
	q := quarantined{options: quarantineOptions{bake: time.Hour}, folder: &newFolder{head: config.DatabaseHead{Name: "main"}}, name: "x"}
	q.made.What, q.made.Now = "column public.t.\"a\n${b} \\ %{c}\"", "public.t.\"quarantined_a\n${b}\""
	q.made.Away, q.made.Gone = plans.MigrationFile{Version: 2}, plans.MigrationFile{Version: 3}
	project, ds := config.Load(fstest.MapFS{
		"project.lockstep.hcl": {Data: []byte("database \"main\" {\n  driver = \"postgres\"\n  url = \"postgres://localhost/x\"\n  migrations = \"m\"\n}\nenvironment \"dev\" {}\n")},
		"x.lockstep.hcl":       {Data: []byte(q.changeSets())},
	})
	if ds = append(ds, project.Validate()...); ds.HasErrors() {
		t.Fatalf("%+v\n%s", ds, q.changeSets())
	}
	if sets := project.ChangeSets(); len(sets) != 2 || sets[0].Name != "x_quarantine" && sets[1].Name != "x_quarantine" {
		t.Errorf("%+v", sets)
	}
}
