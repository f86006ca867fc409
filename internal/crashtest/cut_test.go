package crashtest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/faultproxy"
)

// TestConnectionCuts ends the connection at every message of a migration up
// and down: whatever Lockstep then says is true, and the next command brings
// it to its end.
func TestConnectionCuts(t *testing.T) {
	for _, j := range journeys(t, programs.get(t, "failpoint")) {
		said := j.dryRun(t)
		var tl tally
		t.Run(j.name, func(t *testing.T) {
			for _, fault := range cuts(said) {
				t.Run(nameOf(fault, said), func(t *testing.T) {
					t.Parallel()
					tl.add(t, j.cut(t, fault))
				})
			}
		})
		t.Logf("connection cuts of %s: %d messages of the client and %d of the server counted by a dry pass; %s",
			j.name, len(said[faultproxy.Client]), len(said[faultproxy.Server]), tl.String())
	}
}

// cuts lists the places: before and behind each message of the client, and
// before each of the server, of which a client cannot tell the sides apart.
// Who notices takes turns.
func cuts(said map[faultproxy.Side][]faultproxy.Message) []faultproxy.Fault {
	var all []faultproxy.Fault
	for i := range said[faultproxy.Client] {
		for _, before := range []bool{true, false} {
			all = append(all, faultproxy.Fault{From: faultproxy.Client, Number: i + 1, Before: before})
		}
	}
	for i := range said[faultproxy.Server] {
		all = append(all, faultproxy.Fault{From: faultproxy.Server, Number: i + 1, Before: true})
	}
	for i := range all {
		if i/2%2 == 1 {
			all[i].Hides = faultproxy.HidesFromServer
		}
	}
	if full {
		return all
	}
	var some []faultproxy.Fault
	for i := cutStride / 2; i < len(all); i += cutStride {
		some = append(some, all[i])
	}
	return some
}

func nameOf(f faultproxy.Fault, said map[faultproxy.Side][]faultproxy.Message) string {
	place := "after"
	if f.Before {
		place = "before"
	}
	return fmt.Sprintf("%s %s's %03d %s, %s", place, f.From, f.Number, said[f.From][f.Number-1], f.Hides)
}

// cut disturbs one journey.
func (j *journey) cut(t *testing.T, fault faultproxy.Fault) trial {
	t.Helper()
	w := j.from.again(t)
	p := w.behind(t)
	p.Arm(fault)
	answer := w.lockstep(t, crash{}, j.args(t, w)...)
	m, happened := p.Happened()
	p.Arm(faultproxy.Fault{})
	tr := j.finish(t, w, answer)
	tr.at = "not reached"
	if happened {
		tr.at = m.From.String() + ": " + ids.ReplaceAllString(m.String(), "N")
	}
	return tr
}

// ids are numbers that differ from one run to the next.
var ids = regexp.MustCompile(`\d{3,}`)

// tally counts what trials showed.
type tally struct {
	mu       sync.Mutex
	places   map[string]int
	codes    map[string]int
	failures int
}

func (tl *tally) add(t *testing.T, tr trial) {
	t.Helper()
	tl.mu.Lock()
	defer tl.mu.Unlock()
	if tl.places == nil {
		tl.places, tl.codes = map[string]int{}, map[string]int{}
	}
	tl.places[tr.at]++
	way := fmt.Sprint(tr.answer.code)
	for _, r := range tr.recovery {
		way += fmt.Sprint(" then ", r.code)
	}
	tl.codes[way]++
	if tr.wrong != "" {
		tl.failures++
		t.Error(tr.wrong)
	}
}

// String is the counts, and when every place was tried the list of them.
func (tl *tally) String() string {
	tl.mu.Lock()
	defer tl.mu.Unlock()
	var b strings.Builder
	n := 0
	for _, count := range tl.places {
		n += count
	}
	fmt.Fprintf(&b, "%d tried, %d failures\n  exit codes:", n, tl.failures)
	for _, way := range slices.Sorted(maps.Keys(tl.codes)) {
		fmt.Fprintf(&b, " %dx %s;", tl.codes[way], way)
	}
	for _, place := range slices.Sorted(maps.Keys(tl.places)) {
		fmt.Fprintf(&b, "\n  %4dx %s", tl.places[place], place)
	}
	return b.String()
}
