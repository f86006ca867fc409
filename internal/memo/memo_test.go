package memo

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

type value struct {
	Words []string
	Count int
}

func open(t testing.TB, folder, name string, program Key) *Memo[value] {
	t.Helper()
	return Open[value](folder, name, program)
}

func save(t testing.TB, m *Memo[value]) {
	t.Helper()
	if err := m.Save(); err != nil {
		t.Fatal(err)
	}
}

func files(t testing.TB, folder string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestASecondRunKnowsWhatTheFirstComputed(t *testing.T) {
	t.Parallel()
	folder, key := filepath.Join(t.TempDir(), "a", "b"), KeyOf([]byte("input"))
	first := open(t, folder, "name", Key{1})
	if _, ok := first.Get(key); ok {
		t.Fatal("an empty memo knows a value")
	}
	first.Put(key, value{[]string{"x"}, 3})
	save(t, first)
	tests := map[string]struct {
		name    string
		program Key
		key     Key
		known   bool
	}{
		"the same":        {"name", Key{1}, key, true},
		"another input":   {"name", Key{1}, KeyOf([]byte("other")), false},
		"another program": {"name", Key{2}, key, false},
		"another memo":    {"other", Key{1}, key, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := open(t, folder, test.name, test.program).Get(test.key)
			if ok != test.known || ok && (got.Count != 3 || got.Words[0] != "x") {
				t.Errorf("got %+v, %v", got, ok)
			}
		})
	}
}

func TestWhatNobodyAskedForIsForgotten(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	keys := []Key{{1}, {2}, {3}}
	first := open(t, folder, "", Key{})
	first.Put(keys[0], value{Count: 1})
	first.Put(keys[1], value{Count: 2})
	save(t, first)
	second := open(t, folder, "", Key{})
	second.Get(keys[0])
	second.Put(keys[2], value{Count: 3})
	save(t, second)
	third := open(t, folder, "", Key{})
	for i, want := range []bool{true, false, true} {
		if v, ok := third.Get(keys[i]); ok != want || ok && v.Count != i+1 {
			t.Errorf("key %d: %+v, %v", i, v, ok)
		}
	}
	save(t, third) // nothing new
	if len(files(t, folder)) != 1 {
		t.Errorf("the folder has %q", files(t, folder))
	}
}

// Whatever stands in the file, it is read as nothing and then replaced.
func TestDamageCostsTimeAlone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		folder, err := os.MkdirTemp("", "memo-")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(folder)
		m := Open[value](folder, "", Key{})
		m.Put(Key{1}, value{[]string{"x"}, 3})
		if err := m.Save(); err != nil {
			t.Fatal(err)
		}
		whole, err := os.ReadFile(m.path)
		if err != nil {
			t.Fatal(err)
		}
		damaged := bytes.Clone(whole)
		if cut := rapid.IntRange(0, len(whole)).Draw(t, "cut"); cut < len(whole) {
			damaged = damaged[:cut]
		} else {
			damaged[rapid.IntRange(0, len(whole)-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		}
		if err := os.WriteFile(m.path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		again := Open[value](folder, "", Key{})
		if v, ok := again.Get(Key{1}); ok {
			t.Fatalf("damaged, it knows %+v", v)
		}
		again.Put(Key{1}, value{Count: 4})
		if err := again.Save(); err != nil {
			t.Fatal(err)
		}
		if v, ok := Open[value](folder, "", Key{}).Get(Key{1}); !ok || v.Count != 4 {
			t.Fatalf("written anew, it has %+v, %v", v, ok)
		}
	})
}

func TestOthersMayNotReadIt(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "memos")
	m := open(t, folder, "", Key{})
	m.Put(Key{}, value{})
	save(t, m)
	for path, want := range map[string]os.FileMode{folder: 0o700, m.path: 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; expected %v", path, info.Mode(), err, want)
		}
	}
}

// Many processes write and read one memo: each reads a whole one or none.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for range 20 {
				m := open(t, folder, "", Key{})
				if v, ok := m.Get(Key{1}); ok && (len(v.Words) != 1000 || v.Words[0] != fmt.Sprint(v.Count)) {
					t.Errorf("half of a value: %d words", len(v.Words))
				}
				words := make([]string, 1000)
				words[0] = fmt.Sprint(i)
				m.Put(Key{1}, value{words, i})
				if err := m.Save(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if got := files(t, folder); len(got) != 1 {
		t.Errorf("left behind: %q", got)
	}
}

func TestPruneDropsTheOldest(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	now := time.Now()
	for i, name := range []string{"old.memo", "left.new.memo", "new.memo", "mine.txt"} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, make([]byte, 100), 0o600); err != nil {
			t.Fatal(err)
		}
		at := now.Add(time.Duration(i) * time.Minute)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	prune(folder, 150)
	if got := files(t, folder); len(got) != 2 || filepath.Base(got[0]) != "mine.txt" || filepath.Base(got[1]) != "new.memo" {
		t.Errorf("left: %q", got)
	}
}

func TestWithoutAFolderNothingIsKept(t *testing.T) {
	t.Parallel()
	m := open(t, "", "", Key{})
	m.Put(Key{}, value{})
	save(t, m)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	blocked := open(t, filepath.Join(file, "below"), "", Key{})
	blocked.Put(Key{}, value{})
	if err := blocked.Save(); err == nil {
		t.Error("a folder below a file was written to")
	}
}

func TestKeyOf(t *testing.T) {
	t.Parallel()
	lists := [][]string{{}, {""}, {"", ""}, {"a"}, {"ab"}, {"a", "b"}, {"", "ab"}, {"ab", ""}, {"b", "a"}}
	seen := map[Key][]string{}
	for _, list := range lists {
		var parts [][]byte
		for _, part := range list {
			parts = append(parts, []byte(part))
		}
		k := KeyOf(parts...)
		if other, ok := seen[k]; ok {
			t.Errorf("%q and %q have one key", list, other)
		}
		seen[k] = list
	}
}

func TestProgram(t *testing.T) {
	t.Parallel()
	one, err := Program("1.0")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Program("1.0"); err != nil || again != one {
		t.Errorf("the same program has another key, %v", err)
	}
	if other, err := Program("1.1"); err != nil || other == one {
		t.Errorf("another version has the same key, %v", err)
	}
}

// FuzzUnpack: no file ends the process, and what is read is written again.
func FuzzUnpack(f *testing.F) {
	text, err := pack(map[Key]value{{1}: {[]string{"a"}, 2}}, Key{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(format))
	f.Fuzz(func(t *testing.T, text []byte) {
		values, err := unpack[value](text, Key{})
		if err != nil {
			return
		}
		again, err := pack(values, Key{})
		if err != nil {
			t.Fatal(err)
		}
		if back, err := unpack[value](again, Key{}); err != nil || len(back) != len(values) {
			t.Fatalf("%d values became %d, %v", len(values), len(back), err)
		}
	})
}
