package planning

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// report prints the table of one scenario. A ratio (x) is the median over that
// of half the size: 2 is linear. Processor time counts all threads, so it can
// pass the time on the clock; on a busy machine it is the steadier one.
func report(out io.Writer, s scenario, all []figures) error {
	goal := ""
	if s.goal > 0 {
		goal = fmt.Sprintf("; goal at the largest: %s", s.goal)
	}
	fmt.Fprintf(out, "%s (%s, %d rounds; milliseconds as min/median/max%s)\n", s.about, s.name, len(all[0].process), goal)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "N\tprocess\tx\tits cpu\tx\tin process\tx\tits cpu\tx\t")
	for i, f := range all {
		var half figures
		if i > 0 {
			half = all[i-1]
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", f.size,
			spread(f.process), ratio(f.process, half.process),
			spread(f.cpu), ratio(f.cpu, half.cpu),
			spread(f.inside), ratio(f.inside, half.inside),
			spread(f.used), ratio(f.used, half.used))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out)
	return err
}

// spread is min/median/max of sorted times.
func spread(sorted []time.Duration) string {
	return fmt.Sprintf("%s/%s/%s", milliseconds(sorted[0]), milliseconds(median(sorted)), milliseconds(sorted[len(sorted)-1]))
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.0f", float64(d)/float64(time.Millisecond))
}

func median(sorted []time.Duration) time.Duration { return sorted[len(sorted)/2] }

func ratio(now, half []time.Duration) string {
	if len(half) == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", float64(median(now))/float64(median(half)))
}
