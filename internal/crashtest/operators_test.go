package crashtest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// crowd is the project that many apply at the same moment.
const crowd = "testdata/crowd"

// TestOperators lets many processes apply the same change set to one database
// at the same moment, from copies of the project with a journal each, and from
// one project: each effect happens once, nobody works while another does, and
// everybody is told the truth.
func TestOperators(t *testing.T) {
	below := origin(t, cluster.Server(t), programs.get(t, "failpoint"), crowd)
	above := below.again(t)
	if r := above.lockstep(t, crash{}, applyArgs()...); r.code != 0 {
		t.Fatalf("the undisturbed run failed with exit code %d:\n%s", r.code, r.output)
	}
	end := above.signature(t)
	for _, from := range []struct {
		name  string
		group func(*testing.T, *world) []*world
	}{
		{"each from a project of its own", apart},
		{"all from one project", together},
	} {
		t.Run(from.name, func(t *testing.T) {
			said := map[string]int{}
			overlapped := 0
			for range operatorRounds {
				w := below.again(t)
				for _, r := range atOnce(t, from.group(t, w)) {
					said[r.told(t, w, end)]++
				}
				overlapped += len(ask(t, w.url, "SELECT last_value::text FROM overlapped WHERE is_called"))
				if got := w.signature(t); got != end {
					t.Errorf("another state\n--- want\n%s--- got\n%s", end, got)
				}
			}
			t.Logf("%d operators, %s, in %d rounds: %d rounds with two at work at the same moment", operators, from.name, operatorRounds, overlapped)
			for _, answer := range slices.Sorted(maps.Keys(said)) {
				t.Logf("%5dx %s", said[answer], answer)
			}
			if overlapped > 0 {
				t.Error("two worked at the same moment")
			}
		})
	}
}

// apart gives each operator a copy of the project with a journal of its own.
func apart(t *testing.T, w *world) []*world {
	t.Helper()
	group := []*world{w}
	for len(group) < operators {
		c := *w
		c.dir = worlds.dir(t)
		c.copyFrom(t, w.dir)
		group = append(group, &c)
	}
	return group
}

func together(_ *testing.T, w *world) []*world { return slices.Repeat([]*world{w}, operators) }

// answer is what one of many was told, and what was there when it ended.
type answer struct {
	result
	there string
}

// atOnce lets everybody apply at the same moment.
func atOnce(t *testing.T, group []*world) []answer {
	t.Helper()
	answers := make([]answer, len(group))
	start := make(chan struct{})
	var all sync.WaitGroup
	for i, w := range group {
		all.Go(func() {
			<-start
			r := w.lockstep(t, crash{}, applyArgs()...)
			answers[i] = answer{r, w.state(t)}
		})
	}
	close(start)
	all.Wait()
	return answers
}

// told checks an answer and sums it up.
func (a answer) told(t *testing.T, w *world, end string) string {
	t.Helper()
	switch a.code {
	case 0:
		if !strings.HasPrefix(end, a.there) {
			t.Errorf("exit code 0, but it was not there yet\n--- got\n%s--- output\n%s", a.there, a.output)
		}
	case exitBlocked, exitTryAgain:
		if !names.MatchString(a.output) {
			t.Errorf("exit code %d without saying who or what is in the way:\n%s", a.code, a.output)
		}
	default:
		t.Errorf("exit code %d:\n%s", a.code, a.output)
	}
	return fmt.Sprintf("exit code %d: %s", a.code, ids.ReplaceAllString(reason(a.output), "N"))
}

// names: the holder of a lease or a lock, or what has changed since the plan.
var names = regexp.MustCompile(`environment dev is locked by .*pid \d+|locked by a run that is just beginning|another migration of this database is running: pid|has moved on|has changed since|[Pp]lan again`)

// reason is the line that tells how it ended.
func reason(output string) string {
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		for _, word := range []string{"ok: ", "Nothing to do", "Blocked", "blocked", "Error", "locked", "stale", "FAILED", "PERSON"} {
			if strings.HasPrefix(line, word) {
				return strings.Join(strings.Fields(line)[:min(8, len(strings.Fields(line)))], " ")
			}
		}
	}
	lines := strings.Split(strings.TrimSpace(output), "\n")
	return lines[len(lines)-1]
}
