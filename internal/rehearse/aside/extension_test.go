package aside

import (
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

func TestSpoken(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`CREATE EXTENSION hstore`: `SELECT lockstep_trace.extension('hstore', false, NULL, NULL, pg_catalog.current_schema()::pg_catalog.text, false)`,
		`create extension if not exists "uuid-ossp" with schema "My" version '1.1' cascade`: `SELECT lockstep_trace.extension('uuid-ossp', true, 'My', '1.1', pg_catalog.current_schema()::pg_catalog.text, true)`,
		`CREATE EXTENSION file_fdw`:          "",
		`CREATE EXTENSION hstore FROM old`:   "",
		`CREATE EXTENSION`:                   "",
		`CREATE ROLE "A'b" LOGIN`:            `SELECT lockstep_trace.adopt('A''b')`,
		`CREATE USER MAPPING FOR a SERVER b`: "",
		`CREATE TABLE extension (id int)`:    "",
		`DROP EXTENSION hstore`:              "",
	} {
		list, err := sqlscan.Split([]byte(text))
		if err != nil || len(list) != 1 {
			t.Fatal(text, err)
		}
		got := Spoken(list[0])
		if want == "" && got != list[0].Text || want != "" && !strings.HasSuffix(got, want) {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

// FuzzSpoken leaves what it does not know as it is, and fails on nothing.
func FuzzSpoken(f *testing.F) {
	f.Add("CREATE EXTENSION IF NOT EXISTS hstore SCHEMA")
	f.Add("CREATE GROUP")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := sqlscan.Split([]byte(text))
		if err != nil {
			return
		}
		for _, s := range list {
			if made := Made(s); made == "" && !s.Starts("CREATE") && Spoken(s) != s.Text {
				t.Errorf("%q: %q", s.Text, Spoken(s))
			}
		}
	})
}
