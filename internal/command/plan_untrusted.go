package command

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/pflag"

	"github.com/lockstep-dev/lockstep/internal/confined"
	"github.com/lockstep-dev/lockstep/internal/report"
	"github.com/lockstep-dev/lockstep/internal/untrusted"
	"github.com/lockstep-dev/lockstep/internal/version"
	"github.com/lockstep-dev/lockstep/internal/view"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers/database"
	"github.com/lockstep-dev/lockstep/providers/terraform"
)

// reportFormats are those that an untrusted report has and a plan has not.
const reportFormats = "sarif github gitlab junit"

// planUntrusted reports what the files of a project say. It makes no provider,
// opens no journal and asks the machine for nothing but those files.
func (a *app) planUntrusted(names []string, o planOptions, flags *pflag.FlagSet) error {
	if err := a.checkUntrusted(o, flags); err != nil {
		return err
	}
	if !flags.Changed("fail-on") {
		o.failOn = string(plans.SeverityError)
	}
	made, err := bounded(patience(), func() (untrusted.Report, error) { return a.reportUntrusted(names) })
	if err != nil {
		return failed(fmt.Errorf("no report: %w", err), "Do not merge what cannot be read.")
	}
	if err := a.showUntrusted(made, o); err != nil {
		return failed(err)
	}
	for _, f := range made.Findings {
		if f.Accepted == "" && report.AtLeast(f.Severity, plans.Severity(o.failOn)) {
			return silent(exitFindings)
		}
	}
	return nil
}

// checkUntrusted refuses what only a plan can do.
func (a *app) checkUntrusted(o planOptions, flags *pflag.FlagSet) error {
	switch {
	case o.out != "":
		return usageError("--out writes a plan that can be applied, and an untrusted project gets a report alone; save that: --format json > FILE")
	case o.detailedExitCode:
		return usageError("--detailed-exitcode tells whether there is something to do, which an untrusted report cannot know")
	case len(a.flags.assigned) > 0:
		return usageError("--var and --var-file give values, and an untrusted report knows none: they are left unknown")
	case a.flags.rehearse != "":
		return usageError("--rehearse runs the migrations of a project, and an untrusted one is only read")
	case flags.Changed("view") && o.view != "short" && o.view != "full":
		return usageError("--view %s needs figures of a target, which an untrusted report has not: expected short or full", o.view)
	}
	return nil
}

func (a *app) reportUntrusted(names []string) (untrusted.Report, error) {
	project, err := confined.Open(".", confined.DefaultLimits())
	if err != nil {
		return untrusted.Report{}, err
	}
	defer project.Close()
	limits := confined.DefaultLimits()
	limits.FileBytes, limits.Bytes = 512<<20, 2<<30
	artifacts, err := confined.Open(".", limits)
	if err != nil {
		return untrusted.Report{}, err
	}
	defer artifacts.Close()
	return untrusted.Make(untrusted.Request{
		Tool: tool(), Version: version.Number, ChangeSets: names, Environment: a.flags.env,
		Project: project, Artifacts: artifacts, Walk: project.Walk,
		Intrusive: terraform.Intrusive, Modules: terraform.Judge, Folder: untrustedFolder,
	}), nil
}

// untrustedFolder reads a folder of migrations, and makes findings of what is
// wrong with it.
func untrustedFolder(project fs.FS, folder string) ([]plans.MigrationFile, []plans.Finding) {
	files, err := database.ReadFolder(project, folder)
	if err == nil {
		return files, nil
	}
	problems := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		problems = joined.Unwrap()
	}
	var found []plans.Finding
	for _, problem := range problems {
		f := plans.Finding{Code: "migration-file", Severity: plans.SeverityError, File: folder, Summary: problem.Error()}
		if at, ok := errors.AsType[*database.FileError](problem); ok {
			f.File, f.Line, f.Column, f.Summary, f.Fix = at.File, at.Line, at.Column, at.Summary(), at.Fix
		}
		found = append(found, f)
	}
	return nil, found
}

func (a *app) showUntrusted(made untrusted.Report, o planOptions) error {
	v := view.Untrusted{Out: a.streams().Out}
	switch a.flags.format {
	case "json":
		return v.JSON(made)
	case "markdown":
		return v.Markdown(made)
	case "text":
		return v.Text(made, o.view == "full")
	}
	r := report.Report{Version: version.Number, Rules: describedRules(), Root: repositoryFolder()}
	for _, f := range made.Findings {
		if f.Accepted == "" {
			r.Findings = append(r.Findings, f)
		} else {
			r.Silenced = append(r.Silenced, report.Silenced{Finding: f, Reason: f.Accepted})
		}
	}
	for _, set := range made.ChangeSets {
		for _, step := range set.Steps {
			r.Statements = append(r.Statements, step.Statements...)
		}
	}
	return a.printReport(r, plans.Severity(o.failOn))
}
