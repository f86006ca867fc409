package command

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/internal/journal"
)

func newPauseCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "pause RUN",
		Short: "Stop a running run at the next step boundary",
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
			if err := store.Request(args[0], journal.RequestPause); err != nil {
				return notLive(store, args[0], err)
			}
			_, err = fmt.Fprintf(a.host.Stdout, "Asked %s to pause at the next step boundary. Go on with: lockstep resume %s\n", args[0], args[0])
			return err
		},
	}
}

// notLive explains why a run that nobody works on cannot be paused.
func notLive(store *journal.Store, id string, err error) error {
	if !errors.Is(err, journal.ErrNotLive) {
		return failed(err)
	}
	run, replayErr := store.Replay(id)
	if replayErr != nil {
		return failed(replayErr)
	}
	if run.State.Over() {
		return failed(fmt.Errorf("%w: it %s", err, ended(run)))
	}
	return failed(fmt.Errorf("%w: it is %s already", err, run.State),
		"Go on with it: lockstep resume "+id, "Take it back:    lockstep abort "+id)
}

func ended(run journal.Run) string {
	return fmt.Sprintf("ended %s (%s)", run.Ended.Format("2006-01-02 15:04:05"), run.State)
}
