package corpus

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSmallTakesTurns(t *testing.T) {
	t.Parallel()
	var got []string
	for _, m := range Small(7) {
		got = append(got, strings.Join(strings.Fields(m.Up)[:3], " "))
	}
	want := []string{
		"CREATE TABLE t1", "ALTER TABLE t1", "CREATE INDEX t1_name_idx",
		"CREATE TABLE t2", "ALTER TABLE t2", "CREATE INDEX t2_name_idx", "CREATE TABLE t3",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestSmallIsNumberedAndGoesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 400).Draw(t, "n")
		files := Small(n)
		created := 0
		for i, m := range files {
			if m.Version != i+1 || m.Down == "" || strings.Count(m.Up, ";") != 1 {
				t.Fatalf("migration %d is %+v", i+1, m)
			}
			if strings.HasPrefix(m.Up, "CREATE TABLE") {
				created++
			}
		}
		if len(files) != n || created != Tables(n) {
			t.Fatalf("%d migrations create %d tables, Tables says %d", n, created, Tables(n))
		}
	})
}

func TestMixedIsNumberedAndFilled(t *testing.T) {
	t.Parallel()
	for _, files := range [][]Migration{Mixed(25), Rows(25)} {
		for i, m := range files {
			if m.Version != i+1 || strings.Contains(m.Up, "%!") || !strings.HasSuffix(m.Up, ";") {
				t.Errorf("migration %d is %+v", i+1, m)
			}
		}
		if size := Size(files); size < 50 || size > 300 {
			t.Errorf("%d bytes on average", size)
		}
	}
	if !strings.Contains(Mixed(25)[24].Up, "orders_3 ") {
		t.Errorf("the last is %q", Mixed(25)[24].Up)
	}
}

func TestLayouts(t *testing.T) {
	t.Parallel()
	files := []Migration{
		{Version: 1, Name: "m", Up: "CREATE TABLE a (id int);", Down: "DROP TABLE a;"},
		{Version: 2, Name: "m", Up: "CREATE INDEX CONCURRENTLY i ON a (id);", Down: "DROP INDEX i;", NoTransaction: true},
	}
	cases := []struct {
		name   string
		layout Layout
		want   map[string]string
	}{
		{"pairs", Pairs, map[string]string{
			"000001_m.up.sql": "CREATE TABLE a (id int);\n", "000001_m.down.sql": "DROP TABLE a;\n",
			"000002_m.up.sql": "CREATE INDEX CONCURRENTLY i ON a (id);\n", "000002_m.down.sql": "DROP INDEX i;\n",
		}},
		{"ups", Ups, map[string]string{
			"000001_m.up.sql": "CREATE TABLE a (id int);\n", "000002_m.up.sql": "CREATE INDEX CONCURRENTLY i ON a (id);\n",
		}},
		{"goose", Goose, map[string]string{
			"000001_m.sql": "-- +goose Up\nCREATE TABLE a (id int);\n-- +goose Down\nDROP TABLE a;\n",
			"000002_m.sql": "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY i ON a (id);\n-- +goose Down\nDROP INDEX i;\n",
		}},
		{"tern", Tern, map[string]string{
			"000001_m.sql": "CREATE TABLE a (id int);\n---- create above / drop below ----\nDROP TABLE a;\n",
			"000002_m.sql": "---- tern: disable-tx ----\nCREATE INDEX CONCURRENTLY i ON a (id);\n---- create above / drop below ----\nDROP INDEX i;\n",
		}},
		{"dbmate", Dbmate, map[string]string{
			"000001_m.sql": "-- migrate:up\nCREATE TABLE a (id int);\n-- migrate:down\nDROP TABLE a;\n",
			"000002_m.sql": "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY i ON a (id);\n-- migrate:down\nDROP INDEX i;\n",
		}},
		{"script", Script, map[string]string{
			"all.sql": "\\ir 000001_m.sql\n\\ir 000002_m.sql\n", "000001_m.sql": "CREATE TABLE a (id int);\n", "000002_m.sql": "CREATE INDEX CONCURRENTLY i ON a (id);\n",
		}},
		{"newest", Newest, map[string]string{"all.sql": "CREATE INDEX CONCURRENTLY i ON a (id);\n"}},
	}
	for _, c := range cases {
		dir := t.TempDir()
		if err := c.layout(dir, files); err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) != len(c.want) {
			t.Errorf("%s: %d files, want %d", c.name, len(entries), len(c.want))
		}
		for name, want := range c.want {
			if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
				t.Errorf("%s, %s: got %q (%v), want %q", c.name, name, got, err, want)
			}
		}
	}
}
