package scoreboard

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

func outcomes() []Outcome {
	return []Outcome{Agree, Apart, Justified, Harmless, Brief, Reviewed, FalseAlarm, Missed, Unsettled}
}

// Print writes the table of counts, and every case that is no agreement with
// what decided it.
func (b *Board) Print(out io.Writer) error {
	fmt.Fprintf(out, "Measured on PostgreSQL %d; every case was run, also where both agree.\n\n", b.Server)
	if err := b.table(out); err != nil {
		return err
	}
	for _, s := range b.Suites {
		for _, reason := range sorted(s.Skipped) {
			fmt.Fprintf(out, "%s: %d left out: %s\n", s.Name, s.Skipped[reason], reason)
		}
	}
	fmt.Fprintf(out, "\nBoth warn and nothing was measured that is wrong: %d.\n", b.tally("").quiet)
	for _, o := range []Outcome{Missed, FalseAlarm, Unsettled, Reviewed, Justified, Brief, Harmless} {
		b.list(out, o)
	}
	for _, u := range b.Unused {
		fmt.Fprintf(out, "\nThis reason decided nothing: %s\n", u)
	}
	return nil
}

func sorted(m map[string]int) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (b *Board) table(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "suite\tcases\t")
	for _, o := range outcomes() {
		fmt.Fprintf(w, "%s\t", o)
	}
	fmt.Fprintln(w)
	for _, s := range b.Suites {
		row(w, s.Name, b.tally(s.Name))
	}
	row(w, "all", b.tally(""))
	return w.Flush()
}

func row(w io.Writer, name string, t tally) {
	fmt.Fprintf(w, "%s\t%d\t", name, t.cases)
	for _, o := range outcomes() {
		fmt.Fprintf(w, "%d (%.1f %%)\t", t.count[o], 100*float64(t.count[o])/float64(max(1, t.cases)))
	}
	fmt.Fprintln(w)
}

func (b *Board) list(out io.Writer, o Outcome) {
	var found []Result
	for _, r := range b.Results {
		if r.Outcome == o {
			found = append(found, r)
		}
	}
	if len(found) == 0 {
		return
	}
	fmt.Fprintf(out, "\n== %s: %d\n", o, len(found))
	for _, r := range found {
		r.print(out)
	}
}

func (r Result) print(out io.Writer) {
	theirs, ours := "says nothing of "+r.Rule, "nothing"
	if r.Warns {
		theirs = "warns: " + r.Rule
	}
	if len(r.Ours) > 0 {
		ours = "warns: " + strings.Join(codes(r.Ours), ", ")
	}
	fmt.Fprintf(out, "\n%s\n    %s\n  theirs    %s\n  lockstep  %s\n  measured  %s\n",
		r.ID, strings.Join(strings.Fields(strings.Join(r.Files, " ;; ")), " "), theirs, ours, strings.Join(measured(r), "; "))
	if len(r.About) > 0 {
		fmt.Fprintf(out, "  about     %s\n", strings.Join(strings.Fields(strings.Join(r.About, " | ")), " "))
	}
	if r.Reason != "" {
		fmt.Fprintf(out, "  reason    %s\n", r.Reason)
	}
}

// measured are sentences about what the server did.
func measured(r Result) []string {
	f := r.Facts
	if f.Unsettled != "" {
		return []string{"could not be run: " + f.Unsettled}
	}
	var list []string
	for _, s := range f.Statements {
		if len(s.Took) == 0 && !s.Blocks() {
			continue
		}
		var parts []string
		for _, k := range s.Took {
			parts = append(parts, string(k.Mode)+" on "+k.Relation)
		}
		if len(s.Works) > 0 {
			parts = append(parts, "works through "+strings.Join(s.Works, ", "))
		}
		list = append(list, fmt.Sprintf("line %d: %s", s.Line, strings.Join(parts, ", ")))
	}
	if f.Fails != "" {
		list = append(list, "fails: "+f.Fails)
	}
	list = append(append(list, f.Breaks...), f.Loses...)
	if len(list) == 0 {
		return []string{"nothing that keeps anybody waiting, breaks or is lost"}
	}
	return list
}
