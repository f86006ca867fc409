package command

import (
	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/view"
)

func newDiffCommand(a *app) *cobra.Command {
	var detailed bool
	c := &cobra.Command{
		Use:   "diff A B",
		Short: "Compare two environments, or two plans (files or runs)",
		Args:  cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			comparison, err := compare(args[0], args[1])
			if err != nil {
				return err
			}
			v := view.Diff{Out: a.streams().Out}
			show := v.Text
			if a.wantsJSON() {
				show = v.JSON
			}
			if err := show(comparison); err != nil {
				return err
			}
			if detailed && comparison.Differs() {
				return silent(exitChanges)
			}
			return nil
		},
	}
	a.rehearseFlag(c.Flags())
	c.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit 2 when they differ")
	return c
}

func compare(a, b string) (view.Comparison, error) {
	if isFile(a) || isFile(b) {
		return comparePlans(a, b)
	}
	w, err := openWorkspace()
	if err != nil {
		return view.Comparison{}, err
	}
	known := map[string]bool{}
	for _, e := range w.project.Environments() {
		known[e.Name] = true
	}
	if !known[a] && !known[b] {
		return comparePlans(a, b)
	}
	for _, name := range []string{a, b} {
		if _, err := w.environment(name); err != nil {
			return view.Comparison{}, err
		}
	}
	runs, err := w.runs()
	if err != nil {
		return view.Comparison{}, err
	}
	return view.CompareEnvironments(journal.StandingsOf(runs), a, b), nil
}

func comparePlans(a, b string) (view.Comparison, error) {
	left, err := planOf(a)
	if err != nil {
		return view.Comparison{}, err
	}
	right, err := planOf(b)
	if err != nil {
		return view.Comparison{}, err
	}
	return view.ComparePlans(left.Plan, right.Plan), nil
}
