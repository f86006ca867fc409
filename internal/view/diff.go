package view

import (
	"maps"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/terminal"
	"github.com/lockstep-dev/lockstep/plans"
)

// Words of a comparison.
const (
	New       = "NEW"
	Changed   = "CHANGED"
	Removed   = "REMOVED"
	Unchanged = "UNCHANGED"
)

// Comparison is two plans, or two environments, side by side.
type Comparison struct {
	Left, Right string
	Rows        []Difference
}

// Difference is one thing that both sides may have.
type Difference struct {
	Name  string `json:"name"`
	Left  string `json:"left"` // empty: not there
	Right string `json:"right"`
	Word  string `json:"word"`
}

// Differs reports whether any row is not UNCHANGED.
func (c Comparison) Differs() bool {
	return slices.ContainsFunc(c.Rows, func(d Difference) bool { return d.Word != Unchanged })
}

// ComparePlans says what changed from plan a to plan b, step by step.
func ComparePlans(a, b *plans.Plan) Comparison {
	c := Comparison{Left: planName(a), Right: planName(b)}
	c.add("content", a.Content.Short(), b.Content.Short())
	c.add("policy", policy(a.Policy), policy(b.Policy))
	left, right := facts(a), facts(b)
	c.addAll(left, right)
	return c
}

func planName(p *plans.Plan) string {
	digest, err := plans.DigestOfPlan(p)
	if err != nil {
		return p.ChangeSet + " -> " + p.Environment
	}
	return p.ChangeSet + " -> " + p.Environment + " @" + digest.Short()
}

func policy(p plans.Policy) string {
	words := "on failure " + p.OnFailure
	if p.KeepSchema {
		words += ", keeps schema"
	}
	return words
}

// facts names what a reviewer compares: each step's change, with a digest of
// everything else about it.
func facts(p *plans.Plan) map[string]string {
	out := map[string]string{}
	for i := range p.Steps {
		s := &p.Steps[i]
		value := string(s.Phase) + ": " + change(s)
		if b, err := plans.Encode(&plans.Plan{Steps: []plans.Step{*s}}); err == nil {
			value += " @" + plans.DigestOf(b).Short()
		}
		out[s.Address] = value
	}
	return out
}

// CompareEnvironments says what environment a has and b does not: what is NEW
// would be new to b.
func CompareEnvironments(s journal.Standings, a, b string) Comparison {
	c := Comparison{Left: a, Right: b}
	// addAll reads from old to new; here the right side is the older one.
	c.addAll(possessions(s[b]), possessions(s[a]))
	for i := range c.Rows {
		c.Rows[i].Left, c.Rows[i].Right = c.Rows[i].Right, c.Rows[i].Left
	}
	return c
}

func possessions(e journal.Environment) map[string]string {
	out := map[string]string{}
	for _, st := range e.ChangeSets {
		if st.Has {
			out["change set "+st.ChangeSet] = st.Content.Short()
		}
	}
	for _, w := range e.Windows {
		for database, version := range w.Schemas {
			out["schema "+strings.TrimPrefix(database, "database.")] = version
		}
	}
	for _, move := range e.Targets {
		out[move.Step] = move.Artifact.Short()
	}
	return out
}

func (c *Comparison) addAll(left, right map[string]string) {
	names := slices.Collect(maps.Keys(left))
	for name := range right {
		if _, both := left[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		c.add(name, left[name], right[name])
	}
}

func (c *Comparison) add(name, left, right string) {
	d := Difference{Name: name, Left: left, Right: right, Word: Changed}
	switch {
	case left == right:
		d.Word = Unchanged
	case left == "":
		d.Word = New
	case right == "":
		d.Word = Removed
	}
	c.Rows = append(c.Rows, d)
}

// Diff shows a comparison.
type Diff struct {
	Out *terminal.Output
}

// Text writes the comparison for people.
func (v Diff) Text(c Comparison) error {
	p := newPage(v.Out)
	styles := map[string]terminal.Style{New: terminal.Good, Changed: terminal.Notice, Removed: terminal.Bad, Unchanged: terminal.Faint}
	room := max((v.Out.Width-44)/2, 16)
	rows := make([][]string, 0, len(c.Rows))
	for _, d := range c.Rows {
		rows = append(rows, []string{
			foldAddress(safe(d.Name), 28), fold(orDash(safe(d.Left)), room, 3), fold(orDash(safe(d.Right)), room, 3),
			p.out.Paint(styles[d.Word], d.Word),
		})
	}
	p.grid([]string{"", fold(safe(c.Left), room, 2), fold(safe(c.Right), room, 2), ""}, rows)
	if !c.Differs() {
		p.line("No difference.")
	}
	return p.flush()
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// JSON writes the comparison as one document.
func (v Diff) JSON(c Comparison) error {
	return document(v.Out, struct {
		FormatVersion string       `json:"format_version"`
		Left          string       `json:"left"`
		Right         string       `json:"right"`
		Differs       bool         `json:"differs"`
		Differences   []Difference `json:"differences"`
	}{FormatVersion, c.Left, c.Right, c.Differs(), list(c.Rows)})
}
