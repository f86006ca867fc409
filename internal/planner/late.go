package planner

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/plans"
)

func lateDatabase(database *block) bool {
	return slices.Contains(database.unknowns, "url")
}

// expectedOf is the version that a late database has to be at; 0 for an empty
// one.
func expectedOf(b *block) uint64 {
	v, _ := strconv.ParseUint(b.args.ExpectedVersion.String(), 10, 64) // the language lets whole numbers pass alone
	return v
}

// boundable refuses a late database whose bounds cannot be told, or be held.
func (d *draft) boundable(s *schema) bool {
	switch {
	case s.alone():
		d.refuse(s.block.Range, mistake{
			"late-version-alone", fmt.Sprintf("%s cannot be looked at yet, and by driver %q nobody could tell later whether it is what was approved", s.database.Address, s.database.Driver),
			"The driver keeps a version number and nothing else: an empty database and one that another tool has filled look the same.",
			"Make the database in a change set of its own: once it is there, its url is known to the plan of this one.",
		})
		return false
	case s.expected > 0 && !slices.ContainsFunc(s.files, func(f plans.MigrationFile) bool { return f.Version == s.expected }):
		d.refuse(s.block.Range, mistake{
			"unknown-version", fmt.Sprintf("%s expects version %d, which is no file up to its version", s.block.Address, s.expected),
			fmt.Sprintf("The files of %s up to it say how the database looks by then.", s.database.Settings.Text("migrations")),
			"Name the version of a file, or leave expected_version out for an empty database.",
		})
		return false
	case d.in.Environment.Protected && len(s.database.args.Hosts) == 0:
		d.refuse(s.database.Range, mistake{
			"late-without-bounds", fmt.Sprintf("%s cannot be looked at yet, and nothing bounds at which host it may be", s.database.Address),
			fmt.Sprintf("Environment %s is protected, and the url is known only when an earlier step has run.", d.in.Environment.Name),
			`Add hosts to the database block, for example ["*.db.internal"]; ["*"] is any.`,
		})
		return false
	}
	return true
}

// unapplied are the files that a late database will not have by then.
func (s *schema) unapplied() []plans.MigrationFile {
	after, _ := slices.BinarySearchFunc(s.files, s.expected+1, func(f plans.MigrationFile, v uint64) int {
		if f.Version < v {
			return -1
		}
		return 1
	})
	return s.files[after:]
}

// expectedFiles are those that a late database is taken to have.
func (s *schema) expectedFiles() []plans.MigrationFile {
	return s.files[:len(s.files)-len(s.unapplied())]
}

// expectedHistory is what a late database is taken to have.
func (s *schema) expectedHistory() sqlcheck.History {
	var h sqlcheck.History
	for _, f := range s.expectedFiles() {
		h.Applied = append(h.Applied, sqlcheck.AppliedFile{SQLFile: f.Up})
	}
	return h
}

// envelope is what a late database may turn out to be.
func (s *schema) envelope() *plans.Envelope {
	e := &plans.Envelope{
		NonDestructive: s.expected == 0, Hosts: s.database.args.Hosts, Database: &plans.DatabaseBound{},
		Reason: s.database.Address + " is created by this plan; its state is read when it is there",
	}
	if s.expected > 0 {
		e.Database.Version = strconv.FormatUint(s.expected, 10)
		e.Reason = s.database.Address + " is known when an earlier step has run; its state is read then"
	}
	return e
}

// lateSchema says what the plan takes for granted of a late database.
func (d *draft) lateSchema(s *schema) {
	if s.seen != nil || len(s.pending) == 0 {
		return
	}
	d.bring(s)
	as, where := "an empty database", "any host"
	if s.expected > 0 {
		as = fmt.Sprintf("a database at version %d", s.expected)
	}
	if hosts := s.database.args.Hosts; len(hosts) > 0 {
		where = "a host that is one of " + strings.Join(hosts, ", ")
	}
	f := plans.Finding{
		Code: "late-database", Severity: plans.SeverityWarning, Address: s.database.Address,
		Summary: fmt.Sprintf("%s cannot be looked at yet: %s up to the version are planned as for %s, at %s", s.database.Address, allFiles(s), as, where),
		Detail:  "When it is there, the rest is planned again from what is found, shown, and compared with this plan. If it is at another place, in another state, or something would be taken away that this plan does not show, the run stops before it changes anything in it.",
	}
	if len(s.database.args.Hosts) == 0 {
		f.Fix = `say where it may be: hosts = ["*.db.internal"] in the database block`
	}
	d.find(f)
}

func allFiles(s *schema) string {
	if s.expected > 0 || len(s.pending) == 1 {
		return count(len(s.pending), "file")
	}
	return "all " + count(len(s.pending), "file")
}

// bring puts the files that the database is taken to have into the bundle: the
// rest is planned again from them.
func (d *draft) bring(s *schema) {
	var files []plans.Input
	for _, f := range s.expectedFiles() {
		files = append(files, sqlInput("up", f.Up))
		if f.Down.Path != "" {
			files = append(files, sqlInput("down", f.Down))
		}
	}
	d.in.Inputs = slices.Concat(d.in.Inputs, files)
}
