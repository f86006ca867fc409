package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/pgeffect"
	"github.com/lockstep-dev/lockstep/internal/report"
	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/internal/version"
	"github.com/lockstep-dev/lockstep/plans"
)

// newestServer is the newest major version that was measured.
const newestServer = 18

type lintOptions struct {
	driver string
	failOn string
	major  int // of the server
	anew   bool
	rules  bool
	// explain is the code of one rule.
	explain string
}

func newLintCommand(a *app) *cobra.Command {
	var o lintOptions
	c := &cobra.Command{
		Use:   "lint [PATH...]",
		Short: "Judge SQL migrations without a server",
		Long: `Says of each statement what it locks, and of each file what is dangerous in it and what
to write instead. Without a PATH it reads the migrations of the project's databases; with
one, a folder in golang-migrate's layout, a folder of SQL files, or a file. A migration is
judged against the schema that those before it make, a file by itself against none. How
large a table is no file knows: that is for plan to say.`,
		Example: `  lockstep lint
  lockstep lint migrations/0007_add_status.up.sql
  lockstep lint --format sarif > lockstep.sarif
  lockstep lint --rules
  lockstep lint --explain create-index`,
		Annotations: map[string]string{formatsNote: "text json markdown sarif junit gitlab github"},
		RunE: func(_ *cobra.Command, args []string) error {
			if err := (planOptions{view: "short", failOn: o.failOn}).check(); err != nil {
				return err
			}
			if o.rules || o.explain != "" {
				return a.listRules(o.explain)
			}
			return a.lint(args, o)
		},
	}
	c.Flags().StringVar(&o.driver, "driver", "postgres", "the `NAME` of the driver whose SQL the PATHs hold")
	c.Flags().IntVar(&o.major, "server-version", newestServer, "the major `VERSION` of the PostgreSQL that the files are for")
	c.Flags().StringVar(&o.failOn, "fail-on", "warning", "exit 4 on findings of this severity or worse: error, warning or none")
	c.Flags().BoolVar(&o.anew, "no-cache", false, "judge every file anew and remember nothing")
	c.Flags().BoolVar(&o.rules, "rules", false, "list every rule: code, other name, severity, and what it is about")
	c.Flags().StringVar(&o.explain, "explain", "", "say of the rule `CODE` why it matters and what to write instead")
	return c
}

func (a *app) lint(paths []string, o lintOptions) error {
	sources, err := lintSources(paths, o.driver)
	if err != nil {
		return err
	}
	r := report.Report{Version: version.Number, Rules: describedRules()}
	sweepLate()
	memory := rememberLint(paths, o)
	for _, s := range sources {
		memory.judge(s, &r)
	}
	var kept sync.WaitGroup
	kept.Go(memory.save)
	defer kept.Wait()
	r.Root = repositoryFolder()
	if err := a.printReport(r, plans.Severity(o.failOn)); err != nil {
		return failed(err)
	}
	for _, f := range r.Findings {
		if report.AtLeast(f.Severity, plans.Severity(o.failOn)) {
			return silent(exitFindings)
		}
	}
	return nil
}

func describedRules() []report.Rule {
	var rules []report.Rule
	for _, c := range sqlcheck.Codes() {
		r := report.Rule{Code: c.Code, Severity: c.Severity, Title: c.Title, Why: c.Why, Fix: c.Fix, URL: c.URL}
		if c.ID != "" {
			r.Aliases = []string{c.ID}
		}
		rules = append(rules, r)
	}
	return rules
}

// sweepLate lets the heap grow to 64 MB before it is swept for the first time,
// and from then on to three times what is in use: most folders are judged in a
// moment and need less, and sweeping would take a tenth of it.
func sweepLate() {
	const first, then = 1600, 200 // in percent; of 4 MB, which Go never sweeps below
	debug.SetGCPercent(first)
	swept := new([64]byte) // in use by nobody: the first sweep finds it
	runtime.AddCleanup(swept, func(percent int) { debug.SetGCPercent(percent) }, then)
}

// linter judges files one after the other.
type linter interface {
	Lint(file plans.MigrationFile) (sqlcheck.Verdict, []plans.Finding, []sqlcheck.Answered)
}

func (s lintSource) linter(server pgeffect.Server) linter {
	if s.driver == "postgres" {
		p := sqlcheck.ForFolder(server, s.rules)
		if len(s.files) > 1 {
			p.ReadAhead(s.files)
		}
		return p
	}
	return sqlcheck.Check{Dialect: s.driver, Rules: s.rules}
}

// judge adds what is found in the files of a unit.
func (s lintSource) judge(r *report.Report, server pgeffect.Server) {
	judge := s.linter(server)
	for _, file := range s.files {
		verdict, open, answered := judge.Lint(file)
		for _, f := range open {
			if !s.alone || f.Code != noWayBack {
				r.Findings = append(r.Findings, f)
			}
		}
		for _, f := range answered {
			r.Silenced = append(r.Silenced, report.Silenced{Finding: f.Finding, Reason: f.Reason, By: f.Line})
		}
		r.Statements = append(r.Statements, verdict.Statements...)
	}
}

// noWayBack is not asked of a file that is given by itself.
const noWayBack = "no-way-back"

func (a *app) printReport(r report.Report, threshold plans.Severity) error {
	text, err := a.spell(r, threshold)
	if err != nil {
		return err
	}
	_, err = a.host.Stdout.Write(text)
	return err
}

func (a *app) spell(r report.Report, threshold plans.Severity) ([]byte, error) {
	switch a.flags.format {
	case "json":
		return report.JSON(r)
	case "markdown":
		return report.Markdown(r, report.MarkdownLimit), nil
	case "sarif":
		return report.SARIF(r)
	case "junit":
		return report.JUnit(r, threshold)
	case "gitlab":
		return report.GitLab(r)
	case "github":
		return report.GitHub(r), nil
	default:
		out := a.streams().Out
		return report.Text(r, report.Screen{Width: out.Width, Colour: out.Colour}), nil
	}
}

// lintSource is files of one dialect.
type lintSource struct {
	driver string
	files  []plans.MigrationFile
	alone  bool // they were given by themselves, not as a folder of migrations
	rules  sqlcheck.Rules
}

func lintSources(paths []string, driver string) ([]lintSource, error) {
	if len(paths) == 0 {
		return projectSources()
	}
	project, _ := config.Load(os.DirFS(".")) // there may be none, and then no rules of one
	rules := projectRules(project)
	var sources []lintSource
	for _, given := range paths {
		path := fromHere(given)
		s, err := pathSource(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, usageError("%s: no such file or folder", given)
		case err != nil:
			return nil, err
		case len(s.files) == 0:
			return nil, usageError("%s: no SQL file there", given)
		}
		s.driver, s.rules = driver, rules
		sources = append(sources, s)
	}
	return sources, nil
}

// fromHere is an absolute path below the working directory as a relative one:
// what reads a report looks files up from its repository.
func fromHere(path string) string {
	here, err := os.Getwd()
	if err != nil || !filepath.IsAbs(path) {
		return path
	}
	relative, err := filepath.Rel(here, path)
	if err != nil || !filepath.IsLocal(relative) {
		return path
	}
	return relative
}

// projectSources are the migrations of the project's databases.
func projectSources() ([]lintSource, error) {
	w, err := openWorkspace()
	if err != nil {
		return nil, err
	}
	var sources []lintSource
	read := map[string]bool{}
	for _, d := range w.project.Databases() {
		if d.Migrations == "" || read[d.Migrations] {
			continue
		}
		read[d.Migrations] = true
		files, err := readFolder(d.Migrations)
		if err != nil {
			return nil, err
		}
		sources = append(sources, lintSource{driver: d.Driver, files: files, rules: projectRules(w.project)})
	}
	if len(sources) == 0 {
		return nil, failed(errors.New("no database of this project has a folder of migrations; name files: lockstep lint PATH"))
	}
	return sources, nil
}

// projectRules are what the project's lint block says.
func projectRules(project *config.Project) sqlcheck.Rules {
	rules := sqlcheck.Rules{}
	for _, r := range project.LintRules() {
		rules[r.Code] = sqlcheck.Rule{Severity: plans.Severity(r.Severity), Enabled: r.Enabled}
	}
	return rules
}

func pathSource(path string) (lintSource, error) {
	info, err := os.Stat(path)
	if err != nil {
		return lintSource{}, err
	}
	if !info.IsDir() {
		file, err := looseFile(path)
		return lintSource{files: []plans.MigrationFile{file}, alone: true}, err
	}
	if holdsMigrations(path) {
		files, err := readFolder(path)
		return lintSource{files: files}, err
	}
	files, err := looseFiles(path)
	return lintSource{files: files, alone: true}, err
}

func looseFile(path string) (plans.MigrationFile, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return plans.MigrationFile{}, failed(fmt.Errorf("read %s: %w", path, err))
	}
	return plans.MigrationFile{Up: plans.SQLFile{Path: path, Bytes: content, Digest: plans.DigestOf(content)}}, nil
}
