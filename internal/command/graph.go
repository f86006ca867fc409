package command

import (
	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/internal/view"
)

func newGraphCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:         "graph [PLAN|RUN|CHANGE_SET]",
		Short:       "Show the order of the steps: --format text, mermaid, dot or svg",
		Args:        cobra.MaximumNArgs(1),
		Annotations: map[string]string{formatsNote: "text mermaid dot svg"},
		RunE: func(c *cobra.Command, args []string) error {
			b, err := a.planFor(c.Context(), args)
			if err != nil {
				return err
			}
			v := view.Graph{Out: a.streams().Out}
			switch a.flags.format {
			case "mermaid":
				return v.Mermaid(b.Plan)
			case "dot":
				return v.Dot(b.Plan)
			case "svg":
				return v.SVG(b.Plan)
			default:
				return v.Text(b.Plan)
			}
		},
	}
}
