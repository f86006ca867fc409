package command

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/view"
)

func newStatusCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "What is where: environments and change sets",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return a.status() },
	}
}

func (a *app) status() error {
	w, err := openWorkspace()
	if err != nil {
		return err
	}
	runs, err := w.runs()
	if err != nil {
		return err
	}
	board := view.Board{Standings: journal.StandingsOf(runs), Now: time.Now()}
	for _, e := range w.project.Environments() {
		board.Environments = append(board.Environments, e.Name)
	}
	for _, c := range w.project.ChangeSets() {
		board.ChangeSets = append(board.ChangeSets, c.Name)
	}
	v := view.Status{Out: a.streams().Out}
	if a.wantsJSON() {
		return v.JSON(board)
	}
	return v.Text(board)
}
