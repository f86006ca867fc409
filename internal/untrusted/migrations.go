package untrusted

import (
	"cmp"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/pgeffect"
	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/plans"
)

// newestServer is taken where no server is asked for its version.
const newestServer = 18

// folder is a folder of migrations; files are none where it has mistakes.
type folder struct {
	files  []plans.MigrationFile
	linted bool
}

// readFolder reads a folder once.
func (m *maker) readFolder(name string) []plans.MigrationFile {
	name = path.Clean(name)
	if f, seen := m.folders[name]; seen {
		return f.files
	}
	var files []plans.MigrationFile
	var wrong []plans.Finding
	if fs.ValidPath(name) {
		files, wrong = m.request.Folder(m.request.Project, name)
	} else {
		wrong = []plans.Finding{{Code: "migration-file", Severity: plans.SeverityError, Summary: "the folder " + name + " lies outside of the project"}}
	}
	m.report.Findings = append(m.report.Findings, wrong...)
	m.folders[name] = folder{files: files}
	m.report.Looked.Migrations += len(files)
	return files
}

// database takes as given that a database has what earlier change sets bring.
func (m *maker) database(s *set, b config.Block) {
	files := m.readFolder(cmp.Or(b.Settings.Text("migrations"), "."))
	state := &plans.DatabaseState{Driver: b.Driver}
	before, _ := m.span(s.head, b.Name)
	for _, f := range files {
		if f.Version > before {
			break
		}
		state.Version = strconv.FormatUint(f.Version, 10)
		state.Applied = append(state.Applied, plans.AppliedMigration{
			Version: state.Version, Name: f.Name, Up: f.Up.Digest, Down: f.Down.Digest,
		})
	}
	state.Fresh = len(state.Applied) == 0
	s.seen = append(s.seen, plans.Observation{Address: b.Address, Provider: "database/" + b.Driver, Database: state})
}

// span is what a change set brings to a database: the versions behind before,
// up to last.
func (m *maker) span(head config.ChangeSetHead, database string) (before, last uint64) {
	last = versionIn(head, database)
	for _, other := range m.heads {
		if v := versionIn(other, database); other.Name != head.Name && v < last {
			before = max(before, v)
		}
	}
	return before, last
}

const newest = ^uint64(0)

// versionIn is the version that a change set migrates a database to: 0 for
// none.
func versionIn(head config.ChangeSetHead, database string) uint64 {
	i := slices.IndexFunc(head.Migrations, func(m config.MigrationHead) bool { return m.Database == database })
	switch {
	case i < 0:
		return 0
	case head.Migrations[i].Version == 0:
		return newest
	}
	return head.Migrations[i].Version
}

// lint judges the files of a change set that could not be ordered.
func (m *maker) lint(s *set) {
	for _, d := range m.loaded.Databases() {
		before, last := m.span(s.head, d.Name)
		if last > 0 && d.Migrations != "" {
			m.judge(d, before, last)
		}
	}
}

// lintFolders judges all files, where nobody knows to whom they belong.
func (m *maker) lintFolders() {
	for _, d := range m.loaded.Databases() {
		name := path.Clean(d.Migrations)
		if f := m.folders[name]; d.Migrations != "" && !f.linted {
			f.linted = true
			m.folders[name] = f
			m.judge(d, 0, newest)
		}
	}
}

// linter judges files one after the other.
type linter interface {
	Lint(file plans.MigrationFile) (sqlcheck.Verdict, []plans.Finding, []sqlcheck.Answered)
}

// judge adds what is found in the files of a span. The files before it are
// read for the schema that they make.
func (m *maker) judge(d config.DatabaseHead, before, last uint64) {
	rules := sqlcheck.Rules{}
	for _, r := range m.loaded.LintRules() {
		rules[r.Code] = sqlcheck.Rule{Severity: plans.Severity(r.Severity), Enabled: r.Enabled}
	}
	var judge linter = sqlcheck.Check{Dialect: d.Driver, Rules: rules}
	if d.Driver == "postgres" {
		judge = sqlcheck.ForFolder(pgeffect.Server{Major: newestServer}, rules)
	}
	for _, f := range m.folders[path.Clean(d.Migrations)].files {
		if f.Version > last {
			return
		}
		_, open, answered := judge.Lint(f)
		if f.Version <= before {
			continue
		}
		m.report.Findings = append(m.report.Findings, open...)
		for _, a := range answered {
			a.Accepted = strings.TrimSpace("nolint " + a.Code + " " + a.Reason)
			m.find(a.Finding)
		}
	}
}
