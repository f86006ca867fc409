package adopt

import (
	"fmt"
	"strconv"

	"github.com/lockstep-dev/lockstep/plans"
)

// golangMigrate takes over a database of which one number is known. No file
// is converted; each up to the number is entered with its digest, so that
// edits are noticed from now on.
func (a *assessment) golangMigrate() {
	a.out.Afterwards = "golang-migrate goes on as before: its table stays the version that both tools obey. Let only one of them apply from now on."
	if len(a.Sighting.Table.Rows) == 0 {
		a.out.Notes = append(a.out.Notes, "golang-migrate has applied nothing here: there is nothing to take over")
		return
	}
	row := a.Sighting.Table.Rows[0]
	if row["dirty"] == "true" || row["dirty"] == "1" {
		a.refuse("lockstep repair looks at what is there and mends it", "golang-migrate failed half-way: version %s is marked dirty", row["version"])
		return
	}
	version, err := strconv.ParseInt(row["version"], 10, 64)
	if err != nil || version <= 0 {
		a.note("the version is %s: nothing is applied", row["version"])
		return
	}
	a.out.Version = uint64(version)
	if !a.coversVersion() {
		return
	}
	for _, f := range a.Existing {
		if f.Version > a.out.Version {
			continue
		}
		e := entryOfFile(f)
		e.Reason = "golang-migrate keeps one number and no checksum"
		a.enter(e)
	}
	a.out.Version = uint64(version)
	if len(a.out.Entries) > 0 {
		a.note("golang-migrate keeps one number and no checksum: that each file up to %d ran as it is now is taken on trust", version)
	}
}

// coversVersion refuses a folder that does not go with the number.
func (a *assessment) coversVersion() bool {
	var highest uint64
	for _, f := range a.Existing {
		if f.Version == a.out.Version {
			return true
		}
		highest = max(highest, f.Version)
	}
	switch {
	case len(a.Existing) == 0:
		a.refuse("name the folder of its files in the database block: migrations = \"DIR\"", "the database has version %d, and %s has no migration", a.out.Version, a.Folder)
	case highest < a.out.Version:
		a.refuse("check out the files that it was migrated with, or correct migrations in the database block",
			"the database has version %d, and the files of %s end at %d", a.out.Version, a.Folder, highest)
	default:
		a.refuse("bring the file back from version control", "the database has version %d, and no file of %s has it%s", a.out.Version, a.Folder, nearest(a.Existing, a.out.Version))
	}
	return false
}

// nearest names the files around a version that has none.
func nearest(files []plans.MigrationFile, version uint64) string {
	var below, above string
	for _, f := range files {
		if f.Version < version {
			below = f.ID()
		} else if above == "" {
			above = f.ID()
		}
	}
	if below == "" {
		return fmt.Sprintf(" (the first is %s)", above)
	}
	return fmt.Sprintf(" (%s is below it, %s above)", below, above)
}
