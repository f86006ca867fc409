package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// untrustedVariable says for a whole shell, or a CI job, that the project is
// the work of somebody whom nobody trusts.
const untrustedVariable = "LOCKSTEP_UNTRUSTED"

// untrusted reports whether the environment says so; any word but a plain no
// does.
func (a *app) untrusted() bool {
	said := strings.ToLower(strings.TrimSpace(a.environ(untrustedVariable)))
	return said != "" && said != "0" && said != "false" && said != "no"
}

// harmless names the verbs that ask no target, start nothing and read nothing
// that a link of the project leads to.
func harmless() []string {
	return []string{"plan", "validate", "fmt", "language", "version", "help", "completion"}
}

// refuseUntrusted keeps every other verb from an untrusted project, and the
// environment from those that may run.
func (a *app) refuseUntrusted(c *cobra.Command) error {
	if !a.untrusted() {
		return nil
	}
	verb, _, _ := strings.Cut(strings.TrimPrefix(c.CommandPath(), c.Root().Name()+" "), " ")
	if c != c.Root() && !slices.Contains(harmless(), verb) {
		return blocked(fmt.Sprintf("%s is set: the project is untrusted, and lockstep %s would follow it to a target, a program or a file; nothing was done.", untrustedVariable, verb),
			"Look at the change:      lockstep plan",
			"If you trust it, unset "+untrustedVariable+" where nobody else can change the project.")
	}
	a.host.Environ = slices.DeleteFunc(slices.Clone(a.host.Environ), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return !slices.Contains([]string{untrustedVariable, "NO_COLOR", "TERM", "COLUMNS", "CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "LANG", "LC_ALL"}, name)
	})
	return nil
}
