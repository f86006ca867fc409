package sqlcheck

import (
	"reflect"
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
)

func applied(unreleased bool, texts ...string) History {
	var h History
	for i, text := range texts {
		h.Applied = append(h.Applied, AppliedFile{SQLFile: plans.SQLFile{Path: string(rune('a' + i)), Bytes: []byte(text)}, Unreleased: unreleased})
	}
	return h
}

// TestReplaysTellHistoriesApart: whatever a replay depends on makes another one.
func TestReplaysTellHistoriesApart(t *testing.T) {
	t.Parallel()
	var kept Replays
	histories := []History{
		{},
		{Missing: "x"},
		applied(false, "CREATE TABLE a (id int)"),
		applied(true, "CREATE TABLE a (id int)"),
		applied(false, "CREATE TABLE b (id int)"),
		applied(false, "CREATE TABLE a (id int)", ""),
	}
	for i, h := range histories {
		first := kept.after(h)
		if len(kept.known) != i+1 {
			t.Errorf("history %d is taken for another one", i)
		}
		if again := kept.after(h); again.before != first.before || again.released != first.released {
			t.Errorf("history %d is replayed again", i)
		}
		if alone := replay(h); len(alone.released.Tables) != len(first.released.Tables) || len(alone.doubts) != len(first.doubts) {
			t.Errorf("history %d leads elsewhere", i)
		}
	}
}

// TestJudgesLeaveReplaysAlone: who judges after a kept history finds what the
// one before found, whatever that one judged.
func TestJudgesLeaveReplaysAlone(t *testing.T) {
	t.Parallel()
	var kept Replays
	h := applied(false, "CREATE TABLE orders (id int PRIMARY KEY, note text)")
	pending := []plans.MigrationFile{}
	for _, text := range []string{
		"ALTER TABLE orders ADD COLUMN total int", "CREATE TABLE items (id int REFERENCES orders)", "ALTER TABLE orders RENAME COLUMN note TO remark",
		"DROP TABLE orders CASCADE", "CREATE TYPE mood AS ENUM ('a')", "ALTER TABLE items RENAME TO parts",
	} {
		pending = append(pending, plans.MigrationFile{Version: 1, Name: "x", Up: plans.SQLFile{Path: "x.up.sql", Bytes: []byte(text)}})
	}
	judge := func(r *Replays) (verdicts []Verdict, findings [][]plans.Finding) {
		p := r.ForChangeSet(h, nil)
		for _, f := range pending {
			v, found := p.File(f)
			verdicts, findings = append(verdicts, v), append(findings, found)
		}
		return verdicts, findings
	}
	verdicts, findings := judge(nil)
	for range 3 {
		v, f := judge(&kept)
		if !reflect.DeepEqual(v, verdicts) || !reflect.DeepEqual(f, findings) {
			t.Fatalf("got\n%+v\n%+v\nexpected\n%+v\n%+v", v, f, verdicts, findings)
		}
	}
}
