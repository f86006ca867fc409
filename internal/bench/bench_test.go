package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/internal/bench/contestant"
	"github.com/lockstep-dev/lockstep/internal/bench/process"
)

func TestParse(t *testing.T) {
	t.Parallel()
	o, err := parse([]string{"-part", "apply,idle", "-sizes", "1000,10000", "-rounds", "3", "-tools", "goose,tern"})
	if err != nil || !slices.Equal(o.parts, []string{"apply", "idle"}) || !slices.Equal(o.sizes, []int{1000, 10000}) || o.rounds != 3 || !slices.Equal(o.tools, []string{"goose", "tern"}) {
		t.Errorf("got %+v, %v", o, err)
	}
	for _, bad := range [][]string{{"-part", "aply"}, {"-sizes", "many"}, {"-sizes", "0"}} {
		if _, err := parse(bad); err == nil || !strings.Contains(err.Error(), bad[1]) {
			t.Errorf("%q: got %v, want an error that names it", bad, err)
		}
	}
}

func TestRotated(t *testing.T) {
	t.Parallel()
	list := []string{"a", "b", "c"}
	for round, want := range []string{"abc", "bca", "cab", "abc"} {
		if got := strings.Join(rotated(list, round), ""); got != want {
			t.Errorf("round %d: got %s, want %s", round, got, want)
		}
	}
	if got := rotated([]string(nil), 3); len(got) != 0 {
		t.Errorf("got %q of nothing", got)
	}
}

func TestChosen(t *testing.T) {
	t.Parallel()
	if all, err := chosen(nil); err != nil || len(all) != len(scenariosOfBlocking()) {
		t.Errorf("got %d scenarios, %v", len(all), err)
	}
	if list, err := chosen([]string{"index", "add-column"}); err != nil || len(list) != 2 || list[0].name != "index" {
		t.Errorf("got %v, %v", list, err)
	}
	if _, err := chosen([]string{"drop"}); err == nil || !strings.Contains(err.Error(), "add-column") {
		t.Errorf("got %v, want an error with the known names", err)
	}
}

func TestComparison(t *testing.T) {
	t.Parallel()
	c := newComparison("psql", seconds,
		contestant.Tool{Name: "psql", Kind: contestant.Floor}, contestant.Tool{Name: "lockstep", Kind: contestant.Lockstep},
		contestant.Tool{Name: "slow"}, contestant.Tool{Name: "fast"}, contestant.Tool{Name: "broken"})
	for i, wall := range []time.Duration{1, 2, 4, 3} {
		for range 3 {
			c.results[i].add(process.Usage{Wall: wall * time.Second, CPU: time.Second, Peak: 8 << 20}, nil)
		}
	}
	c.of("broken").add(process.Usage{Exit: 3, Output: "so far so good\nno | more locks\n"}, nil)
	if best, ok := c.fastestPeer(); !ok || best.tool.Name != "fast" {
		t.Errorf("the fastest peer is %v", best)
	}
	var out strings.Builder
	c.print(&out)
	for _, want := range []string{
		"| lockstep | 2.00 / 2.00 / 2.00 s | 2.00 / 2.00 / 2.00 | 1.00 / 1.00 / 1.00 | 1.00 / 1.00 / 1.00 s | 8 / 8 / 8 MB |",
		"| fast | 3.00 / 3.00 / 3.00 s | 3.00 / 3.00 / 3.00 | 1.50 / 1.50 / 1.50 |",
		"| broken | failed: exit code 3: so far so good / no / more locks | - |",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("lacks %s:\n%s", want, out.String())
		}
	}
}

func TestJudgeBlockingTakesTheWorstRound(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	round := func(longest, p999 time.Duration, exit int, done bool) encountered {
		return encountered{experience: experience{longestFelt: longest, p999Felt: p999}, usage: process.Usage{Exit: exit}, done: done}
	}
	ways := []way{{name: "nobody", nobody: true}, {name: "lockstep", tool: contestant.Tool{Name: "lockstep", Kind: contestant.Lockstep}}}
	base := []encountered{round(5*ms, 4*ms, 0, false), round(90*ms, 70*ms, 0, false), round(6*ms, 4*ms, 0, false)}
	cases := []struct {
		name string
		held time.Duration
		own  []encountered
		want []string
	}{
		{"good", 0, []encountered{round(20*ms, 10*ms, 0, true), round(56*ms, 54*ms, 0, true)}, []string{"50 ms over, reached", "50 ms over, reached", "2 of 2, reached"}},
		{"one bad round", 0, []encountered{round(20*ms, 10*ms, 0, true), round(57*ms, 10*ms, 0, true)}, []string{"51 ms over, MISSED", "6 ms over, reached", "2 of 2, reached"}},
		{"a lock of its own", 40 * ms, []encountered{round(96*ms, 94*ms, 0, true)}, []string{"the 40 ms for which", "50 ms over, reached", "CONCURRENTLY"}},
		{"longer than its own lock", 40 * ms, []encountered{round(97*ms, 95*ms, 0, true)}, []string{"51 ms over, MISSED"}},
		{"said and not done", 0, []encountered{round(ms, ms, 0, false), round(ms, ms, 1, true)}, []string{"0 of 2, MISSED"}},
	}
	for _, c := range cases {
		var out strings.Builder
		l := &lab{out: &out}
		l.judgeBlocking(ways, [][]encountered{base, c.own}, c.held)
		for _, want := range c.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: lacks %q:\n%s", c.name, want, out.String())
			}
		}
	}
}

func TestFilterKeepsBenchmarks(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	f := filter{out: &out}
	for _, piece := range []string{"goos: linux\nBenchmarkPl", "an-2  10  5 ns/op\nPASS\nok  package\n"} {
		if _, err := f.Write([]byte(piece)); err != nil {
			t.Fatal(err)
		}
	}
	if got := out.String(); got != "BenchmarkPlan-2  10  5 ns/op\n" {
		t.Errorf("got %q", got)
	}
}
