package planner

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// judge judges the pending files of one database in their order. Exactly one
// of both is there: PostgreSQL's grammar, or the words of another dialect.
type judge struct {
	postgres *sqlcheck.Postgres
	words    sqlcheck.Check
	// rehearsed is the evidence by version, and stood what the relations in it
	// were to released code right before the file of that version.
	rehearsed map[uint64]Evidence
	stood     map[uint64]standings
}

func (j judge) file(f plans.MigrationFile) (sqlcheck.Verdict, []plans.Finding) {
	if j.postgres != nil {
		if e, found := j.rehearsed[f.Version]; found {
			j.stood[f.Version] = j.standings(e.Statements)
		}
		return j.postgres.File(f)
	}
	return j.words.Classify(f)
}

func (j judge) doubts() []plans.Finding {
	if j.postgres != nil {
		return j.postgres.Doubts()
	}
	return nil
}

// rate says how much the file can hurt, with all that is known of it by now.
func (j judge) rate(m *migration, sizes sqlcheck.Sizes) {
	if j.postgres != nil {
		m.verdict.Risk = j.postgres.Rate(m.verdict, sizes)
	}
}

// judgeOf returns the judge of the change set's own pending files. Files that
// it applied in an earlier try which it did not finish are not released: no
// code that runs knows what they made.
func (d *draft) judgeOf(s *schema) judge {
	_, taken := d.in.Standing.ChangeSets[d.set.Name]
	if s.database.Driver == "postgres" {
		own := d.set.Name
		if taken {
			own = ""
		}
		return judge{
			postgres:  d.in.Replays.ForChangeSet(d.historyOf(s, Newest, own), d.rules()),
			rehearsed: d.in.Rehearsed[s.name], stood: map[uint64]standings{},
		}
	}
	var created []string
	if !taken && s.seen != nil {
		created = d.alreadyCreated(s)
	}
	words := sqlcheck.Sequence(s.database.Driver, created)
	words.Rules = d.rules()
	return judge{words: words}
}

// alreadyCreated names tables that this change set made in an unfinished try.
func (d *draft) alreadyCreated(s *schema) []string {
	var names []string
	for _, f := range s.files {
		if a, ok := s.applied[f.Version]; ok && a.ChangeSet == d.set.Name {
			verdict, _ := sqlcheck.Classify(f, s.database.Driver)
			names = append(names, verdict.Creates...)
		}
	}
	return names
}

// historyOf is what the database has of the folder below a version. What the
// change set named unreleased applied counts as not released.
func (d *draft) historyOf(s *schema, below uint64, unreleased string) sqlcheck.History {
	var h sqlcheck.History
	if s.seen == nil {
		return s.expectedHistory()
	}
	h.Major = d.serverMajor(s)
	for _, f := range coveredFiles(d.in.Folders[s.name], Newest) {
		if f.Version < below && s.has(f.Version) {
			a := s.applied[f.Version]
			h.Applied = append(h.Applied, sqlcheck.AppliedFile{SQLFile: f.Up, Unreleased: unreleased != "" && a.ChangeSet == unreleased})
		}
	}
	h.Missing = d.missing(s)
	return h
}

// missing says which applied versions have no file, so that nobody knows what
// they made.
func (d *draft) missing(s *schema) string {
	if !s.seen.Fresh && s.seen.Version == "" && len(s.seen.Applied) == 0 {
		return "it has tables that no file of the folder is known to have made"
	}
	folder := map[uint64]bool{}
	for _, f := range d.in.Folders[s.name] {
		folder[f.Version] = true
	}
	var gone []string
	for _, a := range sortedApplied(s.seen.Applied) {
		if !folder[number(a.Version)] {
			gone = append(gone, a.Version)
		}
	}
	if s.seen.Version != "" && !folder[number(s.seen.Version)] && !slices.Contains(gone, s.seen.Version) {
		gone = append(gone, s.seen.Version)
	}
	if len(gone) == 0 {
		return ""
	}
	return fmt.Sprintf("of %s (%s) there is no file", count(len(gone), "applied version"), strings.Join(gone[:min(len(gone), 5)], ", "))
}

// serverMajor is the major version that the database provider read; 0 when it
// could not.
func (d *draft) serverMajor(s *schema) int {
	var figures struct {
		ServerVersion string `json:"server_version"`
	}
	_ = json.Unmarshal(d.seen[s.database.Address].Informative, &figures) // 0 where nothing is known
	digits, _, _ := strings.Cut(figures.ServerVersion, ".")
	if end := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
		digits = digits[:end] // "18beta2"
	}
	major, _ := strconv.Atoi(digits)
	return major
}

// waitsForContract reports whether a file of an earlier change set, which the
// environment has, was held back for its contract phase.
func (d *draft) waitsForContract(s *schema, f plans.MigrationFile, owner string) bool {
	if header, err := sqlscan.ParseHeader(f.Up.Bytes); err == nil && header.Phase != "" {
		return header.Phase == string(plans.ClassContract)
	}
	if s.database.Driver != "postgres" {
		verdict, _ := sqlcheck.Classify(f, s.database.Driver)
		return verdict.Class == plans.ClassContract
	}
	if s.waits == nil {
		s.waits = map[string]map[uint64]bool{}
	}
	if s.waits[owner] == nil {
		s.waits[owner] = map[uint64]bool{}
		d.judgeHeld(s, f.Version, owner)
	}
	return s.waits[owner][f.Version]
}

// judgeHeld judges the owner's files from a version on that are not applied: as
// they are now that the rest of it is released, and as they were before that.
// What is contract in either view may have been held back.
func (d *draft) judgeHeld(s *schema, from uint64, owner string) {
	for _, unreleased := range []string{"", owner} {
		j := judge{
			postgres:  d.in.Replays.ForChangeSet(d.historyOf(s, from, unreleased), nil),
			rehearsed: d.in.Rehearsed[s.name], stood: map[uint64]standings{},
		}
		for _, f := range s.files {
			if f.Version < from || s.has(f.Version) || s.owner(f.Version) != owner {
				continue
			}
			m := migration{file: f}
			m.verdict, _ = j.file(f)
			if e, found := d.in.Rehearsed[s.name][f.Version]; found {
				m.evidence = &e
				j.weigh(&m)
			}
			s.waits[owner][f.Version] = s.waits[owner][f.Version] || m.verdict.Class == plans.ClassContract
		}
	}
}

// rules are the project's own words on single rules.
func (d *draft) rules() sqlcheck.Rules {
	rules := sqlcheck.Rules{}
	for _, r := range d.set.Lint {
		rules[r.Code] = sqlcheck.Rule{Severity: plans.Severity(r.Severity), Enabled: r.Enabled}
	}
	return rules
}
