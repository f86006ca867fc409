package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/internal/bundle"
	"github.com/lockstep-dev/lockstep/internal/terminal"
	"github.com/lockstep-dev/lockstep/internal/view"
	"github.com/lockstep-dev/lockstep/plans"
)

type planOptions struct {
	out              string
	view             string
	detailedExitCode bool
	failOn           string
	untrusted        bool
}

// planFormats are those of a plan; markdown is the comment of a pull request.
const planFormats = "text json markdown"

func newPlanCommand(a *app) *cobra.Command {
	var o planOptions
	c := &cobra.Command{
		Use:   "plan [CHANGE_SET...] --env NAME",
		Short: "Show what would happen, in which order, and how each step is undone",
		Long: `Reads the targets, changes nothing. Without a change set it plans all of them, one after
another.

With --untrusted, or LOCKSTEP_UNTRUSTED=1, it reports on the work of strangers and reads
the project's files alone: no Terraform, no program, no network, no database, no variable
of the environment, no link out of the project, nothing hidden. The answer is for
reviewers: it says what it did not look at, and nothing can apply it.`,
		Example: `  lockstep plan --env staging
  lockstep plan add_status --env production --out add_status.plan
  lockstep plan --untrusted --format markdown > comment.md`,
		Annotations: map[string]string{formatsNote: planFormats + " " + reportFormats},
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			if o.untrusted || a.untrusted() {
				return a.planUntrusted(args, o, c.Flags())
			}
			if slices.Contains(strings.Fields(reportFormats), a.flags.format) {
				return usageError("--format %s is for reports: lockstep plan --untrusted, or lockstep lint", a.flags.format)
			}
			return a.plan(c.Context(), args, o)
		},
	}
	f := c.Flags()
	a.rehearseFlag(f)
	f.StringVar(&o.out, "out", "", "write the plan and everything it needs to `FILE`")
	f.StringVar(&o.view, "view", "short", "short, full, dba or release")
	f.BoolVar(&o.detailedExitCode, "detailed-exitcode", false, "exit 2 when there is something to do")
	f.StringVar(&o.failOn, "fail-on", "none", "exit 4 on findings of this severity or worse: error, warning or none (--untrusted: error)")
	f.BoolVar(&o.untrusted, "untrusted", false, "report what the files say; trust nothing, ask nobody, run nothing")
	return c
}

func (o planOptions) check() error {
	if !slices.Contains([]string{"short", "full", "dba", "release"}, o.view) {
		return usageError("--view %q is not known: expected short, full, dba or release", o.view)
	}
	if o.failOn != "error" && o.failOn != "warning" && o.failOn != "none" {
		return usageError("--fail-on %q is not known: expected error, warning or none", o.failOn)
	}
	return nil
}

// single refuses several plans where there is room for one.
func (a *app) single(names []string, o planOptions) error {
	switch {
	case len(names) == 1:
		return nil
	case o.out != "":
		return usageError("--out writes one plan; name one change set: %s", strings.Join(names, ", "))
	case a.wantsJSON():
		return usageError("--json prints one plan; name one change set: %s", strings.Join(names, ", "))
	}
	return nil
}

func (a *app) plan(ctx context.Context, names []string, o planOptions) error {
	w, err := openWorkspace()
	if err != nil {
		return err
	}
	if len(names) == 0 {
		for _, head := range w.project.ChangeSets() {
			names = append(names, head.Name)
		}
	}
	if err := a.single(names, o); err != nil {
		return err
	}
	code := exitDone
	for i, name := range names {
		if i > 0 && !a.wantsJSON() {
			fmt.Fprintln(a.host.Stdout)
		}
		head, err := w.changeSet(name)
		if err != nil {
			return err
		}
		b, err := a.computePlan(ctx, w, head.Name, a.flags.env)
		if err != nil {
			return a.refusedPlan(head.Name, err)
		}
		one, err := a.presentPlan(w, b, o)
		if err != nil {
			return err
		}
		code = max(code, one)
	}
	return silent(code)
}

// refusedPlan gives a script the document that it waits for where no plan could
// be made; people read the same on stderr.
func (a *app) refusedPlan(changeSet string, err error) error {
	refused, ok := errors.AsType[*diagnosticsError](err)
	if !ok || !a.wantsJSON() {
		return err
	}
	refusal := view.Refusal{ChangeSet: changeSet, Environment: a.flags.env, Diagnostics: refused.diagnostics}
	if failure := refusal.JSON(a.host.Stdout); failure != nil {
		return failed(failure)
	}
	return err
}

// presentPlan saves and prints a plan and returns the exit code it asks for.
func (a *app) presentPlan(w *workspace, b *bundle.Bundle, o planOptions) (int, error) {
	if o.out != "" {
		if err := b.Save(o.out); err != nil {
			return exitError, failed(err)
		}
	}
	runs, err := w.runs()
	if err != nil {
		return exitError, err
	}
	review := view.Review{Plan: b.Plan, Digest: b.Digest, Saved: o.out, Blocked: blocksOf(b.Plan, runs, time.Now())}
	if o.out != "" {
		review.SealedFor = b.SealedFor()
	}
	if err := a.showReview(review, o.view); err != nil {
		return exitError, err
	}
	switch {
	case findingsReach(b.Plan, o.failOn):
		return exitFindings, nil
	case o.detailedExitCode && len(b.Plan.Steps) > 0:
		return exitChanges, nil
	default:
		return exitDone, nil
	}
}

func (a *app) showReview(review view.Review, form string) error {
	v := view.Plan{Out: a.streams().Out}
	switch {
	case a.wantsJSON():
		return v.JSON(review)
	case a.flags.format == "markdown":
		return v.Markdown(review)
	case form == "full":
		return v.Full(review)
	case form == "dba":
		return v.DBA(review)
	case form == "release":
		return v.Release(review)
	default:
		return v.Short(review)
	}
}

func findingsReach(p *plans.Plan, failOn string) bool {
	for _, f := range p.Findings {
		if failOn == "warning" && f.Severity == plans.SeverityWarning {
			return true
		}
		if failOn != "none" && f.Severity == plans.SeverityError {
			return true
		}
	}
	return false
}

func (a *app) streams() terminal.Streams {
	s := terminal.New(a.host.Stdin, a.screen.Stdout, a.screen.Stderr, terminal.Options{NoColor: a.flags.noColor, Environ: a.host.Environ})
	s.Out.Writer, s.Err.Writer = a.host.Stdout, a.host.Stderr
	return s
}
