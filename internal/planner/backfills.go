package planner

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/plans"
)

// backfill is a backfill block under planning.
type backfill struct {
	block    *block
	database *block
	name     string // of the database
	phase    plans.Phase
	seen     *plans.BackfillState // nil when late
	figures  plans.BackfillFigures
	spec     plans.Backfill
}

// backfills makes one step of each backfill that has not run to its end.
func (d *draft) backfills() {
	for _, b := range d.kind("backfill") {
		f := &backfill{block: b, name: databaseOf(b), phase: plans.Phase(b.Settings.Text("phase"))}
		f.database = d.blocks["database."+f.name]
		if f.database == nil || !d.observedBackfill(f) {
			continue // a block without its database is refused where it is read
		}
		f.spec = specOf(f)
		if f.seen != nil && f.seen.Done(f.spec.Definition, f.spec.Remaining) {
			d.noteDone(f)
			continue
		}
		d.judgeTable(f)
		d.add(d.backfillStep(f))
		d.backfillFindings(f)
	}
}

func (d *draft) observedBackfill(f *backfill) bool {
	seen := d.seen[f.block.Address]
	if lateDatabase(f.database) || (seen != nil && seen.Late) {
		return true
	}
	if seen == nil || seen.Backfill == nil {
		d.refuse(f.block.Range, mistake{
			"not-observed", f.block.Address + " was not observed",
			"A plan is made from what is there, and nothing was read from this database.", "Check the url and that the database answers, then plan again.",
		})
		return false
	}
	f.seen = seen.Backfill
	_ = json.Unmarshal(seen.Informative, &f.figures) // figures decide nothing; without them they stay unknown
	return true
}

func specOf(f *backfill) plans.Backfill {
	s, args := f.block.Settings, f.block.args
	spec := plans.Backfill{
		Database: f.name, Table: s.Text("table"), Key: s.Text("key"),
		Update: s.Text("update"), File: f.block.Text.File, Line: f.block.Text.Start.Line,
		Remaining: s.Text("remaining"), Repeatable: args.Repeatable, Batch: args.Batch,
		BatchDuration: durationOf(s.Text("batch_duration")), MaxLag: durationOf(s.Text("max_lag")),
		Rows: f.figures.Rows,
	}
	spec.Definition = plans.BackfillDefinition(spec.Table, spec.Key, spec.Update)
	if f.seen != nil && f.seen.Definition != "" && f.seen.Definition != spec.Definition {
		spec.Again = "the block was edited since run " + f.seen.Run
	}
	return spec
}

func durationOf(text string) plans.Duration {
	d, _ := time.ParseDuration(text) // the language has normalised it
	return plans.Duration(d)
}

func (d *draft) noteDone(f *backfill) {
	d.find(plans.Finding{
		Code: "backfill-done", Severity: plans.SeverityInfo, Address: f.block.Address,
		Summary: fmt.Sprintf("%s ran to its end at %s by run %s (%s changed)", f.block.Address, f.seen.Finished, f.seen.Run, rowsOf(f.seen.Rows)),
		Detail:  "Rows that were written since are not looked at again.",
	})
	if s := d.schemaOf(f.name); s != nil && s.expands() {
		d.find(plans.Finding{
			Code: "backfill-done-before", Severity: plans.SeverityWarning, Address: f.block.Address,
			Summary: f.block.Address + " is taken as done, although this plan applies migrations of its database",
			Detail:  "If another tool has undone them since, what was filled is gone and would not be filled again.",
			Fix:     "if so, delete the backfill's row from Lockstep's table of backfills in the database, and plan again",
		})
	}
}

// schemaOf returns the database as the change set migrates it, or nil.
func (d *draft) schemaOf(name string) *schema {
	for _, s := range d.databases {
		if s.name == name {
			return s
		}
	}
	return nil
}

// expands reports whether files are applied before the deployment.
func (s *schema) expands() bool {
	for _, m := range s.pending {
		if m.phase == plans.Expand {
			return true
		}
	}
	return false
}

// judgeTable refuses a table or key that nothing makes.
func (d *draft) judgeTable(f *backfill) {
	s := d.schemaOf(f.name)
	if f.figures.Missing == "" || (s != nil && s.expands()) {
		return
	}
	what := "table " + f.spec.Table
	if f.figures.Missing == "column" {
		what = fmt.Sprintf("column %s in table %s", f.spec.Key, f.spec.Table)
	}
	d.refuse(f.block.Range, mistake{
		"unknown-table", fmt.Sprintf("%s has no %s", f.database.Address, what),
		"It is not there, and no migration of this plan could make it.",
		"Check the name and the search_path of the url, or add the migration that makes it to the change set.",
	})
}

func (d *draft) backfillStep(f *backfill) *node {
	spec := f.spec
	n := &node{rank: rankBackfill, because: backfillBecause(f.phase)}
	n.step = plans.Step{
		Address: f.block.Address, Phase: f.phase, Action: plans.ActionBackfill,
		Provider: "database/" + f.database.Driver, Summary: backfillSummary(f),
		Block: f.block.Address, Target: f.database.Address, Settings: f.block.masked,
		Backfill: &spec, Statements: backfillStatements(f),
		Risk: plans.Risk{Level: "medium", Reasons: []string{fmt.Sprintf(
			"rows of %s are changed and their old values are kept nowhere; the rows of a batch are locked while it lasts, about %s",
			spec.Table, shortDuration(time.Duration(spec.BatchDuration)))}},
		Rollback: backfillRollback(f.phase), Timeout: plans.Duration(f.block.Timeout),
	}
	if n.step.OneWay() {
		raise(&n.step.Risk, "high", "there is no way back")
	}
	if f.seen == nil {
		n.step.Late = true
		n.step.Envelope = &plans.Envelope{Hosts: f.database.args.Hosts, Reason: f.database.Address + " is created by this plan; how many rows there are is known when it is there"}
	}
	return n
}

func backfillBecause(phase plans.Phase) string {
	switch phase {
	case plans.Expand:
		return "its block says so; the columns that it fills are there by then"
	case plans.Contract:
		return "its block says so; it comes before what takes away"
	}
	return "backfills come behind the deployments, so that code of the version before adds no rows behind their backs"
}

// backfillRollback: rows that were filled do no harm to the version before,
// by the rule of the expand and deploy phases; they cannot be emptied again.
func backfillRollback(phase plans.Phase) plans.Rollback {
	r := plans.Rollback{Grade: plans.GradeNone, Reason: "what the rows held before the update is kept nowhere"}
	if phase == plans.Contract {
		r.Summary = "NONE - one-way door"
		return r
	}
	r.Kept, r.Summary = true, "kept (rows stay)"
	r.Reason += "; a failing run leaves them as the update made them, and the version before has to work with that"
	return r
}

func backfillSummary(f *backfill) string {
	text := f.spec.Table + " by " + f.spec.Key
	if e := f.spec.Rows; e != nil {
		text += fmt.Sprintf(", %s (%s)", rowsOf(e.Count), e.Source)
	}
	switch {
	case f.seen == nil || f.seen.Definition == "":
	case f.spec.Again != "":
		text += ", from the start again: edited"
	case f.seen.Finished != "":
		text += ", what is left is counted again"
	case f.seen.LastKey != "":
		text += ", goes on behind key " + f.seen.LastKey
	}
	return text
}

// rowsOf writes a number of rows: "1,200,000 rows".
func rowsOf(n int64) string {
	words := message.NewPrinter(language.English).Sprintf("%d rows", n)
	if n == 1 {
		words = "1 row"
	}
	return words
}

// backfillStatements tells what locks a batch takes, by the rules for SQL.
func backfillStatements(f *backfill) []plans.Statement {
	list := sqlcheck.Batch(plans.SQLFile{Path: f.spec.File, Bytes: []byte(f.spec.Update)}, f.database.Driver)
	for i := range list {
		list[i].Line += max(f.spec.Line-1, 0)
		list[i].Phase = f.phase
	}
	if len(list) == 0 {
		return []plans.Statement{{File: f.spec.File, Line: f.spec.Line, SQL: strings.TrimSpace(f.spec.Update), Phase: f.phase, Source: "assumed"}}
	}
	return list
}
