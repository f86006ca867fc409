package mysql_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database/mysql"
)

const two = "create table a (id int primary key) engine=InnoDB;\nalter table a add column n int, add index by_n (n);\n"

func TestReceipts(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	req := b.step(1, two, "drop table a")
	b.verdict(req, providers.Absent)
	if r := b.apply(req); r.Summary != "nothing -> 1" || !r.Changed {
		t.Errorf("%+v", r)
	}
	if r := b.apply(req); r.Changed {
		t.Errorf("the second time: %+v", r)
	}
	b.verdict(req, providers.Done)
	b.want("SELECT CONCAT_WS('|', version, name, mode, phase, run, actor, change_set, fresh, down_sql, tries) FROM lockstep_history",
		"1|step|statement|expand|r1|alice|status|1|drop table a|1")
	b.want("SELECT COUNT(*) FROM lockstep_statement_receipt", "0")
	b.want("SELECT engine FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'schema_migrations'", "InnoDB")
	seen, err := b.observe()
	if err != nil {
		t.Fatal(err)
	}
	if s := seen.Database; s.Version != "1" || len(s.Applied) != 1 || s.Applied[0].Up != req.Step.Migration.Up || s.Fresh {
		t.Errorf("observed %+v", s)
	}
	if !strings.HasPrefix(seen.Identity, "server ") || !strings.HasSuffix(seen.Identity, ", database "+b.name) {
		t.Errorf("identity %q", seen.Identity)
	}
	b.rollback(req)
	b.verdict(req, providers.Absent)
	b.want("SELECT COUNT(*) FROM lockstep_history", "0")
	if got := b.tables(); got != "" {
		t.Errorf("left: %s", got)
	}
}

func TestFailingFileStopsHalfWayAndResumes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec("create table other (id int)")
	req := b.step(1, "create table a (id int);\nalter table other add column n int;\nalter table missing add column n int;\nalter table a add column z int;",
		"alter table a drop column z;\nalter table missing drop column n;\nalter table other drop column n;\ndrop table a;")
	b.refused(req, "m/0001_step.up.sql:3:", "missing", "error 1146, SQLSTATE 42S02")
	b.verdict(req, providers.Partial)
	// The refused statement has no receipt: what is there of its own accord is
	// not taken for its effect.
	b.want("SELECT CONCAT_WS(' ', ordinal, finished) FROM lockstep_statement_receipt ORDER BY ordinal", "0 1\n1 1")
	b.want("SELECT COUNT(*) FROM schema_migrations", "0")
	b.exec("create table missing (id int)")
	b.apply(req)
	b.verdict(req, providers.Done)
	b.rollback(req)
	b.verdict(req, providers.Absent)
	if got := b.tables(); got != "missing\nother" {
		t.Errorf("left: %q", got)
	}
}

func TestFailingFileIsTakenBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec("create table other (id int)")
	before := b.signature()
	req := b.step(1, "create table a (id int);\nalter table other add column n int;\nalter table missing add column n int;",
		"alter table missing drop column if exists n;\nalter table other drop column n;\ndrop table a;")
	b.refused(req, "missing")
	// The down file's first statement cannot run where its table never was.
	_, err := mysql.New().Rollback(t.Context(), req)
	if err == nil || !strings.Contains(err.Error(), "m/0001_step.down.sql:1:") {
		t.Fatalf("got %v", err)
	}
	req = b.step(1, "create table a (id int);\nalter table other add column n int;\nalter table missing add column n int;",
		"alter table other drop column n;\ndrop table a;")
	b.rollback(req)
	b.verdict(req, providers.Absent)
	if got := b.signature(); !strings.HasPrefix(got, before) {
		t.Errorf("got\n%s\nwant\n%s", got, before)
	}
}

func TestRefusedStatementIsNotMistakenForItsEffect(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec("create table a (other int)")
	req := b.step(1, "create table a (id int)", "drop table a")
	for range 2 {
		b.refused(req, "already exists")
		b.verdict(req, providers.Absent)
	}
	b.want("SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'a'", "other")
}

func TestSessionSettingsCountForTheFileAndForNoOther(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply(b.step(1, "SET SESSION foreign_key_checks = 0;\ncreate table child (id int, parent int, foreign key (parent) references parent (id));\ncreate table parent (id int primary key);", "drop table child; drop table parent"))
	b.refused(b.step(2, "create table grandchild (id int, parent int, foreign key (parent) references nowhere (id));", "drop table grandchild"), "errno: 150")
}

func TestRowsRunInOneTransactionWithTheirReceipt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec("create table a (id int primary key, name varchar(20)); insert into a values (1, 'one')")
	req := b.rows(1, "update a set name = 'uno' where id = 1;\ninsert into a values (2, 'dos'), (3, 'tres');", "delete from a where id > 1;\nupdate a set name = 'one';")
	b.apply(req)
	b.want("SELECT CONCAT_WS('|', mode, `rows`) FROM lockstep_history", "transaction|3")
	b.rollback(req)
	b.want("SELECT GROUP_CONCAT(name) FROM a", "one")
	failing := b.rows(1, "insert into a values (2, 'secret');\ninsert into a values (2, 'again');", "delete from a where id = 2")
	b.refused(failing, "m/0001_step.up.sql:2: Duplicate entry (value hidden) for key")
	b.verdict(failing, providers.Absent)
	b.want("SELECT COUNT(*) FROM a", "1")
}

func TestRowsOfATableWithoutTransactions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec("create table a (id int) engine=MyISAM; create table c (id int)")
	b.refused(b.rows(1, "insert into c values (1);\ninsert into a values (1);", "delete from a"), "0001_step.up.sql:2: table a is kept by engine MyISAM", "lockstep:no-transaction")
	b.want("SELECT COUNT(*) FROM c", "0")
	accepted := b.rows(1, "-- lockstep:no-transaction\ninsert into a values (1);", "delete from a")
	b.apply(accepted)
	b.want("SELECT COUNT(*) FROM a", "1")
}

func TestVersionTableOfAnotherTool(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec("create table schema_migrations (version varchar(20) primary key)")
	if _, err := b.observe(); err == nil || !strings.Contains(err.Error(), "belongs to another tool: it has the columns version varchar") {
		t.Errorf("got %v", err)
	}
	b.exec("drop table schema_migrations; create table schema_migrations (version bigint not null primary key, dirty boolean not null) engine=MyISAM")
	if _, err := b.observe(); err == nil || !strings.Contains(err.Error(), "ALTER TABLE `schema_migrations` ENGINE=InnoDB") {
		t.Errorf("got %v", err)
	}
}

func TestServersOnWhichFilesReadOtherwise(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.url += "?sql_mode=%27NO_BACKSLASH_ESCAPES%27"
	if _, err := b.observe(); err == nil || !strings.Contains(err.Error(), "sql_mode has NO_BACKSLASH_ESCAPES") {
		t.Errorf("got %v", err)
	}
}

func TestURLsAndSecrets(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"postgres://a:b@c/d":                               "expected mysql://",
		"mysql://root:p%40ss@tcp(127.0.0.1:1)/":            "names no database",
		"mysql://root:s3cret-word@tcp(127.0.0.1:1)/orders": "connect",
		"mysql://root:s3cret-word@tcp(127.0.0.1:1/orders":  "cannot read it",
		"mysql://root:s3%ZZcret-word@tcp(127.0.0.1:1)/o":   "begins no escape",
		"mysql://root:x@tcp(127.0.0.1:1)/o?tls=custom":     "x-tls-ca",
	} {
		settings, err := json.Marshal(map[string]string{"name": "o", "driver": "mysql", "url": url, "migrations": "m"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = mysql.New().Observe(t.Context(), providers.ObserveRequest{Address: "database.o", Settings: settings})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", url, err)
		}
		if err != nil && (strings.Contains(err.Error(), "cret-word") || strings.Contains(err.Error(), "p@ss") || strings.Contains(err.Error(), "p%40ss")) {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec("create table a (id int, price decimal(9,2), at datetime, name varchar(9)); insert into a values (1, 2.50, '2026-11-21 10:00:00', 'x'), (2, null, null, null)")
	rows, err := mysql.Query(t.Context(), b.url, "select id, price, at, name, (select sum(id) from a) as total from a order by id")
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(rows)
	if want := `[{"at":"2026-11-21T10:00:00Z","id":1,"name":"x","price":2.50,"total":3},{"at":null,"id":2,"name":null,"price":null,"total":3}]`; err != nil || string(got) != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
	for query, want := range map[string]string{
		"insert into a (id) values (3)": "READ ONLY transaction",
		"drop table a":                  "found DROP, expected a statement that reads",
		"commit":                        "found COMMIT",
		"select 1; select 2":            "found 2 statements",
	} {
		if _, err := mysql.Query(t.Context(), b.url, query); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", query, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := mysql.Query(ctx, b.url, "select sleep(600)")
		ended <- err
	}()
	b.running(t, "select sleep(600)")
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	b.await(t, "SELECT COUNT(*) = 0 FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE 'select sleep(600)%'")
}
