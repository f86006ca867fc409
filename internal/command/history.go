package command

import (
	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/view"
)

func newHistoryCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:         "history",
		Short:       "The runs, newest first",
		Args:        cobra.NoArgs,
		Annotations: map[string]string{formatsNote: "text json markdown"},
		RunE:        func(*cobra.Command, []string) error { return a.history() },
	}
}

func (a *app) history() error {
	w, err := openWorkspace()
	if err != nil {
		return err
	}
	runs, err := w.runs()
	if err != nil {
		return err
	}
	var shown []journal.Run
	for _, run := range runs {
		if a.flags.env == "" || a.flags.env == run.Environment {
			shown = append(shown, run)
		}
	}
	v := view.History{Out: a.streams().Out}
	switch a.flags.format {
	case "json":
		return v.JSON(shown)
	case "markdown":
		return v.Markdown(shown)
	default:
		return v.Text(shown)
	}
}
