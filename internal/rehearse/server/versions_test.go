package server

import (
	"os"
	"path/filepath"
	"testing"
)

// binariesVariable names further folders of server programs, as in PATH: one of
// every major version that a machine has.
const binariesVariable = "LOCKSTEP_TEST_POSTGRES_BINDIRS"

func TestEveryServerOnThisMachine(t *testing.T) {
	t.Parallel()
	here := found(t)
	from := target(t, `CREATE TABLE t (id int PRIMARY KEY)`, `CREATE VIEW v AS SELECT id FROM t`)
	for _, folder := range append([]string{here.Folder}, filepath.SplitList(os.Getenv(binariesVariable))...) {
		b, err := Find(t.Context(), Wanted{Major: here.Major, Folder: folder})
		if err != nil {
			t.Fatal(err)
		}
		t.Run(b.Version, func(t *testing.T) {
			t.Parallel()
			s := start(t, Options{Binaries: b})
			if s.Major() != b.Major || b.Same != (b.Major == here.Major) {
				t.Errorf("%+v runs as %d", b, s.Version())
			}
			d, done := copied(t, s, from)
			if done.Older != (b.Major < here.Major) || len(done.Left) != 0 {
				t.Errorf("copied: %+v", done)
			}
			clone, err := d.Clone(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := ask(t, clone.URL(), `SELECT count(*) FROM v`); got != "0" {
				t.Error(got)
			}
			l := described(t, clone.URL()).Locale
			if again := database(t, s, l); again.Differs != "" || described(t, again.URL()).Locale != l {
				t.Errorf("%+v made again differs: %q", l, again.Differs)
			}
			if session := open(t, d.URL()); session.PingContext(t.Context()) != nil {
				t.Error("no session")
			}
			if err := d.Drop(t.Context()); err != nil {
				t.Errorf("drop a database that is in use: %v", err)
			}
		})
	}
}
