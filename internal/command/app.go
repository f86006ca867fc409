package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/diag"
	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/internal/version"
)

// Host is what a command sees of the machine. Tests make their own.
type Host struct {
	Stdin   *os.File
	Stdout  io.Writer
	Stderr  io.Writer
	Environ []string
	// Self is the path of this binary; the Terraform shim runs it again.
	Self string
}

// System returns the real machine.
func System() Host {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	return Host{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Environ: os.Environ(), Self: self}
}

// Main runs one command line and returns its exit code.
func Main(args []string, host Host) int {
	if code, ok := runShim(args); ok {
		return code
	}
	a := &app{host: host, mask: &redact.Values{}}
	unveil := a.veiled()
	root := newRootCommand(a)
	root.SetArgs(args)
	root.SetOut(a.host.Stdout)
	root.SetErr(a.host.Stderr)
	err := root.ExecuteContext(context.Background())
	if err != nil {
		a.report(err)
	}
	_ = unveil() // nobody is left to be told that an output is gone
	return exitCode(err)
}

// app is what all verbs share: the machine, the global flags, and the mask
// that learns every secret which the command comes to know.
type app struct {
	host   Host // its outputs are veiled
	screen Host // as it was given
	flags  globalFlags
	mask   *redact.Values
	// planned is where this command has made its plan.
	planned *workspace
}

type globalFlags struct {
	chdir    string
	env      string
	assigned []config.Assignment // --var and --var-file in the order given
	format   string
	json     bool
	noColor  bool
	noInput  bool
	quiet    bool
	rehearse string // of the verbs that make plans
}

func newRootCommand(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "lockstep",
		Short: "Move infrastructure, schema and application through environments as one change",
		Long: `Lockstep reads change sets that combine Terraform infrastructure, SQL migrations
and application artifacts, puts them in a safe order with a way back for every
step, and applies them environment by environment.`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		Version:           version.String(),
		PersistentPreRunE: func(c *cobra.Command, _ []string) error { return a.enter(c) },
	}
	a.globalFlags(root.PersistentFlags())
	root.SetFlagErrorFunc(explainFlagError)
	root.AddGroup(
		&cobra.Group{ID: "start", Title: "Start:"}, &cobra.Group{ID: "author", Title: "Author:"},
		&cobra.Group{ID: "plan", Title: "Plan:"}, &cobra.Group{ID: "run", Title: "Run:"},
		&cobra.Group{ID: "see", Title: "See:"}, &cobra.Group{ID: "care", Title: "Care:"},
	)
	group := func(id string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = id
			root.AddCommand(c)
		}
	}
	group("start", newInitCommand(a), newDoctorCommand(a), newImportCommand(a))
	group("author", newFmtCommand(a), newValidateCommand(a), newLintCommand(a), newNewCommand(a), newGraphCommand(a), newExplainCommand(a), newLanguageCommand(a))
	group("plan", newPlanCommand(a), newShowCommand(a), newRehearseCommand(a), newDiffCommand(a))
	group("run", newApplyCommand(a), newPromoteCommand(a), newPauseCommand(a), newResumeCommand(a),
		newAbortCommand(a), newRollbackCommand(a))
	group("see", newStatusCommand(a), newHistoryCommand(a), newLogCommand(a), newDriftCommand(a))
	group("care", newRepairCommand(a), newDecideCommand(a))
	root.AddCommand(newVersionCommand(a))
	nameFormats(root)
	return root
}

func (a *app) globalFlags(f *pflag.FlagSet) {
	f.StringVarP(&a.flags.chdir, "chdir", "C", "", "run as if started in `DIR`")
	f.StringVarP(&a.flags.env, "env", "e", "", "the environment's `NAME`")
	f.Var(&assignments{into: &a.flags.assigned}, "var", "set a variable, `NAME=VALUE`; may be repeated")
	f.Var(&assignments{into: &a.flags.assigned, file: true}, "var-file", "read variables from `FILE`; may be repeated")
	f.StringVar(&a.flags.format, "format", "text", "text or json; some verbs know more, see their help")
	f.BoolVar(&a.flags.json, "json", false, "the same as --format json")
	f.BoolVar(&a.flags.noColor, "no-color", false, "no colour")
	f.BoolVar(&a.flags.noInput, "no-input", false, "never ask; fail with the flag to use")
	f.BoolVarP(&a.flags.quiet, "quiet", "q", false, "no progress")
}

// formatsNote is the annotation of a verb that knows more than text and json.
const formatsNote = "formats"

// nameFormats says in a verb's help which formats it knows.
func nameFormats(c *cobra.Command) {
	if more, ok := c.Annotations[formatsNote]; ok {
		c.Long = strings.TrimSpace(cmp.Or(c.Long, c.Short)) + "\n\nFormats (--format): " + strings.Join(strings.Fields(more), ", ") + "."
	}
	for _, child := range c.Commands() {
		nameFormats(child)
	}
}

// enter checks the global flags and goes to the project's folder.
func (a *app) enter(c *cobra.Command) error {
	if a.flags.json {
		a.flags.format = "json"
	}
	formats := []string{"text", "json"}
	if more, ok := c.Annotations[formatsNote]; ok {
		formats = strings.Fields(more)
	}
	if !slices.Contains(formats, a.flags.format) {
		return usageError("--format %q is not known here: expected %s", a.flags.format, strings.Join(formats, ", "))
	}
	if err := a.refuseUntrusted(c); err != nil {
		return err
	}
	if err := a.checkRehearse(); err != nil {
		return err
	}
	if a.flags.chdir == "" {
		return nil
	}
	if err := os.Chdir(a.flags.chdir); err != nil {
		return failed(fmt.Errorf("--chdir: %w", err))
	}
	return nil
}

func (a *app) wantsJSON() bool { return a.flags.format == "json" }

// report prints an error for people on stderr: what is wrong, then what to do.
func (a *app) report(err error) {
	w := a.host.Stderr
	if d, ok := errors.AsType[*diagnosticsError](err); ok {
		diag.Write(w, d.diagnostics, d.source)
		return
	}
	e, ok := errors.AsType[*endError](err)
	if ok && e.summary == "" && e.err == nil {
		return
	}
	fmt.Fprintf(w, "Error: %s\n", redact.Escape(redact.Text(err.Error())))
	if !ok {
		return
	}
	for _, line := range e.next {
		fmt.Fprintf(w, "  %s\n", line)
	}
}

// assignments keeps --var and --var-file in one list, because the later one
// wins whichever of the two it is.
type assignments struct {
	into *[]config.Assignment
	file bool
}

func (v *assignments) String() string { return "" }

func (v *assignments) Type() string { return "assignment" }

func (v *assignments) Set(s string) error {
	if v.file {
		*v.into = append(*v.into, config.Assignment{File: s})
		return nil
	}
	name, value, ok := strings.Cut(s, "=")
	if !ok || name == "" {
		return errors.New("expected NAME=VALUE")
	}
	*v.into = append(*v.into, config.Assignment{Name: name, Value: value})
	return nil
}

var singleDash = regexp.MustCompile(`unknown shorthand flag: '.' in -([a-z][a-z-]+)(=.*)?$`)

// explainFlagError names the flag that was meant: of Terraform's one-dash
// flags, and of those that are nearly one of ours.
func explainFlagError(c *cobra.Command, err error) error {
	if m := singleDash.FindStringSubmatch(err.Error()); m != nil {
		return usageError("-%s%s: long flags take two dashes. Did you mean --%s%s?", m[1], m[2], m[1], m[2])
	}
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok && len(unknown.GetSpecifiedName()) > 1 {
		var flags []string
		c.Flags().VisitAll(func(f *pflag.Flag) { flags = append(flags, "--"+f.Name) })
		name := "--" + unknown.GetSpecifiedName()
		return usageError("there is no flag %s%s. See: %s --help", name, config.DidYouMean(name, flags), c.CommandPath())
	}
	return usageError("%s", err)
}
