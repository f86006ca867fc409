package view

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/plans"
)

func noon() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

// runs is a small past, oldest first, made as the journal makes it: from records.
func runs(t *testing.T) []journal.Run {
	t.Helper()
	var all []journal.Run
	for _, past := range [][]journal.Record{
		record(t, ended{"r-1", "dev", 72 * time.Hour, journal.Succeeded}),
		record(t, ended{"r-2", "staging", 3 * time.Hour, journal.RolledBack}),
		record(t, ended{"r-3", "production", 7 * time.Minute, journal.NeedsPerson}),
	} {
		run, err := journal.Replay(past)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, run)
	}
	return all
}

// ended is one run that is over.
type ended struct {
	id, env string
	ago     time.Duration
	end     journal.State
}

func record(t *testing.T, r ended) []journal.Record {
	t.Helper()
	var records []journal.Record
	at := noon().Add(-r.ago)
	add := func(kind journal.Kind, step string, data any) {
		raw, err := json.Marshal(data)
		if err != nil {
			t.Fatal(err)
		}
		at = at.Add(time.Second)
		records = append(records, journal.Record{
			V: 1, Seq: int64(len(records) + 1), At: at, Run: r.id, ChangeSet: "order_status", Environment: r.env,
			Plan: plans.DigestOf([]byte(r.id)), Kind: kind, Step: step, Attempt: 1, Actor: "ana", Data: raw,
		})
	}
	deploy := journal.Intent{Phase: plans.Deploy, Action: plans.ActionDeploy, Target: "/srv/orders", Artifact: plans.DigestOf([]byte("api"))}
	migrate := journal.Intent{Phase: plans.Expand, Action: plans.ActionMigrate, Database: "database.orders", Version: "7"}
	add(journal.RunBegin, "", journal.Begin{Tool: "lockstep", Content: plans.DigestOf([]byte("content")), Kind: journal.Apply})
	add(journal.PhaseBegin, "", journal.PhaseMark{Phase: plans.Expand})
	add(journal.StepIntent, "migration.orders[\"0007\"]", migrate)
	add(journal.StepOutcome, "migration.orders[\"0007\"]", journal.Outcome{Result: journal.ResultDone, Summary: "orders 0006 -> 0007"})
	add(journal.StepIntent, "deployment.directory.api", deploy)
	if r.end == journal.Succeeded {
		add(journal.StepOutcome, "deployment.directory.api", journal.Outcome{Result: journal.ResultDone, Took: plans.Duration(2 * time.Second)})
		add(journal.PhaseDone, "", journal.PhaseMark{Phase: plans.Release})
		add(journal.RunEnd, "", journal.End{State: r.end})
		return records
	}
	add(journal.StepOutcome, "deployment.directory.api", journal.Outcome{Result: journal.ResultFailed, Error: "restart: exit status 1\x1b[2J", Verdict: "absent"})
	if r.end == journal.RolledBack {
		add(journal.RollbackBegin, "", journal.Rollback{Reason: "restart failed", FailedStep: "deployment.directory.api"})
		add(journal.UndoKept, "migration.orders[\"0007\"]", journal.Kept{Reason: "old code works with it"})
	}
	add(journal.RunEnd, "", journal.End{State: r.end, Reason: "restart: exit status 1", FailedStep: "deployment.directory.api", Remains: []string{"the service does not run"}})
	return records
}

func board(t *testing.T) Board {
	t.Helper()
	return Board{
		Environments: []string{"dev", "staging", "production"}, ChangeSets: []string{"order_status", "invoice_pdf"},
		Standings: journal.StandingsOf(runs(t)), Now: noon(),
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	for _, columns := range []int{80, 100} {
		out, buf := screen(columns)
		if err := (Status{out}).Text(board(t)); err != nil {
			t.Fatal(err)
		}
		fits(t, columns, buf.Bytes())
		golden(t, fmt.Sprintf("status_%d.txt", columns), buf.Bytes())
	}
	many := board(t)
	for i := range 10 {
		many.Environments = append(many.Environments, fmt.Sprintf("region-%d", i))
	}
	out, buf := screen(100)
	if err := (Status{out}).Text(many); err != nil {
		t.Fatal(err)
	}
	fits(t, 100, buf.Bytes())
	golden(t, "status_many.txt", buf.Bytes())
	out, buf = screen(100)
	if err := (Status{out}).JSON(board(t)); err != nil {
		t.Fatal(err)
	}
	golden(t, "status.json", buf.Bytes())
	out, buf = screen(100)
	if err := (Status{out}).Text(Board{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(buf.String(), "lockstep init") {
		t.Errorf("an empty project is not told what to type:\n%s", buf)
	}
}

func TestHistoryAndLog(t *testing.T) {
	t.Parallel()
	past := runs(t)
	records := record(t, ended{"r-2", "staging", 3 * time.Hour, journal.RolledBack})
	var all bytes.Buffer
	for _, show := range []func(o *bytes.Buffer) error{
		func(o *bytes.Buffer) error { return History{wrapOut(o)}.Text(past) },
		func(o *bytes.Buffer) error { return History{wrapOut(o)}.Text(nil) },
		func(o *bytes.Buffer) error { return History{wrapOut(o)}.Markdown(past) },
		func(o *bytes.Buffer) error { return History{wrapOut(o)}.JSON(past) },
		func(o *bytes.Buffer) error { return Log{wrapOut(o)}.Text(records, false) },
		func(o *bytes.Buffer) error { return Log{wrapOut(o)}.Text(records, true) },
		func(o *bytes.Buffer) error { return Log{wrapOut(o)}.Text(nil, true) },
		func(o *bytes.Buffer) error { return Log{wrapOut(o)}.JSON(records, true) },
	} {
		var buf bytes.Buffer
		if err := show(&buf); err != nil {
			t.Fatal(err)
		}
		all.WriteString("---\n")
		all.Write(buf.Bytes())
	}
	if strings.Contains(all.String(), "\x1b") {
		t.Error("an escape sequence of a target reaches the screen")
	}
	golden(t, "history.txt", all.Bytes())
}

func TestDiff(t *testing.T) {
	t.Parallel()
	before, after := orderStatus(), orderStatus()
	after.Steps[3].Timeout++ // invisible in the change, so the digest must tell
	after.Steps = append(after.Steps[:1:1], after.Steps[2:]...)
	after.Steps[5].Address = `migration.orders["0009_drop_status"]`
	var all bytes.Buffer
	for _, c := range []Comparison{
		ComparePlans(before, after), ComparePlans(before, before),
		CompareEnvironments(journal.StandingsOf(runs(t)), "dev", "staging"),
	} {
		all.WriteString("---\n")
		if err := (Diff{wrapOut(&all)}).Text(c); err != nil {
			t.Fatal(err)
		}
		if err := (Diff{wrapOut(&all)}).JSON(c); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "diff.txt", all.Bytes())
	if ComparePlans(before, before).Differs() || !ComparePlans(before, after).Differs() {
		t.Error("Differs is wrong")
	}
}
