package server

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func rooms(t *testing.T, place string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(place, roomPrefix+"*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestStartAndClose(t *testing.T) {
	t.Parallel()
	place := newPlace(t)
	s := start(t, Options{Place: place})
	if !s.Superuser() || !s.Own() || s.Major() != found(t).Major {
		t.Errorf("superuser %v, own %v, major %d", s.Superuser(), s.Own(), s.Major())
	}
	made := rooms(t, place)
	if len(made) != 1 {
		t.Fatalf("rooms: %v", made)
	}
	info, err := os.Stat(filepath.Join(made[0], inner))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder of the socket: %v, %v, expected 0700", info, err)
	}
	for setting, want := range map[string]string{
		"listen_addresses": "", "fsync": "off", "jit": "off", "track_functions": "all", "shared_preload_libraries": "", "autovacuum": "off",
	} {
		if got := ask(t, s.address.String(), `SELECT current_setting($1)`, setting); got != want {
			t.Errorf("%s is %q, expected %q", setting, got, want)
		}
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if left := rooms(t, place); len(left) != 0 {
		t.Errorf("left after Close: %v", left)
	}
}

func TestStartsAtOnceShareACacheAndNothingElse(t *testing.T) {
	t.Parallel()
	o := Options{Binaries: found(t), Place: newPlace(t), Cache: t.TempDir()}
	var all [3]*Server
	var wait sync.WaitGroup
	for i := range all {
		wait.Go(func() { all[i] = start(t, o) })
	}
	wait.Wait()
	if t.Failed() {
		return
	}
	for _, s := range all {
		run(t, database(t, s, Locale{}).URL(), `CREATE TABLE t ()`)
	}
	if got := len(rooms(t, o.Place)); got != len(all) {
		t.Errorf("%d rooms of %d servers", got, len(all))
	}
	kept, err := os.ReadDir(o.Cache)
	if err != nil || len(kept) != 1 {
		t.Errorf("the cache holds %v (%v), expected one template", kept, err)
	}
}

func TestDamagedTemplateIsMadeAnew(t *testing.T) {
	t.Parallel()
	o := Options{Binaries: found(t), Place: newPlace(t), Cache: t.TempDir()}
	began := time.Now()
	if err := start(t, o).Close(); err != nil {
		t.Fatal(err)
	}
	first := time.Since(began)
	cached, err := templateOf(o.Cache, o.Binaries)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(cached.path)
	if err != nil {
		t.Fatal(err)
	}
	began = time.Now()
	if err := start(t, o).Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("first start and close %v, second %v", first, time.Since(began))

	flipped := append([]byte(nil), whole...)
	flipped[len(flipped)/2] ^= 1
	damages := map[string][]byte{"empty": {}, "half": whole[:len(whole)/2], "one bit": flipped, "something else": []byte(strings.Repeat("x", 4096))}
	for name, content := range damages {
		if err := os.WriteFile(cached.path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		data := filepath.Join(t.TempDir(), "data")
		if err := cached.unpack(data, nil); err == nil {
			t.Errorf("%s: unpacked without an error", name)
		}
		for _, path := range []string{data, cached.path} {
			if _, err := os.Lstat(path); !os.IsNotExist(err) {
				t.Errorf("%s: %s is still there", name, path)
			}
		}
	}
	if err := os.WriteFile(cached.path, flipped, 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, o)
	if again, err := os.ReadFile(cached.path); err != nil || len(again) != len(whole) {
		t.Errorf("the template was not made anew: %d bytes, expected %d (%v)", len(again), len(whole), err)
	}
}

// TestTemplateThatTheServerRefuses has a right checksum and data of no use.
func TestTemplateThatTheServerRefuses(t *testing.T) {
	t.Parallel()
	o := Options{Binaries: found(t), Place: newPlace(t), Cache: t.TempDir()}
	cached, err := templateOf(o.Cache, o.Binaries)
	if err != nil {
		t.Fatal(err)
	}
	wrong := t.TempDir()
	if err := os.WriteFile(filepath.Join(wrong, "PG_VERSION"), []byte("7.4\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := cached.pack(wrong); err != nil {
		t.Fatal(err)
	}
	run(t, database(t, start(t, o), Locale{}).URL(), `CREATE TABLE t ()`)
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	b := found(t)
	broken := newPlace(t)
	script := "#!/bin/sh\necho 'shared library is missing' >&2\nexit 3\n"
	for _, program := range []string{"postgres", "initdb"} {
		if err := os.WriteFile(filepath.Join(broken, program), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	b.Folder = broken
	place := newPlace(t)
	_, err := Start(t.Context(), Options{Binaries: b, Place: place, Cache: t.TempDir()})
	if err == nil {
		t.Fatal("started")
	}
	for _, want := range []string{"initdb", "shared library is missing", "exit status 3", FolderVariable, broken} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	if left := rooms(t, place); len(left) != 0 {
		t.Errorf("left after a failed start: %v", left)
	}
}
