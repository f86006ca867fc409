package sqlcheck_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/plans"
)

func file(up string) plans.MigrationFile {
	return plans.MigrationFile{
		Version: 7, Name: "x",
		Up:   plans.SQLFile{Path: "db/0007_x.up.sql", Bytes: []byte(up)},
		Down: plans.SQLFile{Path: "db/0007_x.down.sql", Bytes: []byte("select 1")},
	}
}

// classified is what is expected of a file's SQL.
type classified struct {
	sql    string
	class  plans.Class
	reason string
}

// Redshift stands for drivers that are judged by the words of their statements.
func TestClassify(t *testing.T) {
	t.Parallel()
	for _, tt := range append(additions(), contractions()...) {
		t.Run(tt.sql, func(t *testing.T) {
			t.Parallel()
			v, findings := sqlcheck.Classify(file(tt.sql), "redshift")
			if len(findings) > 0 {
				t.Fatalf("findings: %+v", findings)
			}
			if v.Class != tt.class || tt.reason != "" && v.Reason != tt.reason {
				t.Errorf("got %s (%s), want %s (%s)", v.Class, v.Reason, tt.class, tt.reason)
			}
		})
	}
}

func additions() []classified {
	return []classified{
		// expand
		{"create table t (a int)", plans.ClassExpand, ""},
		{"create table t (a int references p (id), b int references public.q)", plans.ClassExpand, ""},
		{"create index i on t (a)", plans.ClassExpand, ""},
		{"create index concurrently i on only s.t (a)", plans.ClassExpand, ""},
		{"create view v as select 1", plans.ClassExpand, ""},
		{"alter table t add a int", plans.ClassExpand, ""},
		{`alter table if exists only "T" add column if not exists a int not null default 0`, plans.ClassExpand, ""},
		{"alter table t add a int references p", plans.ClassExpand, ""},
		{"alter table t alter a drop not null", plans.ClassExpand, ""},
		{"alter table t alter column a set default 1", plans.ClassExpand, ""},
		{"alter table t validate constraint c", plans.ClassExpand, ""},
		{"alter table t set (fillfactor = 70)", plans.ClassExpand, ""},
		{"alter table t alter a set statistics 5", plans.ClassExpand, ""},
		{"alter type e add value 'x'", plans.ClassExpand, ""},
		{"create table t (a int); alter table t alter a set not null; create unique index on t (a); drop table t", plans.ClassExpand, ""},
		{"comment on table t is 'x'", plans.ClassExpand, ""},
		{"insert into t values (1); create table u (a int)", plans.ClassExpand, ""},
		// data
		{"insert into t values (1)", plans.ClassData, ""},
		{"set local work_mem = '1GB'; update only t set a = 1 where b", plans.ClassData, ""},
		{"delete from s.t where a", plans.ClassData, ""},
		{"merge into t using u on true when matched then delete", plans.ClassData, ""},
		{"with x as (delete from t where a returning 1) select * from x", plans.ClassData, ""},
	}
}

func contractions() []classified {
	return []classified{
		{"drop table a, public.b cascade", plans.ClassContract, "line 1 drops the table a"},
		{"drop table if exists a", plans.ClassContract, "line 1 drops the table a"},
		{"drop view v", plans.ClassContract, "line 1 drops the view v"},
		{"drop index concurrently i", plans.ClassContract, "line 1 drops the index i"},
		{"alter table t add b int, drop a", plans.ClassContract, "line 1 drops the column t.a"},
		{"\n\nalter table t drop column if exists a cascade", plans.ClassContract, "line 3 drops the column t.a"},
		{"alter table t drop constraint c", plans.ClassContract, "line 1 drops a constraint of t"},
		{"alter table t rename to u", plans.ClassContract, "line 1 renames t or a column of it"},
		{"alter table t rename a to b", plans.ClassContract, "line 1 renames t or a column of it"},
		{"alter table t alter a type bigint", plans.ClassContract, "line 1 changes the type of t.a"},
		{"alter table t alter column a set data type bigint using a::bigint", plans.ClassContract, "line 1 changes the type of t.a"},
		{"alter table t alter a set not null", plans.ClassContract, "line 1 forbids NULL in t.a"},
		{"alter table t add constraint c check (a > 0) not valid", plans.ClassContract, "line 1 adds a constraint to t, which code that writes other values does not survive"},
		{"alter table t add foreign key (a) references p", plans.ClassContract, "line 1 adds a constraint to t, which code that writes other values does not survive"},
		{"alter table t add a int not null", plans.ClassContract, "line 1 adds t.a without a default, which INSERTs of running code do not fill"},
		{"create unique index i on t (a)", plans.ClassContract, "line 1 makes values of t unique, which code that writes duplicates does not survive"},
		{"truncate t", plans.ClassContract, "line 1 empties the table t"},
		{"truncate table only t, u restart identity", plans.ClassContract, "line 1 empties the table t"},
		{"revoke select on t from r", plans.ClassContract, "line 1 takes a right away"},
		{"alter view v rename to w", plans.ClassContract, "line 1 renames what code may use"},
	}
}

func TestClassifyKnowsEarlierFiles(t *testing.T) {
	t.Parallel()
	first, _ := sqlcheck.Classify(file("create table public.t (a int)"), "redshift")
	if fmt.Sprint(first.Creates) != "[t]" {
		t.Fatalf("creates %v", first.Creates)
	}
	sql := file("alter table t alter a set not null")
	if v, _ := sqlcheck.Classify(sql, "redshift"); v.Class != plans.ClassContract {
		t.Errorf("alone: got %s", v.Class)
	}
	if v, _ := (sqlcheck.Check{Dialect: "redshift", New: first.Creates}).Classify(sql); v.Class != plans.ClassExpand {
		t.Errorf("after the file that creates it: got %s (%s)", v.Class, v.Reason)
	}
}

func TestWhatIsNotInTheFileIsNotCalledSafe(t *testing.T) {
	t.Parallel()
	for sql, asks := range map[string]bool{
		"do $$ begin execute 'drop table t'; end $$":               true,
		"do $$ begin drop table t; end $$":                         true,
		"call archive(1)":                                          true,
		"execute prepared":                                         true,
		"select drop_everything()":                                 true,
		"select s.\"Run\"(a) from t":                               true,
		"with x as (select 1) select go_on(x) from x":              true,
		"create table n (a int); select fill(1)":                   true,
		"drop table t; call archive(1)":                            true,
		"select count(*) from t where a in (select max(b) from u)": false,
		"select setval('s', (select coalesce(max(a), 1) from t))":  false,
		"select 'drop_everything()' -- go()":                       false,
		"with t (a) as (values (1)) select a from t":               false,
	} {
		v, _ := sqlcheck.Classify(file(sql), "postgres")
		if (v.Class == plans.ClassAsk) != asks || (len(v.Unread) > 0) != asks || asks && v.Risk.Level == "low" {
			t.Errorf("%s: got %s (%s), risk %+v", sql, v.Class, v.Reason, v.Risk)
		}
	}
}

func TestTheAuthorAnswersForWhatIsNotInTheFile(t *testing.T) {
	t.Parallel()
	do := "\ndo $$ begin execute 'x'; end $$"
	for header, want := range map[string]plans.Severity{
		"-- lockstep:phase expand it adds partitions":                plans.SeverityInfo,
		"-- lockstep:nolint unreadable-statement it adds partitions": plans.SeverityInfo,
		"-- lockstep:phase contract":                                 plans.SeverityWarning,
	} {
		v, findings := sqlcheck.Classify(file(header+do), "postgres")
		if len(findings) != 1 || findings[0].Severity != want || v.Risk.Level != "medium" {
			t.Errorf("%s: got %+v, risk %s", header, findings, v.Risk.Level)
		}
		if want == plans.SeverityInfo && !strings.Contains(findings[0].Detail, "it adds partitions") {
			t.Errorf("%s: the reason is not shown: %+v", header, findings)
		}
	}
}

func TestHeaderDecides(t *testing.T) {
	t.Parallel()
	v, findings := sqlcheck.Classify(file("-- lockstep:phase expand nobody reads it\ndrop table t"), "postgres")
	want := "the author says expand (line 1): nobody reads it; its statements alone are contract: line 2 drops the table t, which released code may read"
	if len(findings) != 1 || findings[0].Code != "drop-table" || v.Class != plans.ClassExpand || v.Reason != want || v.Statements[0].Phase != plans.Expand {
		t.Errorf("got %s (%s) %v", v.Class, v.Reason, findings)
	}
	v, _ = sqlcheck.Classify(file("-- lockstep:irreversible rows go\n-- lockstep:phase contract\ndelete from t"), "postgres")
	if v.Class != plans.ClassContract || v.Irreversible != "rows go" || v.Statements[0].Phase != plans.Contract || v.Risk.Level != "high" {
		t.Errorf("got %+v", v)
	}
}

func TestMode(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"create index i on t (a)":                         sqlcheck.ModeTransaction,
		"create index concurrently i on t (a)":            sqlcheck.ModeStatement,
		"drop index concurrently i":                       sqlcheck.ModeStatement,
		"reindex table concurrently t":                    sqlcheck.ModeStatement,
		"vacuum t":                                        sqlcheck.ModeStatement,
		"create database d":                               sqlcheck.ModeStatement,
		"alter table t detach partition p concurrently":   sqlcheck.ModeStatement,
		"alter table t detach partition p":                sqlcheck.ModeTransaction,
		"refresh materialized view concurrently v":        sqlcheck.ModeTransaction,
		"-- atlas:txmode none\ncreate table t (a int)":    sqlcheck.ModeStatement,
		"-- +goose NO TRANSACTION\nvacuum t; analyze t":   sqlcheck.ModeStatement,
		"select 'vacuum'; comment on table t is 'vacuum'": sqlcheck.ModeTransaction,
	}
	for sql, want := range tests {
		v, findings := sqlcheck.Classify(file(sql), "postgres")
		refused := slices.ContainsFunc(findings, func(f plans.Finding) bool { return f.Severity == plans.SeverityError })
		if v.Mode != want || refused {
			t.Errorf("%s: got %q, want %q; %v", sql, v.Mode, want, findings)
		}
	}
}

// Items are numbers of the project's list of bad inputs that are decided from
// a file's text; ReadFolder decides the others.
func TestRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		item     int
		sql      string
		code     string
		line     int
		severity plans.Severity
	}{
		{48, "-- nothing\n;", "empty-file", 0, plans.SeverityError},
		{53, "\xff\xfes\x00", "sql-syntax", 1, plans.SeverityError},
		{53, "\xef\xbb\xbfselect 1", "sql-syntax", 1, plans.SeverityError},
		{54, "select 1;\n\x00", "sql-syntax", 2, plans.SeverityError},
		{55, "select 'gr\xfc\xdf'", "sql-syntax", 1, plans.SeverityError},
		{56, "select 1;\nselect 'a", "sql-syntax", 2, plans.SeverityError},
		{56, "do $$ begin", "sql-syntax", 1, plans.SeverityError},
		{56, "select 1 /* a", "sql-syntax", 1, plans.SeverityError},
		{57, "begin;\ncreate table t (a int);\ncommit;", "transaction-wrapper", 1, plans.SeverityInfo},
		{57, "-- lockstep:no-transaction\nbegin;\ncreate table t (a int);\ncommit;", "transaction-control", 2, plans.SeverityError},
		{57, "begin;\nvacuum;\nselect 1;\ncommit;", "mixed-transaction", 2, plans.SeverityError},
		{57, "begin;\ncommit;", "empty-file", 0, plans.SeverityError},
		{58, "create table t (a int);\ncommit;\nselect 1", "transaction-control", 2, plans.SeverityError},
		{58, "rollback", "transaction-control", 1, plans.SeverityError},
		{58, "commit and chain", "transaction-control", 1, plans.SeverityError},
		{58, "prepare transaction 'x'", "transaction-control", 1, plans.SeverityError},
		{58, "savepoint a", "transaction-control", 1, plans.SeverityError},
		{58, "start transaction", "transaction-control", 1, plans.SeverityError},
		{59, "create table t (a int);\ncreate index concurrently i on t (a)", "mixed-transaction", 2, plans.SeverityError},
		{60, "create index concurrently on t (a)", "unnamed-index", 1, plans.SeverityError},
		{61, "create index concurrently if not exists i on t (a)", "index-if-not-exists", 1, plans.SeverityWarning},
		{62, "update t set a = 1 where b;\nvacuum t", "mixed-transaction", 2, plans.SeverityError},
		{63, "copy t from stdin;\nit's\n\\.\n", "copy-stdin", 1, plans.SeverityError},
		{63, "select 1;\n\\copy t from 'x'", "psql-command", 2, plans.SeverityError},
		{63, "\\i other.sql", "psql-command", 1, plans.SeverityError},
		{64, "copy t to program 'curl x'", "copy-program", 1, plans.SeverityError},
		{64, "alter system set fsync = off", "alter-system", 1, plans.SeverityError},
		{64, "select pg_read_file('/etc/passwd')", "server-access", 1, plans.SeverityError},
		{64, "load 'x'", "server-access", 1, plans.SeverityError},
		{64, "copy t from '/etc/passwd'", "server-access", 1, plans.SeverityError},
		{64, "copy (select 1) to '/tmp/x'", "server-access", 1, plans.SeverityError},
		{65, "set search_path = x; select 1", "session-setting", 1, plans.SeverityWarning},
		{65, "-- lockstep:no-transaction\nset local search_path = x; select 1", "session-setting", 2, plans.SeverityWarning},
		{0, "select 1; set lock_timeout = 0", "lock-timeout", 1, plans.SeverityInfo},
		{0, "-- lockstep:no-transaction\nset local lock_timeout = '1s'; select 1", "lock-timeout", 2, plans.SeverityInfo},
		{0, "alter type app.e add value if not exists 'x' before 'a';\nupdate t set a = 'x'", "new-enum-value", 2, plans.SeverityWarning},
		{66, strings.Repeat("select 1;\n", 1_000_000), "too-many-statements", 10_001, plans.SeverityError},
		{0, "-- lockstep:irreversible\nselect 1", "directive", 1, plans.SeverityError},
	}
	items := map[int]bool{}
	for _, tt := range tests {
		items[tt.item] = true
		_, findings := sqlcheck.Classify(file(tt.sql), "postgres")
		found := false
		for _, f := range findings {
			found = found || f.Code == tt.code && f.Line == tt.line && f.Severity == tt.severity && (f.Fix != "" || f.Severity == plans.SeverityInfo) && f.Summary != "" && f.File != ""
		}
		if !found {
			t.Errorf("item %d %.60q: want %s on line %d, got %+v", tt.item, tt.sql, tt.code, tt.line, findings)
		}
	}
	if len(items) != 16 { // the 0 of what is not on the list among them
		t.Errorf("covers %d numbers of the list, want 16", len(items))
	}
}

func TestMessagesAreTrue(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"alter table Orders add a int;\ncreate index concurrently Orders_x on Orders (a)": "create index concurrently Orders_x cannot run in a transaction",
		"vacuum \"Orders\"; select 1": "vacuum cannot run in a transaction",
		"cluster; select 1":           "cluster cannot run in a transaction",
		"savepoint a":                 "SAVEPOINT inside of a migration would let a part of it fail",
		"begin; select 1":             "BEGIN inside of a migration has no transaction to begin",
		"commit":                      "COMMIT inside of a migration would end the transaction",
		"-- lockstep:no-transaction\nset search_path = x; select 1": "",
		"cluster t; select 1": "",
	} {
		_, findings := sqlcheck.Classify(file(sql), "postgres")
		if want == "" && len(findings) > 0 && findings[0].Severity == plans.SeverityError || want != "" && (len(findings) == 0 || !strings.HasPrefix(findings[0].Summary, want)) {
			t.Errorf("%q: want %q, got %+v", sql, want, findings)
		}
	}
}

func TestWayBack(t *testing.T) {
	t.Parallel()
	f := file("create table t (a int)")
	f.Down = plans.SQLFile{}
	if _, got := sqlcheck.Classify(f, "postgres"); len(got) != 1 || got[0].Code != "no-way-back" || got[0].Severity != plans.SeverityWarning {
		t.Errorf("missing down file: %+v", got)
	}
	f.Up.Bytes = []byte("-- lockstep:nolint no-way-back restored from a copy\ncreate table t (a int)")
	if _, got := sqlcheck.Classify(f, "postgres"); len(got) != 1 || got[0].Severity != plans.SeverityInfo || !strings.Contains(got[0].Detail, "restored from a copy") {
		t.Errorf("answered: %+v", got)
	}
	f.Up.Bytes = []byte("create table t (a int)")
	f.Down = plans.SQLFile{Path: "db/0007_x.down.sql", Bytes: []byte("drop table t; commit")}
	if _, got := sqlcheck.Classify(f, "postgres"); len(got) != 1 || got[0].File != f.Down.Path || got[0].Code != "transaction-control" {
		t.Errorf("bad down file: %+v", got)
	}
}

func TestSQLiteHasNoTableLocks(t *testing.T) {
	t.Parallel()
	v, findings := sqlcheck.Classify(file("create table n (a); insert into n select a from o; drop table o; alter table n rename to o"), "sqlite")
	if len(findings) > 0 || v.Class != plans.ClassContract || v.Reason != "line 1 drops the table o" {
		t.Errorf("got %s (%s) %v", v.Class, v.Reason, findings)
	}
	for _, s := range v.Statements {
		if len(s.Locks) > 0 {
			t.Errorf("locks %v", s.Locks)
		}
	}
}

func FuzzClassify(f *testing.F) {
	for _, s := range []string{"alter table t add a int, drop b", "create unique index concurrently i on only t (a)", "drop table if exists a, b", "with x as (select 1) update t set a = 1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		v, findings := sqlcheck.Classify(file(sql), "postgres")
		for _, finding := range findings {
			if finding.Severity == plans.SeverityError {
				return
			}
		}
		if v.Class == "" || v.Mode == "" || v.Reason == "" || v.Risk.Level == "" {
			t.Fatalf("half a verdict: %+v", v)
		}
	})
}

func TestSequenceKnowsEarlierFiles(t *testing.T) {
	t.Parallel()
	create := plans.MigrationFile{Up: plans.SQLFile{Path: "1_a.up.sql", Bytes: []byte("CREATE TABLE a (id int);")}}
	drop := plans.MigrationFile{Up: plans.SQLFile{Path: "2_b.up.sql", Bytes: []byte("DROP TABLE a;")}}
	sequence := sqlcheck.Sequence("redshift", nil)
	if v, _ := sequence.Classify(drop); v.Class != plans.ClassContract {
		t.Errorf("before the file that creates the table: got %s", v.Class)
	}
	if v, _ := sequence.Classify(create); v.Class != plans.ClassExpand {
		t.Errorf("create: got %s", v.Class)
	}
	if v, _ := sequence.Classify(drop); v.Class != plans.ClassExpand {
		t.Errorf("after it: got %s", v.Class)
	}
}
