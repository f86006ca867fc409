package planner

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/diag"
	"github.com/lockstep-dev/lockstep/plans"
)

// histories reads what each database has, refuses what contradicts the
// folder, and tells this change set's pending files from those of others.
func (d *draft) histories() {
	for _, s := range d.databases {
		if s.seen == nil {
			s.pending = pendingFiles(s.unapplied())
			continue
		}
		if !d.consistent(s) {
			continue
		}
		d.readHistory(s)
		d.compareHistory(s)
		d.split(s)
	}
}

func pendingFiles(files []plans.MigrationFile) []migration {
	out := make([]migration, 0, len(files))
	for _, f := range files {
		out = append(out, migration{file: f})
	}
	return out
}

// consistent refuses a database that no plan can start from.
func (d *draft) consistent(s *schema) bool {
	seen := s.seen
	if seen.Dirty {
		d.refuse(s.database.Range, mistake{
			"dirty-database", fmt.Sprintf("%s is marked dirty at version %s", s.database.Address, seen.Version),
			"Another tool began a migration there and did not finish it; how far it came is not recorded.",
			d.mendingOf(s),
		})
		return false
	}
	highest := highestOf(seen.Applied)
	if seen.Version != "" && highest > number(seen.Version) {
		d.refuse(s.database.Range, mistake{
			"history-differs", fmt.Sprintf("%s says version %s, its history says %d", s.database.Address, seen.Version, highest),
			"Another tool has moved the schema back, or set the number by hand.",
			fmt.Sprintf("Bring the schema back to version %d with that tool, or set the number back if only the number is wrong, and plan again.", highest),
		})
		return false
	}
	return true
}

// mendingOf says who mends a dirty version.
func (d *draft) mendingOf(s *schema) string {
	if s.alone() {
		return fmt.Sprintf("See what is there of that file, mend it by hand, then set the version: golang-migrate's migrate force VERSION. Driver %q keeps nothing from which Lockstep could tell.", s.database.Driver)
	}
	return fmt.Sprintf("lockstep repair %s --env %s looks at what each statement left, and mends it.", s.database.Name, d.in.Environment.Name)
}

func highestOf(applied []plans.AppliedMigration) uint64 {
	var highest uint64
	for _, a := range applied {
		highest = max(highest, number(a.Version))
	}
	return highest
}

func number(version string) uint64 {
	v, _ := strconv.ParseUint(version, 10, 64) // observers write decimal; anything else counts as none
	return v
}

// span is a row of versions, the first excluded, that a database is taken to
// have without a record of each: another tool applied them.
type span struct{ after, upTo uint64 }

// readHistory fills what is applied. A record without a digest, and a number
// in schema_migrations past the history's end, stand for everything between
// the record before and themselves; files held below that are not in it.
func (d *draft) readHistory(s *schema) {
	s.applied = make(map[uint64]plans.AppliedMigration, len(s.seen.Applied))
	var before uint64
	for _, a := range sortedApplied(s.seen.Applied) {
		v := number(a.Version)
		if a.Up == "" {
			s.assumed = append(s.assumed, span{before, v})
		} else {
			s.applied[v] = a
		}
		before = v
	}
	s.highest = max(before, number(s.seen.Version))
	if s.highest > before {
		s.assumed = append(s.assumed, span{before, s.highest})
	}
	for _, gap := range s.assumed {
		d.warnOfAssumed(s, gap)
	}
	d.warnOfOrigin(s)
	d.warnOfUndone(s)
}

// warnOfUndone: rows of the history above the version say that another tool
// took those back, or that somebody set the number.
func (d *draft) warnOfUndone(s *schema) {
	var known struct {
		Undone []uint64 `json:"undone_by_another_tool"`
	}
	_ = json.Unmarshal(d.seen[s.database.Address].Informative, &known) // figures decide nothing
	if len(known.Undone) == 0 {
		return
	}
	words := make([]string, 0, len(known.Undone))
	for _, v := range known.Undone {
		words = append(words, strconv.FormatUint(v, 10))
	}
	d.find(plans.Finding{
		Code: "undone-elsewhere", Severity: plans.SeverityWarning, Address: s.database.Address,
		Summary: fmt.Sprintf("another tool took %s back to version %s; the history has %s above it", s.database.Address, cmp.Or(s.seen.Version, "none"), listed(words)),
		Detail:  "These count as not applied. If only the number was set, what they make is still there, and to run them again fails.",
		Fix:     fmt.Sprintf("lockstep repair %s --env %s looks which of the two is true", s.database.Name, d.in.Environment.Name),
	})
}

// warnOfOrigin: tables that nobody has recorded may be another tool's work,
// and these files would make them once more.
func (d *draft) warnOfOrigin(s *schema) {
	if s.alone() || s.seen.Fresh || s.seen.Version != "" || len(s.seen.Applied) > 0 || len(s.files) == 0 {
		return
	}
	d.find(plans.Finding{
		Code: "unknown-origin", Severity: plans.SeverityWarning, Address: s.database.Address,
		Summary: fmt.Sprintf("%s has tables, and neither a version nor a history says where they come from", s.database.Address),
		Detail:  "All files of its folder count as not applied. If another migration tool made these tables, the files that make them fail, or run once more.",
		Fix:     fmt.Sprintf("lockstep import %s --env %s looks whether another tool has migrated it, and takes it over", s.database.Name, d.in.Environment.Name),
	})
}

func (d *draft) warnOfAssumed(s *schema, gap span) {
	f := plans.Finding{
		Code: "baseline", Severity: plans.SeverityWarning, Address: s.database.Address,
		Summary: fmt.Sprintf("%s has no history up to version %d; these files are taken as applied", s.database.Address, gap.upTo),
		Detail:  "Only a version number is known, so it cannot be seen whether the files were edited since.",
	}
	if gap.after > 0 {
		f.Code = "applied-elsewhere"
		f.Summary = fmt.Sprintf("another tool moved %s from version %d to %d; the files between are taken as applied", s.database.Address, gap.after, gap.upTo)
		f.Fix = "apply through one tool only"
	}
	if !s.alone() {
		f.Fix = strings.TrimPrefix(f.Fix+"; ", "; ") + fmt.Sprintf("lockstep import %s --env %s looks what is there and takes it into the history", s.database.Name, d.in.Environment.Name)
	}
	d.find(f)
}

// has reports whether the database has a version.
func (s *schema) has(version uint64) bool {
	if _, ok := s.applied[version]; ok {
		return true
	}
	i := sort.Search(len(s.assumed), func(i int) bool { return s.assumed[i].upTo >= version })
	return i < len(s.assumed) && version > s.assumed[i].after
}

// compareHistory refuses files that were edited or removed after they were
// applied.
func (d *draft) compareHistory(s *schema) {
	files := make(map[uint64]bool, len(s.files))
	for _, f := range s.files {
		files[f.Version] = true
		if a, ok := s.applied[f.Version]; ok {
			d.compareFile(s, f, a)
		}
	}
	for _, a := range sortedApplied(s.seen.Applied) {
		v := number(a.Version)
		if v > s.version || files[v] || a.Up == "" {
			continue
		}
		d.refuse(s.block.Range, mistake{
			"applied-file-gone", fmt.Sprintf("%s of %s is applied, but its file is gone", appliedName(a), s.database.Address),
			fmt.Sprintf("It was applied %s. Without the file a new environment would not get the same schema.", when(a)),
			fmt.Sprintf("Bring the file back into %s from version control.", s.database.Settings.Text("migrations")),
		})
	}
}

func (d *draft) compareFile(s *schema, f plans.MigrationFile, a plans.AppliedMigration) {
	if a.Up != f.Up.Digest {
		d.refuse(fileRange(f.Up.Path, 1), d.edited(s, f, a))
		return
	}
	if a.Down != "" && a.Down != f.Down.Digest {
		d.find(plans.Finding{
			Code: "down-edited", Severity: plans.SeverityInfo, File: f.Down.Path, Address: s.database.Address,
			Summary: fmt.Sprintf("the down file of %s was edited after it was applied", f.ID()),
			Detail:  "A rollback of the run that applied it uses the text recorded with it.",
		})
	}
}

func appliedName(a plans.AppliedMigration) string {
	if a.Name == "" {
		return "Version " + a.Version
	}
	return fmt.Sprintf("Version %s (%s)", a.Version, a.Name)
}

func when(a plans.AppliedMigration) string {
	text := "at an unknown time"
	if a.At != "" {
		text = "at " + a.At
	}
	if a.Run != "" {
		text += " by run " + a.Run
	}
	return text
}

func sortedApplied(in []plans.AppliedMigration) []plans.AppliedMigration {
	byVersion := func(a, b plans.AppliedMigration) int {
		return cmp.Or(cmp.Compare(number(a.Version), number(b.Version)), cmp.Compare(a.Version, b.Version))
	}
	if slices.IsSortedFunc(in, byVersion) { // as a database returns it
		return in
	}
	sorted := slices.Clone(in)
	slices.SortFunc(sorted, byVersion)
	return sorted
}

func fileRange(file string, line int) diag.Range {
	if file == "" {
		return diag.Range{}
	}
	line = max(line, 1)
	return diag.Range{File: file, Start: diag.Pos{Line: line, Column: 1}, End: diag.Pos{Line: line, Column: 1}}
}
