package command

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/diag"
	"github.com/lockstep-dev/lockstep/internal/version"
)

func newValidateCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "validate",
		Short: "Check the project's files",
		Long: `Checks all language files and reports every error at once. Nothing is asked of any
target. With --env the values of that environment are used; without, missing values
are unknown.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.validate() },
	}
}

// validation is the document of validate --format json.
type validation struct {
	FormatVersion string           `json:"format_version"`
	Valid         bool             `json:"valid"`
	ErrorCount    int              `json:"error_count"`
	WarningCount  int              `json:"warning_count"`
	Diagnostics   diag.Diagnostics `json:"diagnostics"`
}

func (a *app) validate() error {
	project, ds := config.Load(os.DirFS("."))
	if !ds.HasErrors() {
		ds = append(ds, project.CheckTools(version.Number)...)
		ds = append(ds, checkDrivers(project)...)
	}
	ds = append(ds, a.validateValues(project)...)
	ds.Sort()
	if a.wantsJSON() {
		return a.printValidation(ds)
	}
	diag.Write(a.host.Stderr, ds, sourceOf(project))
	if ds.HasErrors() {
		return silent(exitError)
	}
	_, err := fmt.Fprintln(a.host.Stdout, validSentence(project, a.flags.env))
	return err
}

// validateValues checks with an environment's values, or with unknown ones.
func (a *app) validateValues(project *config.Project) diag.Diagnostics {
	if a.flags.env == "" && len(a.flags.assigned) == 0 {
		return project.Validate()
	}
	values, ds := project.Values(a.flags.env, config.ValueInputs{Environ: a.host.Environ, Flags: a.flags.assigned, ReadFile: os.ReadFile})
	if values == nil {
		return append(ds, project.Validate()...)
	}
	return append(ds, project.ValidateFor(a.flags.env, values)...)
}

func (a *app) printValidation(ds diag.Diagnostics) error {
	result := validation{FormatVersion: "1.0", Valid: !ds.HasErrors(), Diagnostics: ds}
	if ds == nil {
		result.Diagnostics = diag.Diagnostics{}
	}
	for _, d := range ds {
		if d.Severity == diag.Error {
			result.ErrorCount++
		} else {
			result.WarningCount++
		}
	}
	enc := json.NewEncoder(a.host.Stdout)
	enc.SetIndent("", "  ")
	if err := enc.Encode(result); err != nil {
		return err
	}
	if !result.Valid {
		return silent(exitError)
	}
	return nil
}

func validSentence(project *config.Project, env string) string {
	sentence := fmt.Sprintf("Valid: %s, %s, %s",
		counted(len(project.ChangeSets()), "change set"), counted(len(project.Environments()), "environment"),
		counted(len(project.Databases()), "database"))
	if env != "" {
		sentence += fmt.Sprintf(" (with the values of %s)", env)
	}
	return sentence + "."
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
