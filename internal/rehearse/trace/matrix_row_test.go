package trace_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/rehearse/trace"
)

// row is a line of pg-locks.md, read for one major version; the table is pgeffect's.
type row struct {
	name, statement string
	failure         string                // what the server's message holds; empty: it succeeds
	locks           map[trace.Mode]naming // strongest per relation
	rewrites, scans naming
}

// naming is a list of relations: some by name, and a number of further indexes.
type naming struct {
	names   []string
	indexes int
}

var (
	rowLine  = regexp.MustCompile("^\\| (\\w+) \\| `(.*)` \\| (.*) \\| \\d* \\| \\d* \\|$")
	lockWord = regexp.MustCompile(`^([A-Z]+)~?:(\S+)$`)
	listWord = regexp.MustCompile(`^(RW|SCAN)\[(\S*)\]$`)
)

// readRows returns the rows that say something of the major version.
func readRows(t *testing.T, major int) []row {
	t.Helper()
	text, err := os.ReadFile("../../pgeffect/testdata/pg-locks.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []row
	for line := range strings.Lines(string(text)) {
		m := rowLine.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		for cell := range strings.SplitSeq(m[3], "<br>") {
			versions, outcome, _ := strings.Cut(cell, ":")
			if covers(t, versions, major) {
				rows = append(rows, readOutcome(t, row{name: m[1], statement: m[2]}, strings.TrimSpace(outcome)))
			}
		}
	}
	return rows
}

// covers reads "11-18" and "11,15,17".
func covers(t *testing.T, versions string, major int) bool {
	t.Helper()
	for part := range strings.SplitSeq(versions, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, err := strconv.Atoi(first)
		if err != nil {
			t.Fatalf("versions %q: %v", versions, err)
		}
		to, err := strconv.Atoi(last)
		if err != nil {
			t.Fatalf("versions %q: %v", versions, err)
		}
		if from <= major && major <= to {
			return true
		}
	}
	return false
}

func readOutcome(t *testing.T, r row, outcome string) row {
	t.Helper()
	if message, failed := strings.CutPrefix(outcome, "ERR "); failed {
		r.failure = message
		return r
	}
	r.locks = map[trace.Mode]naming{}
	if outcome == "no lock on a pre-existing relation" {
		return r
	}
	for _, word := range strings.Fields(outcome) {
		if m := lockWord.FindStringSubmatch(word); m != nil {
			r.locks[modeOf(t, m[1])] = readNaming(t, m[2])
			continue
		}
		m := listWord.FindStringSubmatch(word)
		switch {
		case m == nil:
			t.Fatalf("%s: cannot read %q", r.name, word)
		case m[1] == "RW":
			r.rewrites = readNaming(t, m[2])
		default:
			r.scans = readNaming(t, m[2])
		}
	}
	return r
}

func modeOf(t *testing.T, short string) trace.Mode {
	t.Helper()
	mode, known := map[string]trace.Mode{
		"AX": trace.AccessExclusive, "X": trace.Exclusive, "SRX": trace.ShareRowExclusive, "S": trace.Share,
		"SUX": trace.ShareUpdateExclusive, "RX": trace.RowExclusive, "RS": trace.RowShare, "AS": trace.AccessShare,
	}[short]
	if !known {
		t.Fatalf("lock mode %q", short)
	}
	return mode
}

// readNaming reads "t,t_a_idx,+8idx". What the statement made, and the log of
// the table's own event triggers, are no part of what we report.
func readNaming(t *testing.T, text string) naming {
	t.Helper()
	var n naming
	for name := range strings.SplitSeq(text, ",") {
		count, more := strings.CutPrefix(name, "+")
		switch {
		case more:
			var err error
			if n.indexes, err = strconv.Atoi(strings.TrimSuffix(count, "idx")); err != nil {
				t.Fatalf("%q: %v", text, err)
			}
		case strings.HasPrefix(name, "new:"), name == "evlog":
		case strings.Contains(name, "."):
			n.names = append(n.names, name)
		default:
			n.names = append(n.names, "public."+name)
		}
	}
	slices.Sort(n.names)
	return n
}

// against compares what is expected with what was measured; indexes tells which
// of the measured ones are indexes.
func (n naming) against(measured []string, indexes map[string]bool) string {
	left := slices.Clone(n.names)
	further := 0
	var extra []string
	for _, name := range measured {
		switch i := slices.Index(left, name); {
		case i >= 0:
			left = slices.Delete(left, i, i+1)
		case n.indexes > 0 && indexes[name]:
			further++
		default:
			extra = append(extra, name)
		}
	}
	if len(left) == 0 && len(extra) == 0 && further == n.indexes {
		return ""
	}
	return fmt.Sprintf("missing %v, more %v, further indexes %d of %d", left, extra, further, n.indexes)
}
