package crashtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
)

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
	if tr.answer.killed {
		way = "killed"
	}
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
