package postgres_test

import (
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database/postgres"
)

func TestATrialLeavesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	one := b.step(1, "create table a (id int)", "drop table a")
	two := b.step(2, "alter table a add b text", "alter table a drop b")
	three := b.step(3, "insert into a values (1, 'x')", "delete from a")
	for _, step := range []providers.Request{one, two, three} {
		b.apply(step)
	}
	before := b.signature()
	trials, err := postgres.New().TryRollback(t.Context(), []providers.Request{two, one})
	if err != nil || len(trials) != 2 || trials[0] != (providers.Trial{Address: two.Step.Address}) || trials[1].Untried != "" {
		t.Fatalf("%+v, %v", trials, err)
	}
	if after := b.signature(); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	// A change of rows is checked and not run.
	trials, err = postgres.New().TryRollback(t.Context(), []providers.Request{three, two})
	if err != nil || len(trials) != 2 || trials[0].Untried != "" || !strings.Contains(trials[0].Checked, "line 1") || trials[1] != (providers.Trial{Address: two.Step.Address}) {
		t.Fatalf("%+v, %v", trials, err)
	}
	b.want("SELECT count(*) FROM a", "1")
	// What is not tried hides what comes after it.
	four := b.step(4, "alter table a alter id set not null", "alter table a alter id type bigint")
	b.apply(four)
	trials, err = postgres.New().TryRollback(t.Context(), []providers.Request{four, three})
	if err != nil || len(trials) != 2 || !strings.Contains(trials[0].Untried, "rows") || !strings.Contains(trials[1].Untried, "comes after") {
		t.Fatalf("%+v, %v", trials, err)
	}
}

func TestATrialFindsWhatFails(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	one := b.step(1, "create table a (id int, b text)", "drop table a")
	two := b.step(2, "create view v as select id from a", "drop view w")
	b.apply(one)
	b.apply(two)
	before := b.signature()
	_, err := postgres.New().TryRollback(t.Context(), []providers.Request{two, one})
	if err == nil || !strings.Contains(err.Error(), `m/0002_step.down.sql:1: view "w" does not exist`) || strings.Contains(err.Error(), b.url) {
		t.Fatal(err)
	}
	if after := b.signature(); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	three := b.step(3, "insert into a values (1, 'x')", "drop view v;\nupdate a set c = 1 where id = 1")
	b.apply(three)
	_, err = postgres.New().TryRollback(t.Context(), []providers.Request{three, two})
	if err == nil || !strings.Contains(err.Error(), `m/0003_step.down.sql:2: column "c" of relation "a" does not exist`) {
		t.Error(err)
	}
	b.want("SELECT to_regclass('v') IS NOT NULL", "t")
}
