package postgres_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database"
	"github.com/lockstep-dev/lockstep/providers/database/postgres"
)

// bounded makes a request one of a database that was not there when it was
// approved.
func bounded(req providers.Request, version string) providers.Request {
	req.Step.Late, req.Step.Target = true, "database.orders"
	req.Step.Envelope = &plans.Envelope{NonDestructive: true, Database: &plans.DatabaseBound{Version: version}}
	return req
}

func (b *bench) bind(req providers.Request) plans.DatabaseState {
	b.t.Helper()
	seen, err := postgres.New().Bind(b.t.Context(), req)
	if err != nil {
		b.t.Fatal(err)
	}
	return *seen.Database
}

func TestALateDatabaseHasToBeAsApproved(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first := bounded(b.step(1, "create table a (id int)", "drop table a"), "")
	second := bounded(b.step(2, "create table b (id int)", "drop table b"), "")
	if before := b.bind(first); !before.Fresh {
		t.Errorf("an empty database is %+v", before)
	}
	b.apply(first)
	b.apply(second)
	if before := b.bind(second); !before.Fresh || before.Version != "" || len(before.Applied) != 0 {
		t.Errorf("before the run it was %+v", before)
	}
	third := bounded(b.step(3, "create table c (id int)", "drop table c"), "")
	for name, change := range map[string]func(*providers.Request){
		"another run":            func(r *providers.Request) { r.Run = "r2" },
		"the same id, elsewhere": func(r *providers.Request) { r.Plan = plans.DigestOf([]byte("another plan")) },
	} {
		other := third
		change(&other)
		if before := b.bind(other); before.Version != "2" || len(before.Applied) != 2 {
			t.Errorf("%s: %+v", name, before)
		}
		if _, err := postgres.New().Apply(t.Context(), other); !errors.Is(err, providers.ErrOutsideEnvelope) || !strings.Contains(err.Error(), "it is at version 2") {
			t.Errorf("%s: %v", name, err)
		}
		b.want(`SELECT to_regclass('c') IS NULL`, "t")
		other.Step.Envelope = &plans.Envelope{Database: &plans.DatabaseBound{Version: "1"}}
		if _, err := postgres.New().Apply(t.Context(), other); !errors.Is(err, providers.ErrOutsideEnvelope) {
			t.Errorf("%s, at version 1: %v", name, err)
		}
	}
	at := third
	at.Run, at.Step.Envelope = "r2", &plans.Envelope{Database: &plans.DatabaseBound{Version: "2"}}
	b.apply(at)
	if before := b.bind(at); before.Version != "2" {
		t.Errorf("before the second run it was %+v", before)
	}
}

func TestALateDatabaseWithTablesIsLeftAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec("create table theirs (id int)")
	req := bounded(b.step(1, "create table a (id int)", "drop table a"), "")
	if before := b.bind(req); before.Fresh {
		t.Error("a database with a table counts as empty")
	}
	if _, err := postgres.New().Apply(t.Context(), req); !errors.Is(err, providers.ErrOutsideEnvelope) {
		t.Errorf("apply: %v", err)
	}
	b.want(`SELECT to_regclass('a') IS NULL`, "t")
	b.want(`SELECT to_regclass('lockstep.history') IS NULL`, "t")
}

func TestAFileBegunInPartsIsTheRunsOwn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	req := bounded(b.step(1, "create table a (id int); create index concurrently i on a (id); select 1/0", ""), "")
	req.Step.Migration.Mode = "statement"
	if _, err := postgres.New().Apply(t.Context(), req); err == nil {
		t.Fatal("the file cannot come to its end")
	}
	if before := b.bind(req); !before.Fresh {
		t.Errorf("before the run it was %+v", before)
	}
	if _, err := postgres.New().Apply(t.Context(), req); errors.Is(err, providers.ErrOutsideEnvelope) {
		t.Errorf("the rest of it: %v", err)
	}
}

// TestNoConnectionToAnotherHost counts what reaches a server that the hosts of
// the block do not name.
func TestNoConnectionToAnotherHost(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	reached := make(chan net.Conn, 1)
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				close(reached)
				return
			}
			_ = c.Close()
			select {
			case reached <- c:
			default:
			}
		}
	}()
	b := newBench(t)
	port := listener.Addr().(*net.TCPAddr).Port
	for _, url := range []string{
		fmt.Sprintf("postgres://u@127.0.0.1:%d/x?sslmode=disable", port),
		fmt.Sprintf("postgres://u@db.internal:%d/x?hostaddr=127.0.0.1&sslmode=disable", port),
		fmt.Sprintf("postgres://u@db.internal,127.0.0.1:%d/x?sslmode=disable", port),
		fmt.Sprintf("postgres://u@/x?host=127.0.0.1&port=%d&sslmode=disable", port),
	} {
		b.url = url
		req := bounded(b.step(1, "select 1", ""), "")
		req.Settings = json.RawMessage(strings.Replace(string(req.Settings), `"table":`, `"hosts":["*.internal","DB.internal."],"table":`, 1))
		var elsewhere *database.ElsewhereError
		_, bindErr := postgres.New().Bind(t.Context(), req)
		_, applyErr := postgres.New().Apply(t.Context(), req)
		_, probeErr := postgres.New().Probe(t.Context(), req)
		for verb, err := range map[string]error{"bind": bindErr, "apply": applyErr, "probe": probeErr} {
			if !errors.As(err, &elsewhere) || !errors.Is(err, providers.ErrOutsideEnvelope) || elsewhere.Host != "127.0.0.1" {
				t.Errorf("%s %s: %v", verb, url, err)
			}
		}
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if c, opened := <-reached; opened {
		t.Errorf("a connection was opened: %v", c)
	}
}
