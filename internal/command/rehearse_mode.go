package command

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/lockstep-dev/lockstep/providers/database"
)

// rehearseVariable says for a whole shell, or a CI job, what --rehearse says
// for one command.
const rehearseVariable = "LOCKSTEP_REHEARSE"

var rehearseModes = []string{database.RehearseAuto, database.RehearseAlways, database.RehearseNever}

// rehearseFlag gives the flag to a verb that makes plans.
func (a *app) rehearseFlag(f *pflag.FlagSet) {
	f.StringVar(&a.flags.rehearse, "rehearse", "", "try pending migrations on a copy of the schema: auto, always or never (default: as the database block says)")
}

// checkRehearse refuses an unknown word, wherever it was said.
func (a *app) checkRehearse() error {
	if said := a.flags.rehearse; said != "" && !slices.Contains(rehearseModes, said) {
		return usageError("--rehearse %q is not known: expected %s", said, strings.Join(rehearseModes, ", "))
	}
	if said := a.environ(rehearseVariable); said != "" && !slices.Contains(rehearseModes, said) {
		return usageError("%s is %q: expected %s", rehearseVariable, said, strings.Join(rehearseModes, ", "))
	}
	return nil
}

// rehearseMode is what the command line says, else the environment variable,
// else the database block.
func (a *app) rehearseMode(target database.Target) string {
	for _, said := range []string{a.flags.rehearse, a.environ(rehearseVariable)} {
		if said != "" {
			return said
		}
	}
	return target.Trial.Rehearse
}

func (a *app) environ(name string) string {
	for _, entry := range slices.Backward(a.host.Environ) {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}
