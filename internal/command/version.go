package command

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
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
					"format_version": "1.0", "version": version.Number, "postgres_parser": pgsyntax.Build(),
				})
			}
			_, err := fmt.Fprintf(a.host.Stdout, "%s\n%s\n", version.String(), parserLine())
			return err
		},
	}
}

// parserLine says which build of PostgreSQL's grammar this program has.
func parserLine() string {
	if pgsyntax.Build() == "wasm" {
		return fmt.Sprintf("grammar of PostgreSQL %d in WebAssembly, which takes seconds to start; a build with a C compiler has it in C", pgsyntax.GrammarVersion)
	}
	return fmt.Sprintf("grammar of PostgreSQL %d in C", pgsyntax.GrammarVersion)
}
