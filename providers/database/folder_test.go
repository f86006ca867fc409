package database_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers/database"
)

func TestReadFolder(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{
		"db/10_b.up.sql":        {Data: []byte("select 10")},
		"db/9_a.up.sql":         {Data: []byte("select 9")},
		"db/9_a.down.sql":       {Data: []byte("select -9")},
		"db/11_c.d.up.sql":      {Data: []byte("select 11")},
		"db/11_c.d.down.sql":    {Data: nil},
		"db/README.md":          {Data: []byte("hello")},
		"db/atlas.sum":          {Data: []byte("h1:")},
		"db/archive/1_a.up.sql": {Data: []byte("not read")},
	}
	got, err := database.ReadFolder(fsys, "db")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range got {
		lines = append(lines, fmt.Sprint(f.Version, f.Name, " ", f.ID(), " ", f.Up.Path, " ", f.Down.Path, " ", string(f.Up.Bytes)))
		if f.Up.Digest != plans.DigestOf(f.Up.Bytes) {
			t.Errorf("%s: digest %s", f.ID(), f.Up.Digest)
		}
	}
	want := `9a 9_a db/9_a.up.sql db/9_a.down.sql select 9
10b 10_b db/10_b.up.sql  select 10
11c.d 11_c.d db/11_c.d.up.sql db/11_c.d.down.sql select 11`
	if strings.Join(lines, "\n") != want {
		t.Errorf("got:\n%s", strings.Join(lines, "\n"))
	}
}

// Items are numbers of the project's list of bad inputs; those that are
// decided from a file's statements are in sqlcheck's table.
func TestReadFolderRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		item  int
		name  string // the bad entry
		data  string
		want  string // in the error
		make  func(file string) error
		extra string // a second, good file
	}{
		{item: 37, name: "2-b.up.sql", want: "golang-migrate skips in silence"},
		{item: 38, name: "3_c.sql", want: "golang-migrate skips in silence"},
		{item: 39, name: "4_d.UP.sql", want: "golang-migrate skips in silence"},
		{item: 39, name: "4_d.up.SQL", want: "golang-migrate takes as a migration"},
		{item: 38, name: "V3__c.sql", want: "golang-migrate skips in silence"},
		{item: 38, name: "5_.up.sql", want: "golang-migrate takes as a migration"},
		{item: 40, name: "1_a.up.sql.bak", want: "golang-migrate takes as a migration"},
		{item: 41, name: "99999999999999999999_a.up.sql", want: "version 99999999999999999999, expected 1 to 9223372036854775807"},
		{item: 42, name: "9223372036854775808_a.up.sql", want: "expected 1 to 9223372036854775807"},
		{item: 43, name: "18446744073709551615_a.up.sql", want: "expected 1 to 9223372036854775807"},
		{item: 44, name: "001_b.up.sql", extra: "1_a.up.sql", want: "found version 1 again"},
		{item: 44, name: "1_b.down.sql", extra: "1_a.up.sql", want: "found version 1 again"},
		{item: 45, name: "0_a.up.sql", want: "found version 0"},
		{item: 46, name: "7_a.down.sql", want: "a down file without its up file"},
		{item: 48, name: "7_a.up.sql", data: "-", want: "an empty file"},
		{item: 53, name: "7_a.up.sql", data: "\xff\xfes\x00", want: "7_a.up.sql:1:1: found the file is UTF-16"},
		{item: 53, name: "7_a.down.sql", extra: "7_a.up.sql", data: "\xef\xbb\xbfselect 1", want: "byte order mark"},
		{item: 54, name: "7_a.up.sql", data: "select\n \x00", want: "7_a.up.sql:2:2: found a NUL byte"},
		{item: 55, name: "7_a.up.sql", data: "select '\xfc'", want: "7_a.up.sql:1:9: found byte 0xfc is not UTF-8"},
		{item: 66, name: "7_a.up.sql", data: strings.Repeat("x", 16<<20+1), want: "expected at most 16777216"},
		{item: 67, name: "7_a.up.sql", make: func(f string) error { return os.Mkdir(f, 0o700) }, want: "found a directory"},
		{item: 67, name: "7_a.up.sql", make: func(f string) error { return syscall.Mkfifo(f, 0o600) }, want: "found a named pipe"},
		{item: 67, name: "7_a.up.sql", make: func(f string) error { return os.Symlink("/etc/passwd", f) }, want: "found a symbolic link"},
	}
	items := map[int]bool{}
	for _, tt := range tests {
		items[tt.item] = true
		t.Run(fmt.Sprint(tt.item, " ", tt.name), func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			if err := makeBad(filepath.Join(root, tt.name), tt.data, tt.make); err != nil {
				t.Fatal(err)
			}
			if tt.extra != "" {
				if err := os.WriteFile(filepath.Join(root, tt.extra), []byte("select 1"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			files, err := database.ReadFolder(os.DirFS(root), ".")
			var bad *database.FileError
			if !errors.As(err, &bad) || files != nil {
				t.Fatalf("got %v, %v; want a *FileError", files, err)
			}
			if !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.name) || bad.Fix == "" {
				t.Errorf("got %s\nwant %s", err, tt.want)
			}
			if strings.Contains(err.Error(), root) {
				t.Errorf("error shows a path of this machine: %s", err)
			}
		})
	}
	if len(items) != 16 {
		t.Errorf("covers %d numbers of the list, want 16", len(items))
	}
}

func makeBad(file, data string, create func(string) error) error {
	switch {
	case create != nil:
		return create(file)
	case data == "-":
		data = ""
	case data == "":
		data = "select 1"
	}
	return os.WriteFile(file, []byte(data), 0o600)
}

func TestReadFolderTellsEverything(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{
		"1_a.up.sql": {Data: []byte("\x00")}, "2-b.up.sql": {}, "0_c.up.sql": {}, "4_d.down.sql": {},
	}
	_, err := database.ReadFolder(fsys, ".")
	if err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("got %v, want four lines", err)
	}
}

func TestReadFolderUnreadable(t *testing.T) {
	t.Parallel()
	if _, err := database.ReadFolder(fstest.MapFS{}, "db"); err == nil || !strings.Contains(err.Error(), "read migrations folder db: file does not exist") {
		t.Errorf("got %v", err)
	}
	if os.Getuid() == 0 {
		return // root reads everything
	}
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "1_a.up.sql"), []byte("select 1"), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := database.ReadFolder(os.DirFS(root), "."); err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("got %v", err)
	}
}

// A large folder is read in linear time: golang-migrate's own source needs
// 9 s for 8,000 versions.
func TestReadFolderIsLinear(t *testing.T) {
	root := t.TempDir()
	fill(t, root, 2_000)
	start := time.Now()
	files, err := database.ReadFolder(os.DirFS(root), ".")
	if err != nil || len(files) != 2_000 {
		t.Fatal(len(files), err)
	}
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("2,000 versions took %v", d)
	}
}

func BenchmarkReadFolder(b *testing.B) {
	root := b.TempDir()
	fill(b, root, 10_000)
	b.ResetTimer()
	for b.Loop() {
		if _, err := database.ReadFolder(os.DirFS(root), "."); err != nil {
			b.Fatal(err)
		}
	}
}

func fill(tb testing.TB, root string, versions int) {
	tb.Helper()
	for i := 1; i <= versions; i++ {
		for _, direction := range []string{"up", "down"} {
			name := fmt.Sprintf("%06d_step.%s.sql", i, direction)
			if err := os.WriteFile(filepath.Join(root, name), []byte(fmt.Sprintf("select %d -- %s", i, direction)), 0o600); err != nil {
				tb.Fatal(err)
			}
		}
	}
}

func FuzzReadFolder(f *testing.F) {
	f.Add("1_a.up.sql", []byte("select 1"))
	f.Add("18446744073709551615_x.up.sql", []byte{})
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		if name == "" || strings.ContainsAny(name, "/\x00") || name == "." || name == ".." {
			return
		}
		files, err := database.ReadFolder(fstest.MapFS{name: {Data: content}}, ".")
		if err == nil && len(files) == 1 && (files[0].Version == 0 || files[0].Up.Path != name) {
			t.Fatalf("%+v", files)
		}
	})
}
