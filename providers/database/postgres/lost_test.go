package postgres_test

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/faultproxy"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database/postgres"
)

// behind puts a proxy between the steps and the database.
func (b *bench) cuttable() *faultproxy.Proxy {
	b.t.Helper()
	u, err := url.Parse(b.url)
	if err != nil {
		b.t.Fatal(err)
	}
	p, err := faultproxy.Start(b.t.Context(), "unix", filepath.Join(u.Query().Get("host"), ".s.PGSQL.5432"))
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		if err := p.Close(); err != nil {
			b.t.Error(err)
		}
	})
	u.Host, u.RawQuery = p.Address(), "sslmode=disable"
	b.url = u.String()
	return p
}

// A connection that is lost in the middle of a migration is no reason to fail:
// what became of it is read, and the rest is done.
func TestALostConnectionIsConnectedAgain(t *testing.T) {
	t.Parallel()
	var again atomic.Int32
	t.Cleanup(func() {
		if again.Load() == 0 {
			t.Error("nothing was lost")
		}
	})
	for _, body := range []string{
		"create table a (id int); insert into a values (1)",
		"-- lockstep:no-transaction\ncreate table a (id int);\ninsert into a values (1);\ncreate index concurrently a_id on a (id);",
	} {
		b := newBench(t)
		p := b.cuttable()
		p.Arm(faultproxy.Fault{})
		b.apply(b.step(1, body, "drop table a"))
		begun := false
		for i, m := range p.Seen(faultproxy.Client) {
			// Before that, the server may be one that cannot be reached.
			if begun = begun || strings.Contains(m.String(), "create table"); !begun || strings.HasPrefix(m.String(), "Terminate") {
				continue
			}
			if i%4 != 0 { // crashtest tries every one of them
				continue
			}
			for _, before := range []bool{true, false} {
				t.Run(fmt.Sprintf("%.20q %d %s before=%t", body, i, m, before), func(t *testing.T) {
					t.Parallel()
					b := newBench(t)
					p := b.cuttable()
					req := b.step(1, body, "drop table a")
					// The server ends all of them at once, as one that restarts does.
					p.Arm(faultproxy.Fault{From: faultproxy.Client, Number: i + 1, Before: before, Do: func() {
						b.exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'lockstep/%'`)
					}})
					_, err := postgres.New().Apply(t.Context(), req)
					if err != nil {
						t.Fatalf("%v; said %q", err, b.lines)
					}
					again.Add(int32(len(b.lines)))
					p.Arm(faultproxy.Fault{})
					b.verdict(req, providers.Done)
					b.want(`SELECT count(*) FROM a`, "1")
				})
			}
		}
	}
}

// What a person ends stays ended.
func TestATerminatedMigrationIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	req := b.step(1, "create table a (id int); select pg_terminate_backend(pg_backend_pid())", "drop table a")
	if _, err := postgres.New().Apply(t.Context(), req); err == nil || !strings.Contains(err.Error(), "bad connection") {
		t.Fatalf("got %v", err)
	}
	if len(b.lines) != 0 {
		t.Errorf("said %q", b.lines)
	}
	b.verdict(req, providers.Absent)
}
