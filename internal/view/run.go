package view

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/internal/terminal"
	"github.com/lockstep-dev/lockstep/plans"
)

// Head is what a run is about.
type Head struct {
	ID     string
	Kind   journal.RunKind
	Of     string // the run that a rollback undoes
	Plan   *plans.Plan
	Digest plans.Digest
	Actor  string
}

// heartbeat is how often a line says that a bake is still going on where
// lines cannot be drawn anew.
const heartbeat = 30 * time.Second

// Run tells people what a run does while it does it: on a terminal a list of
// steps with the running one redrawn, elsewhere one line an event. It is safe
// for concurrent use.
type Run struct {
	// Quiet leaves out progress; how it ended is said all the same.
	Quiet bool

	out  *terminal.Output
	head Head

	mu        sync.Mutex
	phase     plans.Phase // of the last line
	transient bool        // the last line will be drawn over
	beat      time.Time
	kept      map[string]string // why a step's effect stays, by address
	err       error             // the first failed write
}

// NewRun returns a view that writes to out.
func NewRun(out *terminal.Output, head Head) *Run {
	return &Run{out: out, head: head, kept: map[string]string{}}
}

// Event shows one event.
func (v *Run) Event(e rollout.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if e.Kind == rollout.StepKept && e.Step != nil {
		v.kept[e.Step.Address] = e.Message
	}
	if v.Quiet {
		return
	}
	p := newPage(v.out)
	if v.out.Terminal {
		v.drawn(p, e)
	} else {
		v.line(p, e)
	}
	if p.Len() == 0 {
		return
	}
	if v.transient {
		v.write("\r\x1b[K")
		v.transient = false
	}
	v.write(p.String())
}

func (v *Run) write(s string) {
	if _, err := io.WriteString(v.out, s); err != nil && v.err == nil {
		v.err = err
	}
}

// drawn writes an event for a terminal.
func (v *Run) drawn(p *page, e rollout.Event) {
	switch e.Kind {
	case rollout.RunStarted:
		v.opening(p)
	case rollout.StepStarted, rollout.UndoStarted, rollout.StepProgress, rollout.CheckSampled, rollout.BakeProgressed:
		v.redraw(e)
	case rollout.StepCompleted:
		words := safe(e.Message)
		if e.Found {
			words = strings.TrimSpace(words + " (found done)")
		}
		v.step(p, badge{"ok", terminal.Good}, e, words)
	case rollout.StepFailed:
		v.step(p, badge{"FAIL", terminal.Bad}, e, "")
		p.paragraph("        ", safe(e.Message))
	case rollout.CheckVerdict:
		if e.Verdict != nil && e.Verdict.AfterRollback {
			v.afterRollback(p, e)
		}
	case rollout.BarrierPlanned:
		barrier(p, e.Barrier)
	case rollout.RollbackStarted:
		p.line("")
		p.paragraph("Rolling back: ", safe(e.Message))
		v.phase = ""
	case rollout.StepUndone:
		v.step(p, badge{"undo", terminal.Good}, e, safe(e.Message))
	case rollout.StepKept:
		v.step(p, badge{"keep", terminal.Faint}, e, safe(e.Message))
	case rollout.UndoFailed:
		v.step(p, badge{"FAIL", terminal.Bad}, e, "")
		p.paragraph("        ", safe(e.Message))
	}
}

func (v *Run) opening(p *page) {
	what := fmt.Sprintf("%s -> %s", safe(v.head.Plan.ChangeSet), safe(v.head.Plan.Environment))
	if v.head.Kind == journal.Revert {
		what = fmt.Sprintf("%s in %s, back from run %s", safe(v.head.Plan.ChangeSet), safe(v.head.Plan.Environment), safe(v.head.Of))
	}
	p.line("%s  %s   plan %s   by %s", safe(v.head.ID), p.out.Paint(terminal.Strong, what), v.head.Digest.Short(), safe(v.head.Actor))
	p.line("")
}

// badge is the word in front of a line, as wide as the longest.
type badge struct {
	word  string
	style terminal.Style
}

func (b badge) paint(out *terminal.Output) string {
	return out.Paint(b.style, b.word) + strings.Repeat(" ", max(4-len(b.word), 0))
}

// step writes one finished step: badge, phase when it is new, number, address,
// what happened, how long it took.
func (v *Run) step(p *page, b badge, e rollout.Event, words string) {
	if e.Step == nil {
		return
	}
	phase := ""
	if e.Step.Phase != v.phase {
		v.phase = e.Step.Phase
		phase = string(v.phase)
	}
	name := fmt.Sprintf("%2d %s", number(v.head.Plan, e.Step.Address), safe(e.Step.Address))
	if width(name) < 38 {
		name += strings.Repeat(" ", 38-width(name))
	}
	label := fmt.Sprintf("  %s  %-9s %s  ", b.paint(p.out), phase, name)
	if e.Took > 0 {
		words = strings.TrimSpace(words + " (" + brief(e.Took) + ")")
	}
	if width(label)+len(words) > p.out.Width && p.out.Width-width(label) < 20 {
		p.line("%s", label)
		p.paragraph("                  ", words)
		return
	}
	p.paragraph(label, words)
}

func (v *Run) afterRollback(p *page, e rollout.Event) {
	b := badge{"ok", terminal.Good}
	if e.Verdict.Status != journal.VerdictPass {
		b = badge{"FAIL", terminal.Bad}
	}
	p.paragraph("  "+b.paint(p.out)+"  after rollback: "+safe(e.Check)+"  ", safe(e.Message))
}

// redraw writes what is going on over the line of what was going on.
func (v *Run) redraw(e rollout.Event) {
	if e.Step == nil {
		return
	}
	words := safe(e.Message)
	if e.Kind == rollout.BakeProgressed && e.Bake != nil {
		words = bar(e.Bake)
	}
	if e.Kind == rollout.CheckSampled && e.Sample != nil && !e.Sample.Green {
		words = "not yet: " + words
	}
	line := fmt.Sprintf("  run   %-9s %2d %s  %s", e.Step.Phase, number(v.head.Plan, e.Step.Address), safe(e.Step.Address), words)
	v.write("\r\x1b[K" + v.out.Paint(terminal.Busy, fold(strings.TrimRight(line, " "), v.out.Width-1, 1)))
	v.transient = true
}

func bar(b *journal.Bake) string {
	const cells = 20
	full := 0
	if b.Of > 0 {
		full = min(int(int64(b.Elapsed)*cells/int64(b.Of)), cells)
	}
	return fmt.Sprintf("[%s%s] %s of %s", strings.Repeat("#", full), strings.Repeat("-", cells-full), brief(duration(b.Elapsed)), brief(duration(b.Of)))
}

// line writes an event where nobody redraws: a time, the kind, the facts.
func (v *Run) line(p *page, e rollout.Event) {
	if e.Kind == rollout.RunEnded || e.Kind == rollout.StepProgress && e.Message == "" {
		return
	}
	if repeats(e) {
		if e.At.Sub(v.beat) < heartbeat {
			return
		}
		v.beat = e.At
	}
	words := []string{e.At.UTC().Format(time.TimeOnly), fmt.Sprintf("%-14s", e.Kind)}
	switch {
	case e.Kind == rollout.RunStarted:
		words = append(words, safe(v.head.ID), safe(v.head.Plan.ChangeSet), "->", safe(v.head.Plan.Environment), "plan="+v.head.Digest.Short())
	case e.Step != nil:
		words = append(words, fmt.Sprint(number(v.head.Plan, e.Step.Address)), safe(e.Step.Address))
	case e.Phase != "":
		words = append(words, string(e.Phase))
	}
	if e.Check != "" && (e.Step == nil || e.Check != e.Step.Address) {
		words = append(words, safe(e.Check))
	}
	if e.Kind == rollout.BakeProgressed && e.Bake != nil {
		words = append(words, brief(duration(e.Bake.Elapsed)), "of", brief(duration(e.Bake.Of)))
	}
	if e.Message != "" {
		words = append(words, safe(e.Message))
	}
	if e.Found {
		words = append(words, "found=true")
	}
	for _, name := range slices.Sorted(maps.Keys(figuresOf(e))) {
		words = append(words, fmt.Sprintf("%s=%s", safe(name), safe(fmt.Sprint(e.Figures[name]))))
	}
	if e.Took > 0 {
		words = append(words, "took="+brief(e.Took))
	}
	p.line("%s", strings.Join(words, " "))
	barrier(p, e.Barrier)
}
