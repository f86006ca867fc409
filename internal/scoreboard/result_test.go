package scoreboard

import (
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/rehearse/trace"
	"github.com/lockstep-dev/lockstep/internal/scoreboard/fixture"
	"github.com/lockstep-dev/lockstep/internal/scoreboard/measure"
)

// Facts as a server gives them.
func blocking(line int) measure.Facts {
	k := []trace.Lock{{Relation: "public.t", Kind: trace.Table, Mode: trace.Share}}
	return measure.Facts{Statements: []measure.Statement{{Line: line, SQL: "CREATE INDEX", Took: k, Held: k, Works: []string{"public.t"}}}}
}

func brief(line int) measure.Facts {
	k := []trace.Lock{{Relation: "public.t", Kind: trace.Table, Mode: trace.AccessExclusive}}
	return measure.Facts{Statements: []measure.Statement{{Line: line, SQL: "DROP INDEX", Took: k, Held: k}}}
}

// behind is work of a second statement behind the lock of the first.
func behind() measure.Facts {
	f := brief(1)
	f.Statements = append(f.Statements, measure.Statement{Line: 2, SQL: "SELECT", Held: f.Statements[0].Took, Works: []string{"public.u"}})
	return f
}

func TestJudge(t *testing.T) {
	t.Parallel()
	harmless, unsettled := measure.Facts{}, measure.Facts{Unsettled: "it could not be run"}
	breaks, loses, fails := measure.Facts{Breaks: []string{"t.a cannot be read"}}, measure.Facts{Loses: []string{"t has lost rows"}}, measure.Facts{Fails: "no"}
	for _, c := range []struct {
		name   string
		theirs bool
		rule   string
		ours   []Warning
		facts  measure.Facts
		want   Outcome
	}{
		{"both warn", true, "r", at("create-index", 1), blocking(1), Agree},
		{"neither warns", false, "r", nil, harmless, Agree},
		{"a brief lock needs no warning", false, "r", nil, brief(1), Agree},
		{"both are silent and it blocks", false, "r", nil, blocking(1), Missed},
		{"they warn, it blocks", true, "r", nil, blocking(1), Missed},
		{"style, and it blocks", true, "prefer-identity", nil, blocking(1), Missed},
		{"our warning is about another statement", true, "r", at("drop-table", 2), blocking(1), Missed},
		{"a warning is about the statement behind the lock", true, "r", at("wide-lock-window", 1), behind(), Agree},
		{"nothing is said of work behind a lock", true, "r", nil, behind(), Missed},
		{"it fails", true, "r", nil, fails, Missed},
		{"it breaks", true, "r", nil, breaks, Missed},
		{"it loses", true, "r", nil, loses, Missed},
		{"style", true, "prefer-identity", nil, harmless, Apart},
		{"they warn of nothing", true, "r", nil, harmless, Harmless},
		{"they warn of a brief lock", true, "r", nil, brief(1), Brief},
		{"they warn, nobody knows", true, "r", nil, unsettled, Unsettled},
		{"they warn, a reason says that we are right", true, "ours", nil, unsettled, Reviewed},
		{"they warn, a reason says that they are", true, "theirs", nil, unsettled, Missed},
		{"no reason helps against a measurement", true, "ours", nil, blocking(1), Missed},
		{"a reason is not asked where nothing is wrong", true, "theirs", nil, harmless, Harmless},

		{"our lock is measured", false, "r", at("create-index", 1), blocking(1), Justified},
		{"our brief lock too", false, "r", at("drop-index", 1), brief(1), Justified},
		{"our lock is of another statement", false, "r", at("drop-index", 7), brief(1), FalseAlarm},
		{"our lock is none", false, "r", at("create-index", 1), harmless, FalseAlarm},
		{"old code breaks", false, "r", at("rename", 1), breaks, Justified},
		{"a brief lock is no broken code", false, "r", at("rename", 1), brief(1), FalseAlarm},
		{"rows are lost", false, "r", at("truncate", 1), loses, Justified},
		{"rows are not lost", false, "r", at("truncate", 1), brief(1), FalseAlarm},
		{"it fails, so any warning is right", false, "r", at("naming", 1), fails, Justified},
		{"rights cannot be measured", false, "r", at("change-rights", 1), brief(1), FalseAlarm},
		{"a reason stands for them", false, "r", at("security-definer", 1), harmless, Reviewed},
		{"a reason says that we are wrong", false, "r", at("create-extension", 1), unsettled, FalseAlarm},
		{"nobody knows", false, "r", at("rename", 1), unsettled, Unsettled},
		{"the worst of two counts", false, "r", append(at("create-index", 1), at("rename", 1)...), blocking(1), FalseAlarm},
		{"a code that is no rule needs a block", false, "r", at("works-behind-a-lock", 1), brief(1), FalseAlarm},
		{"and has it", false, "r", at("works-behind-a-lock", 1), blocking(1), Justified},
	} {
		reasons, err := readReasons("# comment\n\n*\tours\tours\twhy\n*\ttheirs\ttheirs\twhy\nsquawk/*\tsecurity-*\tours\twhy\nsquawk/a.rs:1\tcreate-extension\ttheirs\twhy\n")
		if err != nil {
			t.Fatal(err)
		}
		r := judge(fixture.Case{Suite: "squawk", ID: "squawk/a.rs:1", Rule: c.rule, Warns: c.theirs}, c.ours, c.facts, reasons)
		if r.Outcome != c.want {
			t.Errorf("%s: %s, want %s", c.name, r.Outcome, c.want)
		}
		if r.Outcome == Missed && r.Blocks != c.facts.Blocks() {
			t.Errorf("%s: blocks %v", c.name, r.Blocks)
		}
	}
}

func at(code string, line int) []Warning { return []Warning{{Code: code, Line: line}} }

func TestReasonsAreChecked(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"a\tb\tours", "a\tb\tmine\twhy", "a\tb\tours\t ", "a b ours why"} {
		if _, err := readReasons("# x\n" + text); err == nil || !strings.Contains(err.Error(), "reasons.tsv:2: found ") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := Written(); err != nil {
		t.Error(err)
	}
}

// TestWarnings: our own lint is asked, for the server of the case and after
// what has been applied.
func TestWarnings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		c    fixture.Case
		want string
	}{
		{"a warning", fixture.Case{Files: []string{"SELECT 1;\nCREATE INDEX i ON t (a);"}}, "create-index 0:2"},
		{"an information is none", fixture.Case{Files: []string{"COMMENT ON TABLE t IS 'x'"}}, ""},
		{"in the second file", fixture.Case{Files: []string{"CREATE TABLE t (a int)", "DROP TABLE t"}}, "drop-table 1:1"},
		{"what was applied is known", fixture.Case{Before: []string{"CREATE TABLE t (a varchar(10))"}, Files: []string{"ALTER TABLE t ALTER a TYPE text"}}, ""},
		{"a server that nobody has", fixture.Case{Files: []string{"SELECT 1"}, Major: 99}, ""},
		{"where it belongs, and what the file needs besides, is not asked", fixture.Case{Files: []string{"SET lock_timeout = 1; UPDATE t SET a = 1 WHERE id = 2"}}, ""},
		{"no SQL", fixture.Case{Files: []string{"SELECT '"}}, "sql-syntax 0:1"},
		{"no SQL before", fixture.Case{Before: []string{"SELECT '"}, Files: []string{"DROP TABLE t"}}, "drop-table 0:1"},
	} {
		var got []string
		for _, w := range warnings(c.c) {
			got = append(got, w.Code+" "+string(rune('0'+w.File))+":"+string(rune('0'+w.Line)))
		}
		if joined := strings.Join(got, ", "); joined != c.want {
			t.Errorf("%s: %s, want %s", c.name, joined, c.want)
		}
	}
}

func TestFault(t *testing.T) {
	t.Parallel()
	many := func(n int, o Outcome) []Result { return slices.Repeat([]Result{{Outcome: o}}, n) }
	for _, c := range []struct {
		results []Result
		unused  []string
		want    string
	}{
		{append(many(96, Agree), many(4, FalseAlarm)...), nil, ""},
		{append(many(95, Agree), many(5, FalseAlarm)...), nil, "5 false alarms in 100 cases, and fewer than 5 % are allowed"},
		{append(many(99, Agree), many(1, Missed)...), nil, "1 cases are called safe and are not"},
		{many(9, Agree), []string{"a b"}, "1 reasons in testdata/reasons.tsv decide nothing any more: delete them"},
		{append(many(9, Agree), many(9, Harmless)...), nil, ""},
	} {
		b := Board{Results: c.results, Unused: c.unused}
		if got := b.Fault(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
