package command

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/internal/version"
)

func newVersionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if a.wantsJSON() {
				return json.NewEncoder(a.host.Stdout).Encode(map[string]string{
					"format_version": "1.0", "version": version.Number,
				})
			}
			_, err := fmt.Fprintln(a.host.Stdout, version.String())
			return err
		},
	}
}
