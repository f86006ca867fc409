package view

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/terminal"
	"github.com/lockstep-dev/lockstep/plans"
)

// History shows runs, newest first. It takes them as the journal gives them,
// oldest first.
type History struct {
	Out *terminal.Output
}

// Text writes a table for people.
func (v History) Text(runs []journal.Run) error {
	p := newPage(v.Out)
	if len(runs) == 0 {
		p.line("No runs yet.")
		p.line("Next:")
		p.command("lockstep plan", "see what would run")
		return p.flush()
	}
	p.grid(historyHeader(), historyRows(runs))
	p.line("")
	p.line("Next:")
	p.command("lockstep log "+safe(runs[len(runs)-1].ID), "what a run did")
	return p.flush()
}

// Markdown writes the table for a comment or a ticket.
func (v History) Markdown(runs []journal.Run) error {
	p := newPage(v.Out)
	p.line("%s", newTable(historyHeader(), historyRows(runs)).RenderMarkdown())
	return p.flush()
}

func historyHeader() []string {
	return []string{"run", "began", "change set", "environment", "result", "took", "by", "plan"}
}

func historyRows(runs []journal.Run) [][]string {
	rows := make([][]string, 0, len(runs))
	for _, r := range slices.Backward(runs) {
		result := strings.ReplaceAll(string(r.State), "_", " ")
		if r.State == journal.NeedsPerson {
			result = "needs a person"
		}
		if r.Kind == journal.Revert {
			result = "rollback of " + r.Of + ": " + result
		}
		if r.Decisions > 0 {
			result += " (with a decision)"
		}
		rows = append(rows, []string{
			safe(r.ID), r.Started.UTC().Format("2006-01-02 15:04:05"), safe(r.ChangeSet), safe(r.Environment),
			safe(result), brief(r.Updated.Sub(r.Started)), safe(r.Actor), r.Plan.Short(),
		})
	}
	return rows
}

type runDocument struct {
	Run         string          `json:"run"`
	Kind        journal.RunKind `json:"kind"`
	Of          string          `json:"of,omitempty"`
	ChangeSet   string          `json:"change_set"`
	Environment string          `json:"environment"`
	State       journal.State   `json:"state"`
	Phase       plans.Phase     `json:"phase"`
	Reason      string          `json:"reason,omitempty"`
	FailedStep  string          `json:"failed_step,omitempty"`
	Decisions   int             `json:"decisions,omitempty"`
	Remains     []string        `json:"remains,omitempty"`
	Plan        plans.Digest    `json:"plan"`
	Content     plans.Digest    `json:"content_digest"`
	Actor       string          `json:"actor"`
	Started     string          `json:"started"`
	Updated     string          `json:"updated"`
}

// JSON writes the runs as one document.
func (v History) JSON(runs []journal.Run) error {
	docs := make([]runDocument, 0, len(runs))
	for _, r := range slices.Backward(runs) {
		docs = append(docs, runDocument{
			Run: r.ID, Kind: r.Kind, Of: r.Of, ChangeSet: r.ChangeSet, Environment: r.Environment, State: r.State, Phase: r.Phase,
			Reason: r.Reason, FailedStep: r.FailedStep, Decisions: r.Decisions, Remains: r.Remains, Plan: r.Plan, Content: r.Content, Actor: r.Actor,
			Started: r.Started.UTC().Format(time.RFC3339), Updated: r.Updated.UTC().Format(time.RFC3339),
		})
	}
	return document(v.Out, struct {
		FormatVersion string        `json:"format_version"`
		Runs          []runDocument `json:"runs"`
	}{FormatVersion, docs})
}

// Log shows the records of one run.
type Log struct {
	Out *terminal.Output
}

// Text writes one line a record; failed keeps what tells about failures.
func (v Log) Text(records []journal.Record, failed bool) error {
	p := newPage(v.Out)
	shown := filter(records, failed)
	if len(shown) == 0 {
		p.line("Nothing failed in this run.")
		return p.flush()
	}
	for _, r := range shown {
		label := r.At.UTC().Format("2006-01-02 15:04:05") + "  " + string(r.Kind)
		label += strings.Repeat(" ", max(36-len(label), 1))
		p.paragraph(label, strings.TrimSpace(safe(r.Step)+"  "+words(r)))
	}
	return p.flush()
}

// JSON writes the records as one document.
func (v Log) JSON(records []journal.Record, failed bool) error {
	doc := struct {
		FormatVersion string           `json:"format_version"`
		Run           string           `json:"run"`
		Events        []journal.Record `json:"events"`
	}{FormatVersion: FormatVersion, Events: list(filter(records, failed))}
	if len(records) > 0 {
		doc.Run = records[0].Run
	}
	return document(v.Out, doc)
}

func filter(records []journal.Record, failed bool) []journal.Record {
	if !failed {
		return records
	}
	return slices.DeleteFunc(slices.Clone(records), func(r journal.Record) bool { return !tellsOfFailure(r) })
}

// payload has the fields that tell what a record says, whatever its kind.
type payload struct {
	Result  string `json:"result"`
	Status  string `json:"status"`
	State   string `json:"state"`
	Phase   string `json:"phase"`
	As      string `json:"as"`
	Summary string `json:"summary"`
	Message string `json:"message"`
	Error   string `json:"error"`
	Reason  string `json:"reason"`
	Verdict string `json:"verdict"`
	Detail  string `json:"detail"`
	Check   string `json:"check"`

	Remains []string `json:"remains"`
	Targets []string `json:"targets"`
	Outside []string `json:"outside"`
	Objects []struct {
		Address string `json:"address"`
		ID      string `json:"id"`
	} `json:"objects"`
	Elapsed plans.Duration `json:"elapsed"`
	Of      any            `json:"of"`
	Took    plans.Duration `json:"took"`
}

func payloadOf(r journal.Record) payload {
	var p payload
	_ = json.Unmarshal(r.Data, &p) // a provider's own record says nothing here
	return p
}

func tellsOfFailure(r journal.Record) bool {
	p := payloadOf(r)
	switch r.Kind {
	case journal.StepOutcome, journal.UndoOutcome:
		return p.Result != journal.ResultDone
	case journal.GateVerdict:
		return p.Status != journal.VerdictPass
	case journal.BarrierPlan:
		return len(p.Outside) > 0
	case journal.RunEnd:
		return p.State != string(journal.Succeeded)
	}
	return r.Kind == journal.RollbackBegin || r.Kind == journal.StepProbe || r.Kind == journal.Decided
}

func words(r journal.Record) string {
	if r.Kind == journal.StepHandle {
		return safe(string(r.Data))
	}
	p := payloadOf(r)
	var out []string
	for _, s := range []string{p.Result, p.Status, p.State, p.As, p.Summary, p.Message, p.Error, p.Reason, p.Verdict, p.Detail} {
		if s = safe(s); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	if p.Phase != "" && r.Step == "" {
		out = append(out, safe(p.Phase))
	}
	if p.Elapsed > 0 {
		out = append(out, brief(duration(p.Elapsed)))
	}
	if p.Took > 0 {
		out = append(out, "took "+brief(duration(p.Took)))
	}
	for _, o := range p.Objects {
		out = append(out, strings.TrimSuffix(safe(o.Address)+" = "+safe(o.ID), " = "))
	}
	for _, found := range p.Targets {
		out = append(out, safe(found))
	}
	for _, sentence := range p.Outside {
		out = append(out, "outside of what was approved: "+safe(sentence))
	}
	for _, sentence := range p.Remains {
		out = append(out, "remains: "+safe(sentence))
	}
	return strings.Join(out, ", ")
}
