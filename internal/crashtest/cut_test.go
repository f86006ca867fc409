package crashtest

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/faultproxy"
)

// TestConnectionCuts ends the connection at every message of a migration up
// and down: whatever Lockstep then says is true, and the next command brings
// it to its end.
func TestConnectionCuts(t *testing.T) {
	for _, j := range journeys(t, cluster.Server(t)) {
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
