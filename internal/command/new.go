package command

import (
	"github.com/spf13/cobra"
)

func newNewCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "new",
		Short: "Write a migration's files: empty, derived, or a quarantine",
		Long: `Writes files into a folder of migrations and says what to type next. It never
overwrites what somebody has written.`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError("lockstep new %s is not known: expected migration or down. See: lockstep new --help", args[0])
			}
			return c.Help()
		},
	}
	c.AddCommand(newNewMigrationCommand(a), newNewDownCommand(a))
	return c
}
