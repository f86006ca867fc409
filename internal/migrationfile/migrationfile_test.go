package migrationfile_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"github.com/lockstep-dev/lockstep/internal/migrationfile"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers/database"
)

func TestName(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"add_status": "add_status", "Add Status": "add_status", "add-status to  orders": "add_status_to_orders", "v2": "v2", "_a__b_": "a_b",
	} {
		if got, err := migrationfile.Name(typed); got != want || err != nil {
			t.Errorf("%q: got %q %v, want %q", typed, got, err, want)
		}
	}
}

func TestNameRefuses(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"": "is no name", " - ": "is no name", "../etc/passwd": `has a '.'`, "a/b": `has a '/'`, `a\b`: `has a '\\'`, "größe": `has a 'ö'`,
		"a\nb": `has a '\n'`, "0007_add_status": "the folder gives the version", "7": "begins with a number", "0007 x": "begins with a number",
		"add_status.up.sql": "is a file's name", "$(id)": "has a '$'", strings.Repeat("a", 101): "at most 100",
	} {
		if got, err := migrationfile.Name(typed); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %q %v, want %q", typed, got, err, want)
		}
	}
}

// Whatever is taken as a name makes two files that the folder's reader takes
// as one migration.
func TestNamesMakeFilesThatAreRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name, err := migrationfile.Name(rapid.StringMatching(`[a-zA-Z0-9 _.\-/ä]{0,12}`).Draw(t, "name"))
		if err != nil {
			return
		}
		m := migrationfile.Pair("m", "0007", name, []byte(migrationfile.BlankUp), []byte(migrationfile.BlankDown))
		files, err := database.ReadFolder(memory(m), "m")
		if err != nil || len(files) != 1 || files[0].Version != 7 || files[0].Name != name || files[0].Down.Path != m.Down.Path {
			t.Fatalf("%v %v", files, err)
		}
	})
}

func at(names ...string) (files []plans.MigrationFile) {
	for _, name := range names {
		var version uint64
		if _, err := fmt.Sscanf(strings.TrimLeft(strings.Split(name, "_")[0], "0"), "%d", &version); err != nil {
			panic(err)
		}
		files = append(files, plans.MigrationFile{Version: version, Up: plans.SQLFile{Path: "m/" + name + ".up.sql"}})
	}
	return files
}

func TestNext(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 30, 0, 0, time.FixedZone("elsewhere", 3600))
	for _, tt := range []struct {
		there []string
		want  string
	}{
		{nil, "0001"},
		{[]string{"0001_a", "0009_b"}, "0010"},
		{[]string{"0009_b", "0001_a"}, "0010"},
		{[]string{"1_a"}, "2"},
		{[]string{"999_a"}, "1000"},
		{[]string{"000041_a"}, "000042"},
		{[]string{"20260101000000_a"}, "20261122093000"},
		{[]string{"20270101235959_a"}, "20270102000000"},
		{[]string{"0001_a", "20260101000000_a"}, "20261122093000"},
		{[]string{"20261399999999_a"}, "20261400000000"}, // fourteen digits and no moment: counted
		{[]string{"1700000000_a"}, "1700000001"},
	} {
		files := at(tt.there...)
		if got, err := migrationfile.NumberingOf(files).Next(files, now); got != tt.want || err != nil {
			t.Errorf("%v: got %s %v, want %s", tt.there, got, err, tt.want)
		}
	}
}

func TestNextRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		numbering migrationfile.Numbering
		there     string
		want      string
	}{
		{migrationfile.Counted(), "9223372036854775807_a", "highest version"},
		{migrationfile.Stamped(), "99990000000000_a", "no moment"},
	} {
		if got, err := tt.numbering.Next(at(tt.there), time.Unix(0, 0)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %s %v, want %q", tt.there, got, err, tt.want)
		}
	}
}

// The next version is always behind the others.
func TestNextIsBehindAll(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var names []string
		for _, v := range rapid.SliceOfN(rapid.Uint64Range(1, 99999999999999), 1, 5).Draw(t, "versions") {
			names = append(names, fmt.Sprintf("%0*d_a", rapid.IntRange(1, 6).Draw(t, "width"), v))
		}
		files := at(names...)
		next, err := migrationfile.NumberingOf(files).Next(files, time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "now"), 0))
		if err != nil {
			t.Fatal(err)
		}
		m := migrationfile.Pair("m", next, "a", nil, nil)
		for _, f := range files {
			if m.Version <= f.Version {
				t.Fatalf("%d is not behind %d", m.Version, f.Version)
			}
		}
	})
}

func memory(m plans.MigrationFile) fstest.MapFS {
	return fstest.MapFS{m.Up.Path: {Data: m.Up.Bytes}, m.Down.Path: {Data: m.Down.Bytes}}
}
