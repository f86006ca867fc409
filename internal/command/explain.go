package command

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/view"
	"github.com/lockstep-dev/lockstep/plans"
)

func newExplainCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "explain [PLAN|RUN|CHANGE_SET] ADDRESS",
		Short: "Say why a step is where it is, and what undoes it",
		Example: `  lockstep explain terraform.cache --env staging
  lockstep explain order_status.plan 'migration.shop["0005_drop_state"]'`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(c *cobra.Command, args []string) error {
			address := args[len(args)-1]
			b, err := a.planFor(c.Context(), args[:len(args)-1])
			if err != nil {
				return err
			}
			if b.Plan.Step(address) == nil {
				return noSuchStep(b.Plan, address)
			}
			v := view.Explain{Out: a.streams().Out}
			if a.wantsJSON() {
				return v.JSON(b.Plan, address)
			}
			return v.Text(b.Plan, address)
		},
	}
}

func noSuchStep(p *plans.Plan, address string) error {
	var addresses []string
	for _, s := range p.Steps {
		addresses = append(addresses, s.Address)
	}
	if len(addresses) == 0 {
		return failed(fmt.Errorf("%s in %s has no steps: %s", p.ChangeSet, p.Environment,
			cmp.Or(strings.ReplaceAll(string(p.Settled), "_", " "), "all is as wanted")))
	}
	return failed(fmt.Errorf("the plan has no step %q%s", address, config.DidYouMean(address, addresses)), addresses...)
}
