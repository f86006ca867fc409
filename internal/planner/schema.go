package planner

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/plans"
)

// schema is one database that the change set migrates.
type schema struct {
	block    *block // the migration block
	database *block
	name     string
	version  uint64
	files    []plans.MigrationFile // covered by version, in order
	seen     *plans.DatabaseState  // nil when late
	expected uint64                // the version of a late one; 0 for an empty database
	owners   []Sibling             // change sets of this environment with this database, lowest version first

	applied map[uint64]plans.AppliedMigration
	assumed []span // taken as applied, in order
	highest uint64 // highest applied version

	pending []migration                // this change set's files that are not applied, in order
	held    []string                   // files of earlier change sets that wait for their contract phase
	waits   map[string]map[uint64]bool // by change set that is taken: its files that wait
}

// migration is a pending file and its verdict.
type migration struct {
	file     plans.MigrationFile
	verdict  sqlcheck.Verdict
	phase    plans.Phase
	evidence *Evidence // nil when it was not rehearsed
	noDown   bool
	outOfRow bool // fills a gap on purpose
}

// versionOf returns the block's version, or Newest.
func versionOf(b *block) uint64 {
	if v, err := strconv.ParseUint(b.args.Version.String(), 10, 64); err == nil {
		return v
	}
	return Newest
}

// coveredFiles returns the files up to version in order of version.
func coveredFiles(files []plans.MigrationFile, version uint64) []plans.MigrationFile {
	sorted := files
	byVersion := func(a, b plans.MigrationFile) int { return cmp.Compare(a.Version, b.Version) }
	if !slices.IsSortedFunc(files, byVersion) {
		sorted = slices.SortedFunc(slices.Values(files), byVersion)
	}
	end, _ := slices.BinarySearchFunc(sorted, version, func(f plans.MigrationFile, v uint64) int {
		if f.Version <= v {
			return -1
		}
		return 1
	})
	return sorted[:end]
}

// schemas prepares one schema for each migration block.
func (d *draft) schemas() {
	for _, b := range d.kind("migration") {
		name := databaseOf(b)
		s := &schema{
			block: b, database: d.blocks["database."+name], name: name, version: versionOf(b), expected: expectedOf(b),
			files: coveredFiles(d.in.Folders[name], versionOf(b)), owners: d.ownersOf(name),
		}
		if d.readable(s) {
			d.databases = append(d.databases, s)
		}
	}
}

// readable refuses a block that nothing can be planned for.
func (d *draft) readable(s *schema) bool {
	if s.database == nil {
		d.refuse(s.block.Range, mistake{
			"unknown-database", fmt.Sprintf("%s names no database", s.block.Address),
			"The project does not declare its database.", "Write database = database.NAME.",
		})
		return false
	}
	if s.version != Newest && (len(s.files) == 0 || s.files[len(s.files)-1].Version != s.version) {
		newest := "holds no file"
		if all := coveredFiles(d.in.Folders[s.name], Newest); len(all) > 0 {
			newest = "goes up to " + all[len(all)-1].ID()
		}
		d.refuse(s.block.Range, mistake{
			"unknown-version", fmt.Sprintf("%s names version %d, which is no file", s.block.Address, s.version),
			fmt.Sprintf("The folder %s %s.", s.database.Settings.Text("migrations"), newest),
			"Name the version of the last file that belongs to the change set; a missing file may not be committed yet.",
		})
		return false
	}
	observed := d.seen[s.database.Address]
	if lateDatabase(s.database) || (observed != nil && observed.Late) {
		return d.boundable(s)
	}
	if observed == nil || observed.Database == nil {
		d.refuse(s.database.Range, mistake{
			"not-observed", fmt.Sprintf("%s was not observed", s.database.Address),
			"A plan is made from what is there, and nothing was read from this database.", "Check the url and that the database answers, then plan again.",
		})
		return false
	}
	s.seen = observed.Database
	return true
}
