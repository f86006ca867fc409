package view

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/terminal"
	"github.com/lockstep-dev/lockstep/plans"
)

// Status shows what is where: change sets by environment.
type Status struct {
	Out *terminal.Output
}

// Board is what Status shows. Runs in Standings are as a reader sees them
// (journal.Run.Seen).
type Board struct {
	Environments []string // in the order of promotion
	ChangeSets   []string // in the project's order
	Standings    journal.Standings
	Now          time.Time
}

// Text writes the grid for people.
func (v Status) Text(b Board) error {
	p := newPage(v.Out)
	if len(b.Environments) == 0 || len(b.ChangeSets) == 0 {
		p.line("Nothing yet: the project has %s and %s.", count(len(b.Environments), "environment"), count(len(b.ChangeSets), "change set"))
		p.line("Next:")
		p.command("lockstep init", "write a first project")
		return p.flush()
	}
	rows := v.rows(b)
	name := 0
	for _, row := range rows {
		name = max(name, width(row[0]))
	}
	if room := (v.Out.Width-min(name, 24))/len(b.Environments) - 2; room >= 12 {
		v.columns(p, b, rows, room)
	} else {
		v.blocks(p, b, rows)
	}
	open := openRuns(b)
	if len(open) > 0 {
		p.line("")
		p.line("Next:")
	}
	for _, run := range open {
		id := safe(run.ID)
		switch run.State {
		case journal.Running:
			p.command("lockstep log "+id, "what it does")
		case journal.NeedsPerson:
			p.command("lockstep log "+id+" --failed", safe(run.Environment)+": what needs a person")
		default:
			p.command("lockstep resume "+id, safe(run.Environment)+": go on with "+safe(run.ChangeSet))
		}
	}
	return p.flush()
}

// rows are the board's lines: a name, then a cell for each environment.
func (v Status) rows(b Board) [][]string {
	var rows [][]string
	for _, cs := range b.ChangeSets {
		row := []string{safe(cs)}
		for _, env := range b.Environments {
			row = append(row, v.cell(b, env, cs))
		}
		rows = append(rows, row)
	}
	rows = append(rows, make([]string, len(b.Environments)+1))
	return append(rows, targets(b)...)
}

// columns writes an environment a column.
func (v Status) columns(p *page, b Board, rows [][]string, room int) {
	header := []string{""}
	for _, env := range b.Environments {
		header = append(header, fold(safe(env), room, 2))
	}
	for _, row := range rows {
		row[0] = fold(row[0], 24, 2)
		for i := 1; i < len(row); i++ {
			row[i] = fold(row[i], room, 3)
		}
	}
	p.grid(header, rows)
}

// blocks writes environments one below the other, when there are too many for
// the screen.
func (v Status) blocks(p *page, b Board, rows [][]string) {
	for i, env := range b.Environments {
		p.line("%s", p.out.Paint(terminal.Strong, safe(env)))
		for _, row := range rows {
			if row[i+1] != "" && row[i+1] != "-" {
				p.line("  %s%s  %s", row[0], strings.Repeat(" ", max(24-width(row[0]), 0)), row[i+1])
			}
		}
	}
}

func (v Status) cell(b Board, env, changeSet string) string {
	s, ok := b.Standings.Of(env, changeSet)
	if !ok {
		return "-"
	}
	sign, style := "ok", terminal.Good
	switch s.Latest.State {
	case journal.Running:
		sign, style = ">>", terminal.Busy
	case journal.Waiting, journal.Paused, journal.Blocked, journal.Interrupted:
		sign, style = "..", terminal.Notice
	case journal.NeedsPerson:
		sign, style = "!!", terminal.Bad
	case journal.RolledBack:
		sign, style = "FAIL", terminal.Bad
		if s.Latest.Kind == journal.Revert {
			sign, style = "<<", terminal.Notice
		}
	}
	words := safe(s.Text)
	if !s.Latest.State.Over() && s.Latest.Phase != "" {
		words += " in " + string(s.Latest.Phase)
	}
	return v.Out.Paint(style, sign) + " " + words + " " + age(b.Now.Sub(s.Latest.Updated))
}

// age is a rough time span: "3d", "7m".
func age(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return countDays(d / (24 * time.Hour))
	case d >= time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	case d >= time.Minute:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	}
	return fmt.Sprintf("%ds", max(int(d.Seconds()), 0))
}

// targets are the rows below the change sets: schemas, what runs, what is open.
func targets(b Board) [][]string {
	schemas, running := map[string]map[string]string{}, map[string]map[string]string{}
	put := func(into map[string]map[string]string, name, env, value string) {
		if into[name] == nil {
			into[name] = map[string]string{}
		}
		into[name][env] = value
	}
	open := map[string]string{}
	for _, env := range b.Environments {
		have := b.Standings[env]
		for _, w := range have.Windows {
			for database, version := range w.Schemas {
				put(schemas, "schema "+strings.TrimPrefix(database, "database."), env, version)
			}
		}
		for target, move := range have.Targets {
			put(running, "runs "+target, env, move.Artifact.Short())
		}
	}
	for _, run := range openRuns(b) {
		open[run.Environment] = run.ID
	}
	var rows [][]string
	for _, group := range []map[string]map[string]string{schemas, running, {"open run": open}} {
		for _, name := range slices.Sorted(maps.Keys(group)) {
			row := []string{safe(name)}
			for _, env := range b.Environments {
				value := safe(group[name][env])
				if value == "" {
					value = "-"
				}
				row = append(row, value)
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// openRuns are the latest runs that are not over, in the board's order.
func openRuns(b Board) []journal.Run {
	var open []journal.Run
	for _, env := range b.Environments {
		for _, s := range b.Standings[env].ChangeSets {
			if !s.Latest.State.Over() {
				open = append(open, s.Latest)
			}
		}
	}
	return open
}

type boardDocument struct {
	FormatVersion string              `json:"format_version"`
	Environments  []string            `json:"environments"`
	ChangeSets    []changeSetDocument `json:"change_sets"`
}

type changeSetDocument struct {
	Name         string                      `json:"name"`
	Environments map[string]standingDocument `json:"environments"`
}

// standingDocument: State is one of none, running, waiting, paused,
// interrupted, blocked, needs_person, rolled_back, refused, released,
// contract_pending, contract.
type standingDocument struct {
	State  string       `json:"state"`
	Phase  plans.Phase  `json:"phase"`
	Digest plans.Digest `json:"digest"` // of the content that the environment has
	Since  string       `json:"since"`
	Has    bool         `json:"has"`
	Run    string       `json:"run,omitempty"` // the latest
}

// JSON writes the board as one document.
func (v Status) JSON(b Board) error {
	doc := boardDocument{FormatVersion: FormatVersion, Environments: list(b.Environments), ChangeSets: []changeSetDocument{}}
	for _, cs := range b.ChangeSets {
		row := changeSetDocument{Name: cs, Environments: map[string]standingDocument{}}
		for _, env := range b.Environments {
			row.Environments[env] = standingOf(b, env, cs)
		}
		doc.ChangeSets = append(doc.ChangeSets, row)
	}
	return document(v.Out, doc)
}

func standingOf(b Board, env, changeSet string) standingDocument {
	s, ok := b.Standings.Of(env, changeSet)
	if !ok {
		return standingDocument{State: "none"}
	}
	doc := standingDocument{State: string(s.Latest.State), Phase: s.Latest.Phase, Digest: s.Content, Has: s.Has, Run: s.Latest.ID}
	if s.Latest.State == journal.Succeeded || s.Text == "contract pending" {
		doc.State = strings.ReplaceAll(s.Text, " ", "_")
	}
	since := s.Since
	if since.IsZero() {
		since = s.Latest.Updated
	}
	doc.Since = since.UTC().Format(time.RFC3339)
	return doc
}
