package command

import (
	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/internal/view"
)

func newLogCommand(a *app) *cobra.Command {
	var onlyFailed bool
	c := &cobra.Command{
		Use:   "log RUN",
		Short: "What one run did, and what its checks saw",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			w, err := openWorkspace()
			if err != nil {
				return err
			}
			store, err := w.store()
			if err != nil {
				return failed(err)
			}
			records, err := store.Read(args[0])
			if err != nil {
				return failed(err)
			}
			v := view.Log{Out: a.streams().Out}
			if a.wantsJSON() {
				return v.JSON(records, onlyFailed)
			}
			return v.Text(records, onlyFailed)
		},
	}
	c.Flags().BoolVar(&onlyFailed, "failed", false, "only what failed")
	return c
}
