package server

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	of := func(majors ...int) []Binaries {
		var all []Binaries
		for _, m := range majors {
			all = append(all, Binaries{Major: m, Version: "x"})
		}
		return all
	}
	for _, c := range []struct {
		have           []int
		wanted, expect int
		why            string
	}{
		{[]int{15, 14, 16}, 14, 14, "the target's major version"},
		{[]int{12, 17, 15}, 14, 15, "the target runs 14"},
		{[]int{12, 13}, 14, 13, "the target runs 14"},
		{[]int{13, 18}, 14, 18, "the target runs 14"},
		{[]int{13, 18, 15}, 0, 18, "rehearsed on PostgreSQL"},
	} {
		b, err := nearest(of(c.have...), c.wanted)
		if err != nil || b.Major != c.expect || b.Same != (c.expect == c.wanted) || !strings.Contains(b.Why, c.why) {
			t.Errorf("of %v for %d: %+v, %v; expected %d", c.have, c.wanted, b, err, c.expect)
		}
	}
	if _, err := nearest(nil, 15); !errors.Is(err, ErrNoBinaries) {
		t.Errorf("of none: %v", err)
	}
}

// TestNearestIsNeverBeaten states the rule itself.
func TestNearestIsNeverBeaten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		majors := rapid.SliceOfN(rapid.IntRange(9, 25), 1, 8).Draw(t, "have")
		wanted := rapid.IntRange(9, 25).Draw(t, "wanted")
		var all []Binaries
		for _, m := range majors {
			all = append(all, Binaries{Major: m})
		}
		got, err := nearest(all, wanted)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range majors {
			closerNewer := m >= wanted && (got.Major < wanted || m < got.Major)
			closerOlder := got.Major < wanted && m < wanted && m > got.Major
			if closerNewer || closerOlder {
				t.Fatalf("%d was taken, and %d is nearer to %d", got.Major, m, wanted)
			}
		}
	})
}

func TestFindObeysTheSetting(t *testing.T) {
	t.Parallel()
	here := found(t)
	b, err := Find(t.Context(), Wanted{Major: here.Major + 1, Folder: here.Folder})
	if err != nil || b.Folder != here.Folder || b.Same || !strings.Contains(b.Why, "the setting scratch") {
		t.Errorf("%+v, %v", b, err)
	}
	linked := filepath.Join(t.TempDir(), "bin")
	if err := os.Symlink(here.Folder, linked); err != nil {
		t.Fatal(err)
	}
	if b, err := Find(t.Context(), Wanted{Major: here.Major, Folder: linked}); err != nil || !b.Same {
		t.Errorf("%+v, %v", b, err)
	}
	empty := t.TempDir()
	if _, err := Find(t.Context(), Wanted{Folder: empty}); err == nil || !strings.Contains(err.Error(), empty) {
		t.Errorf("an empty folder: %v", err)
	}
}

func TestOldestThatReads(t *testing.T) {
	t.Parallel()
	all := []dumper{{"a", "17.1", 17}, {"b", "15.2", 15}, {"c", "13.3", 13}}
	for target, want := range map[int]string{13: "c", 14: "b", 15: "b", 16: "a", 12: "c"} {
		if d, err := oldestThatReads(all, target); err != nil || d.program != want {
			t.Errorf("for %d: %+v, %v; expected %s", target, d, err, want)
		}
	}
	for _, none := range [][]dumper{nil, all} {
		_, err := oldestThatReads(none, 18)
		if !errors.Is(err, ErrNoDump) || !strings.Contains(err.Error(), "18") {
			t.Errorf("for 18: %v", err)
		}
	}
}

func TestPasswordIsNoArgument(t *testing.T) {
	t.Parallel()
	a, err := parseAddress("postgres://u:s%40cret@h1,h2/shop?port=6543,6544&sslmode=verify-full&x-migrations-table=m&search_path=a", "url")
	if err != nil {
		t.Fatal(err)
	}
	environment, err := a.libpqEnvironment("me")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"PGHOST=h1,h2", "PGPORT=6543,6544", "PGDATABASE=shop", "PGUSER=u", "PGPASSWORD=s@cret", "PGSSLMODE=verify-full", "PGAPPNAME=me"} {
		if !strings.Contains("\n"+strings.Join(environment, "\n")+"\n", "\n"+want+"\n") {
			t.Errorf("%s is missing in %v", want, environment)
		}
	}
	for _, argument := range (dumper{major: 17}).arguments(true) {
		if strings.Contains(argument, "cret") || strings.Contains(argument, "h1") {
			t.Errorf("argument %s", argument)
		}
	}
}
