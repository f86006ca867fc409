package sqlcheck_test

import (
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/plans"
)

const ax = "AccessExclusiveLock"

func spell(locks []plans.Lock) string {
	var list []string
	for _, l := range locks {
		only := ""
		if l.Only {
			only = "only "
		}
		list = append(list, l.Mode+" "+only+l.Relation)
	}
	return strings.Join(list, ", ")
}

// What a file has made itself, or a file before it, keeps nobody waiting.
func TestLocksOfNewTables(t *testing.T) {
	t.Parallel()
	sql := "create table public.n (a int references p); alter table n add b int; create index on public.n (a); alter table p add constraint c foreign key (a) references n"
	v, _ := sqlcheck.Classify(file(sql), "postgres")
	var all []plans.Lock
	for _, s := range v.Statements {
		all = append(all, s.Locks...)
	}
	if got := spell(all); got != "ShareRowExclusiveLock p, ShareRowExclusiveLock p" {
		t.Errorf("got %q", got)
	}
}

func TestLocksOfTheWayBack(t *testing.T) {
	t.Parallel()
	f := file("create table n (a int)")
	f.Down.Bytes = []byte("alter table t drop b; alter table t drop c; drop table n; create table m (a int); drop table m")
	v, _ := sqlcheck.Classify(f, "postgres")
	if got := spell(v.DownLocks); got != "AccessExclusiveLock t, AccessExclusiveLock n" {
		t.Errorf("got %q", got)
	}
	if v, _ := sqlcheck.Classify(f, "sqlite"); v.DownLocks != nil {
		t.Errorf("sqlite: got %v", v.DownLocks)
	}
}

// Whoever waits for an index waits for its table, and is told of that one.
func TestRiskOfAnIndexIsItsTables(t *testing.T) {
	t.Parallel()
	v, _ := judged(t, released("CREATE INDEX i ON orders (n)"), "DROP INDEX i")
	if got := strings.Join(v.Risk.Reasons, "; "); !strings.Contains(got, "nobody can read or write orders while") || strings.Contains(got, " i while") {
		t.Errorf("got %q", got)
	}
}
