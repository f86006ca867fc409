package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/internal/config"
)

func newPromoteCommand(a *app) *cobra.Command {
	var o applyOptions
	var to string
	c := &cobra.Command{
		Use:   "promote CHANGE_SET --to NAME",
		Short: "Move a verified change set one environment on",
		Long: `Plans and applies exactly what the environments before have: the same content
digest, healthy, for at least their soak time. Anything else is exit 3.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return a.promote(c.Context(), args, to, o)
		},
	}
	o.flags(c)
	a.rehearseFlag(c.Flags())
	c.Flags().StringVar(&to, "to", "", "the environment's `NAME`")
	return c
}

func (a *app) promote(ctx context.Context, args []string, to string, o applyOptions) error {
	w, err := openWorkspace()
	if err != nil {
		return err
	}
	head, err := w.onlyChangeSet(args)
	if err != nil {
		return err
	}
	if to == "" {
		to = a.flags.env
	}
	environment, err := w.promotable(to)
	if err != nil {
		return err
	}
	b, err := a.computePlan(ctx, w, head.Name, environment.Name)
	if err != nil {
		return err
	}
	return a.carryOut(ctx, b, o)
}

// promotable finds an environment that something can be promoted to.
func (w *workspace) promotable(to string) (config.Environment, error) {
	if to == "" {
		return config.Environment{}, usageError("promote where? Give --to: %s", strings.Join(w.laterEnvironments(), ", "))
	}
	environment, err := w.environment(to)
	if err != nil {
		return config.Environment{}, err
	}
	if len(environment.DependsOn) == 0 {
		return config.Environment{}, usageError("%s comes after no other environment; start there with: %s",
			to, fmt.Sprintf("lockstep apply CHANGE_SET --env %s", to))
	}
	return environment, nil
}

func (w *workspace) laterEnvironments() []string {
	var names []string
	for _, e := range w.project.Environments() {
		if len(e.DependsOn) > 0 {
			names = append(names, e.Name)
		}
	}
	return names
}
