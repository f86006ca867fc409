package server

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
)

// given is someone's server, which is used as a scratch server.
func given(t *testing.T) *Server {
	t.Helper()
	return start(t, Options{})
}

func existing(t *testing.T, g Given) *Server {
	t.Helper()
	if g.Target.Cluster == "" {
		g.Target = described(t, targets.Server(t).URL("postgres"))
	}
	s, err := Existing(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // closed before by tests that look at it
	return s
}

func described(t *testing.T, url string) Target {
	t.Helper()
	described, err := Describe(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return described
}

func databases(t *testing.T, s *Server) string {
	t.Helper()
	return ask(t, s.address.String(), `SELECT datname FROM pg_database ORDER BY datname`)
}

func TestExistingMakesAndDropsItsOwn(t *testing.T) {
	t.Parallel()
	theirs := given(t)
	before := databases(t, theirs)
	one, two := existing(t, Given{URL: theirs.address.String()}), existing(t, Given{URL: theirs.address.String()})
	if one.Own() {
		t.Error("someone else's server is taken for ours")
	}
	a, b := database(t, one, Locale{}), database(t, two, Locale{})
	run(t, a.URL(), `CREATE TABLE t ()`)
	clone, err := a.Clone(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := clone.Drop(t.Context()); err != nil {
		t.Error(err)
	}
	busy := open(t, a.URL())
	if err := busy.PingContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := one.Close(); err != nil {
			t.Error(err)
		}
	}
	run(t, b.URL(), `CREATE TABLE t ()`)
	if err := two.Close(); err != nil {
		t.Error(err)
	}
	if after := databases(t, theirs); after != before {
		t.Errorf("databases are now\n%s\nthey were\n%s", after, before)
	}
}

func TestExistingRefuses(t *testing.T) {
	t.Parallel()
	theirs := given(t)
	run(t, theirs.address.String(), `CREATE ROLE weak LOGIN`, `CREATE ROLE maker LOGIN CREATEDB`)
	as := func(role string) string {
		u := theirs.address.url
		u.User = url.User(role)
		return u.String()
	}
	other := described(t, targets.Server(t).URL("postgres"))
	replica, err := targets.Server(t).Replica(pgtest.Options{Settings: map[string]string{"max_connections": "200"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := replica.Stop(); err != nil {
			t.Error(err)
		}
	})
	for _, c := range []struct {
		name, url, says string
		target          Target
	}{
		{"the target", theirs.address.String(), "it is the target's own", described(t, as("weak"))},
		{"a standby", replica.URL("postgres"), "standby", described(t, theirs.address.String())},
		{"a weak role", as("weak"), `ALTER ROLE "weak" CREATEDB`, other},
		{"a target that tells nothing", as("maker"), "pg_control_system", Target{}},
	} {
		_, err := Existing(t.Context(), Given{URL: c.url, Target: c.target})
		if !errors.Is(err, ErrUnfit) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, expected %q", c.name, err, c.says)
		}
	}
	s := existing(t, Given{URL: as("maker"), Target: other})
	if s.Superuser() {
		t.Error("maker is taken for a superuser")
	}
	from := target(t, odd)
	d := database(t, s, Locale{})
	done, err := CopySchema(t.Context(), Copy{From: from, To: d, Binaries: found(t)})
	if err != nil || done.Privileges || len(done.Left) != 0 {
		t.Errorf("copied by a role without power: %+v, %v", done, err)
	}
	if got := ask(t, d.URL(), `SELECT count(*) FROM pg_class WHERE relname IN ('parted', 'v', 'm')`); got != "3" {
		t.Errorf("%s of 3 relations were copied", got)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestExistingKeepsSecretsToItself(t *testing.T) {
	t.Parallel()
	const secret = "hunter2hunter2"
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for _, bad := range []string{
		"postgres://u:" + secret + "@127.0.0.1:1/db?sslmode=disable", "postgres://u:" + secret + "@[::1/db", "mysql://u:" + secret + "@h/db",
		"postgres://u:" + secret + "@h/db?sslmode=nonsense",
	} {
		_, err := Existing(ctx, Given{URL: bad})
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%v", err)
		}
		if _, err := Describe(ctx, bad); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%v", err)
		}
	}
}

func TestExistingDropsWhatKilledRunsHaveLeft(t *testing.T) {
	t.Parallel()
	theirs := given(t)
	url := theirs.address.String()
	alive := existing(t, Given{URL: url})
	killed, busy, used := newRun(time.Now()), newRun(time.Now()), newRun(time.Now())
	name := func(run string) string { return namePrefix + run + "_1" }
	for _, n := range []string{name(killed), name(busy), name(used), name(alive.run), "lockstep_rehearse_mine"} {
		run(t, url, "CREATE DATABASE "+n)
	}
	run(t, url, "CREATE ROLE "+namePrefix+killed, "CREATE ROLE lockstep_rehearse_reporting")
	for _, u := range []string{theirs.address.of(name(used)).String(), theirs.stage(theirs.address.of(name(busy))).String()} {
		if err := open(t, u).PingContext(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	existing(t, Given{URL: url})
	after := databases(t, theirs)
	for n, kept := range map[string]bool{name(killed): false, name(busy): false, name(used): true, name(alive.run): true, "lockstep_rehearse_mine": true} {
		if got := strings.Contains(after, n); got != kept {
			t.Errorf("%s: kept %v, expected %v", n, got, kept)
		}
	}
	if got := ask(t, url, `SELECT rolname FROM pg_roles WHERE rolname IN ($1, $2, 'lockstep_rehearse_reporting') ORDER BY length(rolname)`,
		namePrefix+killed, namePrefix+alive.run); got != "lockstep_rehearse_reporting\n"+namePrefix+alive.run {
		t.Errorf("roles: %s", got)
	}
}
