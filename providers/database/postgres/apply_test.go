package postgres_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database"
	"github.com/lockstep-dev/lockstep/providers/database/postgres"
)

func TestApplyAndRollBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if s := b.observe(); !s.Fresh || s.Version != "" || len(s.Applied) > 0 {
		t.Fatalf("fresh database: %+v", s)
	}
	one := b.step(1, "create table a (id int);\ninsert into a values (1), (2)", "drop table a")
	two := b.step(2, "alter table a add b text", "alter table a drop b")
	b.verdict(one, providers.Absent)
	if r := b.apply(one); !r.Changed || r.Summary != "nothing -> 1" || r.Figures["tries"] != 1 || r.Figures["rows"] != int64(2) {
		t.Errorf("%+v", r)
	}
	b.verdict(one, providers.Done)
	if r := b.apply(one); r.Changed {
		t.Errorf("again: %+v", r)
	}
	b.apply(two)
	s := b.observe()
	if s.Fresh || s.Version != "2" || len(s.Applied) != 2 || s.Applied[1].Up != two.Step.Migration.Up || s.Applied[1].Run != "r1" || s.Applied[1].At == "" {
		t.Fatalf("%+v", s)
	}
	b.want(`SELECT actor, fresh, down_sql, phase, change_set, xid <> '' AS x, canonical_digest <> '' AS c, rows, tries
		FROM lockstep.history ORDER BY version`,
		"alice,t,\"drop table a\",expand,status,t,t,2,1\nalice,f,\"alter table a drop b\",expand,status,t,t,0,1")
	b.rollback(two)
	b.want(`SELECT version, dirty FROM schema_migrations`, "1,f")
	b.rollback(two)
	b.rollback(one)
	b.want(`SELECT version, dirty FROM schema_migrations`, "")
	b.want(`SELECT to_regclass('a') IS NULL`, "t")
	if s := b.observe(); !s.Fresh {
		t.Errorf("after the rollback: %+v", s)
	}
}

func TestFailureChangesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	req := b.step(1, "create table a (id int);\n\nselect nothing from a;", "drop table a")
	_, err := postgres.New().Apply(t.Context(), req)
	want := `migration.orders["0001_step"]: m/0001_step.up.sql:3: column "nothing" does not exist (SQLSTATE 42703)`
	if err == nil || err.Error() != want {
		t.Fatalf("got  %v\nwant %s", err, want)
	}
	b.verdict(req, providers.Absent)
	if s := b.observe(); !s.Fresh || s.Dirty {
		t.Errorf("%+v", s)
	}
}

func TestAWrapperIsLeftOut(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	req := b.step(1, "BEGIN;\ncreate table a (id int);\ninsert into a values (1);\nCOMMIT;\n", "begin; drop table a; end")
	b.apply(req)
	b.want(`SELECT xid = (SELECT xmin::text FROM a) AS together FROM lockstep.history`, "t")
	b.rollback(req)
	b.want(`SELECT to_regclass('a') IS NULL`, "t")

	req = b.step(1, "BEGIN;\ncreate table a (id int);\nselect nothing from a;\nCOMMIT;\n", "")
	if _, err := postgres.New().Apply(t.Context(), req); err == nil || !strings.Contains(err.Error(), "m/0001_step.up.sql:3:") {
		t.Fatal(err)
	}
	b.want(`SELECT to_regclass('a') IS NULL`, "t")
}

func TestEditedFileIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply(b.step(1, "create table a (id int)", "drop table a"))
	edited := b.step(1, "create table a (id bigint)", "drop table a")
	var bad *database.EditedError
	_, err := postgres.New().Apply(t.Context(), edited)
	if !errors.As(err, &bad) || bad.Applied.Run != "r1" {
		t.Fatalf("apply: %v", err)
	}
	if _, err := postgres.New().Rollback(t.Context(), edited); !errors.As(err, &bad) {
		t.Fatalf("roll back: %v", err)
	}
	b.verdict(edited, providers.Unknown)
}

// The server itself reports that the transaction is another one; the lexer
// refuses most of these before.
func TestEmbeddedCommitIsCaught(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		"create table a (id int); commit; create table c (id int)",
		"begin; create table a (id int); commit; create table c (id int)",
		"create table a (id int); rollback; begin",
		"create table a (id int); commit and chain",
	} {
		b := newBench(t)
		req := b.step(1, body, "drop table a")
		if _, err := postgres.New().Apply(t.Context(), req); err == nil || !strings.Contains(err.Error(), "transaction") {
			t.Errorf("%s: got %v", body, err)
		}
		b.verdict(req, providers.Absent)
		b.want(`SELECT to_regclass('a') IS NULL`, "t")
	}
	// A procedure that commits is in no statement's text.
	b := newBench(t)
	b.exec(`create procedure p() language plpgsql as $$ begin commit; end $$`)
	req := b.step(1, "create table a (id int); call p()", "drop table a")
	if _, err := postgres.New().Apply(t.Context(), req); err == nil {
		t.Error("a procedure that commits is not noticed")
	}
	b.verdict(req, providers.Absent)
}

func TestSessionSettingsStayInTheirFile(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec(`create schema other; drop role if exists weak; create role weak; grant all on schema other to weak`)
	b.apply(b.step(1, "set role weak; set search_path = other; set statement_timeout = '10min'; create table a (id int)", "drop table other.a"))
	b.apply(b.step(2, "create table c (id int)", "drop table c"))
	b.want(`SELECT schemaname, tablename FROM pg_tables WHERE tablename IN ('a', 'c', 'schema_migrations', 'history') ORDER BY 2`,
		"other,a\npublic,c\nlockstep,history\npublic,schema_migrations")
	b.exec(`drop table other.a; drop schema other; drop owned by weak; drop role weak`)
}

func TestNoWayBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for version, down := range map[int]string{1: "", 2: "-- nothing\n", 3: "  "} {
		req := b.step(version, "select 1", down)
		b.apply(req)
		before := b.signature()
		if _, err := postgres.New().Rollback(t.Context(), req); !errors.Is(err, providers.ErrIrreversible) {
			t.Errorf("down %q: %v", down, err)
		}
		if after := b.signature(); after != before {
			t.Errorf("down %q changed the database:\n%s\n%s", down, before, after)
		}
		b.verdict(req, providers.Done)
	}
	said := b.step(4, "select 1", "select 2")
	said.Step.Migration.Irreversible = "letters were sent"
	b.apply(said)
	if _, err := postgres.New().Rollback(t.Context(), said); !errors.Is(err, providers.ErrIrreversible) || !strings.Contains(err.Error(), "letters were sent") {
		t.Errorf("by the author: %v", err)
	}
}

func TestRollbackWithoutTheBundlesFile(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	req := b.step(1, "create table a (id int)", "drop table a")
	b.apply(req)
	req.Step.Inputs, req.Step.Migration.Down = req.Step.Inputs[:1], ""
	b.rollback(req)
	b.want(`SELECT to_regclass('a') IS NULL`, "t")
}

func TestGapIsFilledBelowTheVersion(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	one, two, three := b.step(1, "select 1", "select 1"), b.step(2, "select 2", "select 2"), b.step(3, "select 3", "select 3")
	b.apply(one)
	b.apply(three)
	b.apply(two)
	b.want(`SELECT version FROM schema_migrations`, "3")
	b.rollback(two)
	b.want(`SELECT version FROM schema_migrations`, "3")
	b.rollback(three)
	b.want(`SELECT version FROM schema_migrations`, "1")
}

func TestDirtyOrForeignTableIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec(`create table schema_migrations (version bigint primary key, dirty boolean not null); insert into schema_migrations values (-1, true)`)
	req := b.step(1, "select 1", "select 1")
	if s := b.observe(); !s.Dirty {
		t.Errorf("%+v", s)
	}
	if _, err := postgres.New().Apply(t.Context(), req); err == nil || !strings.Contains(err.Error(), "dirty") {
		t.Errorf("dirty: %v", err)
	}
	b.verdict(req, providers.Unknown)
	b.exec(`drop table schema_migrations; create table schema_migrations (version varchar primary key)`)
	if _, err := postgres.New().Apply(t.Context(), req); err == nil || !strings.Contains(err.Error(), "belongs to another tool") {
		t.Errorf("dbmate's table: %v", err)
	}
}

func TestEnvelope(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	late := func(req providers.Request) providers.Request {
		req.Step.Late, req.Step.Envelope = true, &plans.Envelope{NonDestructive: true}
		req.Step.Migration.Class = plans.ClassContract
		return req
	}
	b.apply(late(b.step(1, "create table a (id int)", "drop table a")))
	b.apply(late(b.step(2, "alter table a rename to c", "alter table c rename to a")))
	other := late(b.step(3, "drop table c", "select 1"))
	other.Run = "r2"
	if _, err := postgres.New().Apply(t.Context(), other); !errors.Is(err, providers.ErrOutsideEnvelope) {
		t.Errorf("another run's rows: %v", err)
	}
	b.verdict(other, providers.Absent)
	used := newBench(t)
	used.exec("create table theirs (id int)")
	if _, err := postgres.New().Apply(t.Context(), late(used.step(1, "drop table theirs", "select 1"))); !errors.Is(err, providers.ErrOutsideEnvelope) {
		t.Errorf("a used database: %v", err)
	}
	used.want(`SELECT to_regclass('theirs') IS NULL`, "f")
}

func TestSecretsAreHidden(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t-canary"
	for _, u := range []string{
		"postgres://u:" + secret + "%ss@127.0.0.1:1/x", "postgres://u:" + secret + "@127.0.0.1:1/x?sslmode=disable",
		"postgres://u:" + secret + "@127.0.0.1:1/x?sslmode=bogus", "postgres://u@127.0.0.1:1/x?password=" + secret + "&sslmode=disable",
		"mysql://u:" + secret + "@h/x", secret, "postgres://u:" + secret + "@127.0.0.1:port/x",
	} {
		b := newBench(t)
		b.url = u
		_, err := postgres.New().Apply(t.Context(), b.step(1, "select 1", ""))
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("got %v", err)
		}
	}
}
