package scoreboard

import (
	"context"
	"fmt"
	"sync"

	"github.com/lockstep-dev/lockstep/internal/scoreboard/fixture"
	"github.com/lockstep-dev/lockstep/internal/scoreboard/measure"
)

// Board is every case of every suite, decided.
type Board struct {
	Suites  []fixture.Suite
	Results []Result
	Server  int // the major version that was measured on
	// Unused are reasons that decided nothing.
	Unused []string
}

// Play decides all cases, so many at once. The error is of the server or of a
// reason that cannot be read, never of a case.
func Play(ctx context.Context, suites []fixture.Suite, reasons *Reasons, atOnce int) (*Board, error) {
	lab, err := measure.Open(ctx)
	if err != nil {
		return nil, err
	}
	b := &Board{Suites: suites, Server: lab.Major()}
	var cases []fixture.Case
	for _, s := range suites {
		cases = append(cases, s.Cases...)
	}
	facts, err := measureAll(ctx, lab, cases, atOnce)
	if closed := lab.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, err
	}
	for i, c := range cases {
		b.Results = append(b.Results, judge(c, warnings(c), facts[i], reasons))
	}
	b.Unused = reasons.unused()
	return b, nil
}

func measureAll(ctx context.Context, lab *measure.Lab, cases []fixture.Case, atOnce int) ([]measure.Facts, error) {
	facts, failures := make([]measure.Facts, len(cases)), make([]error, len(cases))
	places := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i, c := range cases {
		places <- struct{}{}
		all.Go(func() {
			facts[i], failures[i] = lab.Measure(ctx, measure.Case{Before: c.Before, Files: c.Files})
			<-places
		})
	}
	all.Wait()
	for i, err := range failures {
		if err != nil {
			return nil, fmt.Errorf("measure %s: %w", cases[i].ID, err)
		}
	}
	return facts, nil
}

// limit is the share of cases that false alarms must stay below.
const limit = 0.05

// Fault says why the board is not good enough; empty when it is.
func (b *Board) Fault() string {
	t := b.tally("")
	switch {
	case t.count[Missed] > 0:
		return fmt.Sprintf("%d cases are called safe and are not", t.count[Missed])
	case float64(t.count[FalseAlarm]) >= limit*float64(t.cases):
		return fmt.Sprintf("%d false alarms in %d cases, and fewer than 5 %% are allowed", t.count[FalseAlarm], t.cases)
	case len(b.Unused) > 0:
		return fmt.Sprintf("%d reasons in testdata/reasons.tsv decide nothing any more: delete them", len(b.Unused))
	}
	return ""
}

// tally counts the outcomes of a suite, or of all when it has no name.
type tally struct {
	cases int
	count map[Outcome]int
	// quiet are cases where both warn and nothing was measured that is wrong.
	quiet int
}

func (b *Board) tally(suite string) tally {
	t := tally{count: map[Outcome]int{}}
	for _, r := range b.Results {
		if suite != "" && r.Suite != suite {
			continue
		}
		t.cases++
		t.count[r.Outcome]++
		if r.Outcome == Agree && r.Warns && r.Facts.Unsettled == "" && !r.Facts.Blocks() && !r.Facts.Keeps() && !r.Facts.Hurts() {
			t.quiet++
		}
	}
	return t
}
