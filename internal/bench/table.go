package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/lockstep-dev/lockstep/internal/bench/contestant"
	"github.com/lockstep-dev/lockstep/internal/bench/figures"
	"github.com/lockstep-dev/lockstep/internal/bench/process"
)

// grid is a table that reads well on a terminal and is Markdown.
type grid struct{ writer table.Writer }

func newGrid(columns ...string) grid {
	w := table.NewWriter()
	row := table.Row{}
	var configs []table.ColumnConfig
	for i, c := range columns {
		row = append(row, c)
		if i > 0 {
			configs = append(configs, table.ColumnConfig{Number: i + 1, Align: text.AlignRight, AlignHeader: text.AlignRight})
		}
	}
	w.AppendHeader(row)
	w.SetColumnConfigs(configs)
	return grid{w}
}

func (g grid) row(cells ...string) {
	row := table.Row{}
	for _, c := range cells {
		row = append(row, c)
	}
	g.writer.AppendRow(row)
}

func (g grid) print(out io.Writer) { fmt.Fprintln(out, g.writer.RenderMarkdown()+"\n") }

// seconds, milliseconds and the like show a spread as min / median / max.
func seconds(s figures.Spread[time.Duration]) string {
	return show(s, "%.2f", float64(time.Second), " s")
}

func milliseconds(s figures.Spread[time.Duration]) string {
	return show(s, "%.1f", float64(time.Millisecond), " ms")
}

func wholeMilliseconds(s figures.Spread[time.Duration]) string {
	return show(s, "%.0f", float64(time.Millisecond), " ms")
}

func megabytes(s figures.Spread[int64]) string { return show(s, "%.0f", 1<<20, " MB") }

func times(s figures.Spread[float64]) string { return show(s, "%.2f", 1, "") }

func show[T time.Duration | int64 | float64](s figures.Spread[T], format string, unit float64, name string) string {
	if s.Rounds == 0 {
		return "-"
	}
	one := func(v T) string { return fmt.Sprintf(format, float64(v)/unit) }
	if s.Rounds == 1 {
		return one(s.Min) + name
	}
	return one(s.Min) + " / " + one(s.Median) + " / " + one(s.Max) + name
}

// verdict is the goal with what became of it.
func verdict(reached bool) string {
	if reached {
		return "reached"
	}
	return "MISSED"
}

// result is what the rounds of one tool came to.
type result struct {
	tool   contestant.Tool
	rounds []process.Usage
	// failed says why there are no figures.
	failed string
}

func (r *result) wall() []time.Duration {
	var all []time.Duration
	for _, u := range r.rounds {
		all = append(all, u.Wall)
	}
	return all
}

func (r *result) cpu() []time.Duration {
	var all []time.Duration
	for _, u := range r.rounds {
		all = append(all, u.CPU)
	}
	return all
}

func (r *result) peak() []int64 {
	var all []int64
	for _, u := range r.rounds {
		all = append(all, u.Peak)
	}
	return all
}

// comparison is a list of tools that ran side by side, round by round.
type comparison struct {
	results []*result
	floor   string
	beside  string // what the floor is called; "the floor" when empty
	own     string // whose times are in the column "times Lockstep"; "lockstep" when empty
	// unit shows the times.
	unit func(figures.Spread[time.Duration]) string
}

func newComparison(floor string, unit func(figures.Spread[time.Duration]) string, tools ...contestant.Tool) *comparison {
	c := &comparison{floor: floor, unit: unit}
	for _, t := range tools {
		c.results = append(c.results, &result{tool: t})
	}
	return c
}

func (c *comparison) of(name string) *result {
	for _, r := range c.results {
		if r.tool.Name == name {
			return r
		}
	}
	return &result{}
}

// print shows the table: times, the ratios of rounds that stood side by side,
// processor time and memory.
func (c *comparison) print(out io.Writer) {
	g := newGrid("tool", "time", "times "+cmp.Or(c.beside, "the floor"), "times Lockstep", "processor time", "largest process")
	floor, own := c.of(c.floor).wall(), c.of(cmp.Or(c.own, "lockstep")).wall()
	for _, r := range c.results {
		if r.failed != "" {
			g.row(r.tool.Name, "failed: "+strings.ReplaceAll(r.failed, "|", "/"), "-", "-", "-", "-")
			continue
		}
		g.row(r.tool.Name, c.unit(figures.Of(r.wall())),
			times(figures.Pairwise(r.wall(), floor)), times(figures.Pairwise(r.wall(), own)),
			c.unit(figures.Of(r.cpu())), megabytes(figures.Of(r.peak())))
	}
	g.print(out)
}

// add notes a round, or that the tool failed.
func (r *result) add(usage process.Usage, err error) {
	switch {
	case err != nil:
		r.failed = err.Error()
	case usage.Exit != 0:
		r.failed = fmt.Sprintf("exit code %d: %s", usage.Exit, usage.LastLines(2))
	default:
		r.rounds = append(r.rounds, usage)
	}
}

// fastestPeer is the peer with the smallest median.
func (c *comparison) fastestPeer() (*result, bool) {
	var best *result
	for _, r := range c.results {
		if r.tool.Kind != contestant.Peer || r.failed != "" || len(r.rounds) == 0 {
			continue
		}
		if best == nil || figures.Of(r.wall()).Median < figures.Of(best.wall()).Median {
			best = r
		}
	}
	return best, best != nil
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
