package queries

import (
	"strings"
	"testing"
)

func TestDoubts(t *testing.T) {
	t.Parallel()
	all := Seen{Source: "pg_stat_statements", Calls: 9, Days: 40}
	tests := map[string]struct {
		change func(*Seen)
		before []Described
		want   string
	}{
		"a month":           {func(*Seen) {}, nil, ""},
		"a folder alone":    {func(s *Seen) { *s = Seen{Source: "folder", Statements: 90} }, nil, "only a folder of statements"},
		"before version 14": {func(s *Seen) { s.Days = 0 }, nil, "since when"},
		"a week":            {func(s *Seen) { s.Days = 7 }, nil, "for 7 days, less than a month"},
		"not tried":         {func(*Seen) {}, []Described{{Failure: &Failure{}}}, "1 statement could not be tried"},
		"hidden":            {func(s *Seen) { s.Hidden = 2 }, nil, "the text of 2 statements is hidden"},
		"forgotten":         {func(s *Seen) { s.Forgotten = 1 }, nil, "thrown rare statements away"},
		"unheard":           {func(s *Seen) { s.Unheard = true }, nil, "track_utility"},
	}
	for name, test := range tests {
		seen := all
		test.change(&seen)
		got := Doubts(test.before, seen)
		if test.want == "" && len(got) != 0 || test.want != "" && (len(got) != 1 || !strings.Contains(got[0], test.want)) {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestCommandsThatNameAnObject(t *testing.T) {
	t.Parallel()
	w := Workload{Seen: Seen{Commands: []string{"COPY items TO STDOUT", "REFRESH MATERIALIZED VIEW totals"}}}
	if got := w.Naming("totals"); len(got) != 1 || !strings.Contains(got[0], "REFRESH MATERIALIZED VIEW totals") {
		t.Errorf("got %q", got)
	}
	if got := w.Naming("total"); len(got) != 0 {
		t.Errorf("got %q", got)
	}
}
