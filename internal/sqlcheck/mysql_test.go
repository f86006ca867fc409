package sqlcheck_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/plans"
)

func locksOf(s plans.Statement) string {
	var list []string
	for _, l := range s.Locks {
		list = append(list, strings.TrimSuffix(l.Mode, " metadata lock")+" "+l.Relation)
	}
	return strings.Join(list, ", ")
}

func TestClassifyMySQL(t *testing.T) {
	t.Parallel()
	tests := []struct {
		sql      string
		class    plans.Class
		mode     string
		locks    string // of the first statement
		rewrites string // of the first statement
		source   string
	}{
		{"create table t (a int)", plans.ClassExpand, "statement", "", "", "rule"},
		{"create table t (a int, foreign key (a) references p (id))", plans.ClassExpand, "statement", "EXCLUSIVE p", "", "rule"},
		{"alter table `t` add column a int, algorithm=instant", plans.ClassExpand, "statement", "EXCLUSIVE t", "", "rule"},
		{"alter table t add a int default 0 not null", plans.ClassExpand, "statement", "EXCLUSIVE t", "", "rule"},
		{"alter table t add a int not null", plans.ClassContract, "statement", "EXCLUSIVE t", "", "rule"},
		{"alter table t add id int auto_increment primary key", plans.ClassExpand, "statement", "EXCLUSIVE t, SHARED_NO_WRITE t", "t", "rule"},
		{"alter table t add index i (a)", plans.ClassExpand, "statement", "EXCLUSIVE t, SHARED_UPGRADABLE t", "", "rule"},
		{"create index i on t (a)", plans.ClassExpand, "statement", "EXCLUSIVE t, SHARED_UPGRADABLE t", "", "rule"},
		{"create unique index i using btree on t (a)", plans.ClassContract, "statement", "EXCLUSIVE t, SHARED_UPGRADABLE t", "", "rule"},
		{"create fulltext index i on t (a)", plans.ClassExpand, "statement", "EXCLUSIVE t, SHARED_NO_WRITE t", "", "rule"},
		{"alter table t add unique key u (a)", plans.ClassContract, "statement", "EXCLUSIVE t, SHARED_UPGRADABLE t", "", "rule"},
		{"alter table t add constraint f foreign key (a) references p (id)", plans.ClassContract, "statement", "EXCLUSIVE t, SHARED_NO_WRITE t, EXCLUSIVE p", "t", "rule"},
		{"alter table t modify a bigint", plans.ClassContract, "statement", "EXCLUSIVE t, SHARED_NO_WRITE t", "t", "assumed"},
		{"alter table t modify a bigint, algorithm=inplace, lock=none", plans.ClassContract, "statement", "EXCLUSIVE t, SHARED_UPGRADABLE t", "t", "assumed"},
		{"alter table t change a b int", plans.ClassContract, "statement", "EXCLUSIVE t, SHARED_NO_WRITE t", "t", "assumed"},
		{"alter table t rename column a to b", plans.ClassContract, "statement", "EXCLUSIVE t", "", "rule"},
		{"alter table t rename index a to b", plans.ClassExpand, "statement", "EXCLUSIVE t", "", "rule"},
		{"alter table t drop column a", plans.ClassContract, "statement", "EXCLUSIVE t", "t", "assumed"},
		{"alter table t drop a, algorithm=instant", plans.ClassContract, "statement", "EXCLUSIVE t", "", "rule"},
		{"alter table t drop index i", plans.ClassContract, "statement", "EXCLUSIVE t", "", "rule"},
		{"alter table t drop primary key", plans.ClassContract, "statement", "EXCLUSIVE t, SHARED_NO_WRITE t", "t", "rule"},
		{"alter table t drop foreign key f", plans.ClassContract, "statement", "EXCLUSIVE t", "", "rule"},
		{"alter table t drop partition p", plans.ClassContract, "statement", "EXCLUSIVE t", "", "rule"},
		{"alter table t alter a set default 1", plans.ClassExpand, "statement", "EXCLUSIVE t", "", "rule"},
		{"alter table t alter a drop default", plans.ClassContract, "statement", "EXCLUSIVE t", "", "rule"},
		{"alter table t convert to character set utf8mb4", plans.ClassExpand, "statement", "EXCLUSIVE t, SHARED_NO_WRITE t", "t", "assumed"},
		{"alter table t comment 'x'", plans.ClassExpand, "statement", "EXCLUSIVE t", "", "rule"},
		{"rename table a to b, c to d", plans.ClassContract, "statement", "EXCLUSIVE a, EXCLUSIVE c", "", "rule"},
		{"drop table a", plans.ClassContract, "statement", "EXCLUSIVE a", "", "rule"},
		{"drop index i on t", plans.ClassContract, "statement", "EXCLUSIVE t", "", "rule"},
		{"truncate table a", plans.ClassContract, "statement", "EXCLUSIVE a", "", "rule"},
		{"insert into t values ('a\\'b')", plans.ClassData, "transaction", "SHARED_WRITE t", "", "rule"},
		{"set @a = 1; update t set a = @a where b = 1", plans.ClassData, "transaction", "", "", "rule"},
		{"create procedure p() begin select 1; end", plans.ClassExpand, "statement", "", "", "rule"},
		{"call p()", plans.ClassExpand, "statement", "", "", "assumed"},
		{"alter table t /*!80012 add a int */", plans.ClassExpand, "statement", "EXCLUSIVE t", "", "assumed"},
	}
	for _, tt := range tests {
		t.Run(tt.sql, func(t *testing.T) {
			t.Parallel()
			v, findings := sqlcheck.Classify(file(tt.sql), "mysql")
			for _, f := range findings {
				if f.Severity == plans.SeverityError {
					t.Fatalf("refused: %+v", f)
				}
			}
			first := v.Statements[0]
			if v.Class != tt.class || v.Mode != tt.mode || first.Source != tt.source {
				t.Errorf("got %s (%s), %s, %s", v.Class, v.Reason, v.Mode, first.Source)
			}
			if locksOf(first) != tt.locks || strings.Join(first.Rewrites, ", ") != tt.rewrites {
				t.Errorf("locks %q, rewrites %q", locksOf(first), first.Rewrites)
			}
		})
	}
}

func TestMySQLFindings(t *testing.T) {
	t.Parallel()
	tests := []struct {
		sql  string
		want []string // codes with their lines' severities
	}{
		{"create table t (a int)", nil},
		{"create table t (a int);\nalter table u add b int;", []string{"stops-half-way warning"}},
		{"create table t (a int);\ninsert into t values (1);", []string{"mixed-transaction error"}},
		{"-- lockstep:no-transaction\ncreate table t (a int);\ninsert into t values (1);", []string{"stops-half-way warning", "cannot-be-looked-up warning"}},
		{"set foreign_key_checks = 0;\ncreate table t (a int);", nil},
		{"insert into t values (1);\nupdate t set a = 1 where a = 2;", nil},
		{"insert into t values (1); savepoint x", []string{"transaction-control error"}},
		{"lock tables t write; insert into t values (1)", []string{"transaction-control error"}},
		{"use other", []string{"use-database error"}},
		{"start transaction; insert into t values (1); commit", []string{"transaction-wrapper info"}},
		{"start transaction; create table t (a int); commit", []string{"transaction-wrapper warning"}},
		{"load data infile 'x' into table t", []string{"server-access error"}},
		{"set global max_connections = 1", []string{"server-access error"}},
		{"set @@global.max_connections = 1", []string{"server-access error"}},
		{"insert into t select load_file('/etc/passwd')", []string{"server-access error"}},
		{"select 1 into outfile '/x'", []string{"server-access error"}},
		{"insert into t values (1) \\G\n", []string{"client-command error"}},
		{"delimiter //\ncreate table t (a int)//", []string{"sql-syntax error"}},
		{"alter table t add index (a)", []string{"unnamed-index warning"}},
		{"alter table t add constraint check (a > 1), algorithm=copy", []string{"unnamed-index warning"}},
		{"alter table t add unique key u (a), add primary key (b), algorithm=inplace", nil},
		{"alter table t modify a bigint", []string{"table-copy warning"}},
		{"alter table t modify a bigint, algorithm=inplace", nil},
		{"call p()", []string{"unreadable-statement warning"}},
	}
	for _, tt := range tests {
		t.Run(tt.sql, func(t *testing.T) {
			t.Parallel()
			f := file(tt.sql)
			f.Down.Bytes = []byte("drop table x")
			_, findings := sqlcheck.Classify(f, "mysql")
			var got []string
			for _, f := range findings {
				got = append(got, f.Code+" "+string(f.Severity))
				if f.Summary == "" || f.Fix+f.Detail == "" || f.Line == 0 {
					t.Errorf("incomplete: %+v", f)
				}
			}
			if !slices.Equal(slices.Compact(got), tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}
