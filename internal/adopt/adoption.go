package adopt

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// Source is one file of a tool's folder; Path is relative to that folder.
type Source struct {
	Path  string
	Bytes []byte
}

// Evidence is everything an import is decided from.
type Evidence struct {
	Sighting Sighting
	// Sources are the tool's own files; empty when it has none, or when the
	// migrations folder holds them in golang-migrate's layout already.
	Sources []Source
	// From is the folder of Sources, for people.
	From string
	// Existing are the files that the migrations folder has.
	Existing []plans.MigrationFile
	// Folder is the migrations folder.
	Folder string
	// Split cuts text into statements by the database's rules; nil:
	// PostgreSQL's.
	Split func([]byte) ([]sqlscan.Statement, error)
	// Known are the versions whose content the history has already.
	Known map[uint64]plans.Digest
}

// Adoption is what an import would do.
type Adoption struct {
	Tool  Tool
	Table string
	// Entries are the rows for the history, by version.
	Entries []Entry
	// Files are to be written; those that are there already are not in it.
	Files []File
	// Renamed lists versions that had to be spelled differently.
	Renamed []Renaming
	// LeftOut are files that no converter takes and nothing depends on.
	LeftOut []Problem
	// Notes say what could not be verified, and what else to know.
	Notes []string
	// Version is schema_migrations afterwards; 0 for none.
	Version uint64
	// Afterwards says what the other tool would do from now on.
	Afterwards string
	// Problems forbid the import. Nothing else holds while there are any.
	Problems []Problem
}

// Entry is one row of the history: a migration that the tool applied.
type Entry struct {
	Version uint64
	Name    string
	// Up is empty for a baseline, which stands for everything up to Version.
	Up, Down  plans.Digest
	UpSQL     string
	DownSQL   string
	AppliedAt string // RFC 3339; empty when the tool did not record it
	By        string // empty when the tool did not record it
	// Verified is true when the tool's checksum equals the file's.
	Verified bool
	// Reason says how it was verified, or why it was not.
	Reason string
}

// File is a file in golang-migrate's layout; Name is relative to the
// migrations folder.
type File struct {
	Name  string
	Bytes []byte
	From  string
}

// Renaming maps what the tool calls a migration to its new version.
type Renaming struct {
	Was     string `json:"was"`
	Version uint64 `json:"version,string"`
	File    string `json:"file"`
}

// Assess decides how a database is taken over.
func Assess(e Evidence) Adoption {
	if e.Split == nil {
		e.Split = sqlscan.Split
	}
	a := &assessment{Evidence: e, out: Adoption{Tool: e.Sighting.Tool, Table: e.Sighting.Table.String()}}
	switch e.Sighting.Tool {
	case GolangMigrate:
		a.golangMigrate()
	case Goose:
		a.goose()
	case Dbmate:
		a.dbmate()
	case Flyway:
		a.flyway()
	case Liquibase:
		a.liquibase()
	case Atlas:
		a.atlas()
	}
	slices.SortFunc(a.out.Entries, func(x, y Entry) int { return compare(x.Version, y.Version) })
	return a.out
}

func compare(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

// assessment is the work of one Assess.
type assessment struct {
	Evidence
	out Adoption
	// chained: a file's checksum covers the files before it.
	chained bool
}

func (a *assessment) refuse(fix, format string, args ...any) {
	a.out.Problems = append(a.out.Problems, Problem{fmt.Sprintf(format, args...), fix})
}

func (a *assessment) leaveOut(fix, format string, args ...any) {
	a.out.LeftOut = append(a.out.LeftOut, Problem{fmt.Sprintf(format, args...), fix})
}

func (a *assessment) note(format string, args ...any) {
	a.out.Notes = append(a.out.Notes, fmt.Sprintf(format, args...))
}

// script is one migration as another tool's file has it.
type script struct {
	key     string // what the tool's table calls it
	digits  string // the version as the new file's name spells it
	version uint64
	name    string
	up      string
	down    string // empty: there is none
	path    string
	sum     string // as the tool computes it; empty when it has none
}

// record is one applied migration as a tool's table has it.
type record struct {
	key      string
	at, by   string
	sum      string
	baseline bool // everything up to here counts as applied
}

// take puts files and rows together: each applied row must have its file.
func (a *assessment) take(scripts []script, records []record) {
	unread := len(a.out.Problems) > 0 // whose file is missing cannot be told then
	byKey := map[string]script{}
	versions := map[uint64]script{}
	for _, s := range scripts {
		if twin, ok := versions[s.version]; ok {
			a.refuse("give one of them another version", "%s and %s both have version %d", twin.path, s.path, s.version)
		}
		byKey[s.key], versions[s.version] = s, s
		a.write(s)
	}
	for _, r := range records {
		s, ok := byKey[r.key]
		if !ok && unread {
			continue
		}
		if !ok {
			a.takeExisting(r)
			continue
		}
		a.compareSums(s, r)
		a.enter(entryOf(s, r, a.out.Tool))
	}
	a.changedVersions(scripts)
}

// compareSums refuses a file that is not as it was applied. Where sums go on
// from file to file one that differs makes all later ones differ.
func (a *assessment) compareSums(s script, r record) {
	const fix = "bring the file back as it was applied, from version control; what you want to change goes into a new migration"
	switch {
	case s.sum == "" || r.sum == "" || s.sum == r.sum:
	case !a.chained:
		a.refuse(fix, "%s was edited after %s applied it: its checksum is %s, the table has %s", s.path, a.out.Tool, s.sum, r.sum)
	case len(a.out.Problems) == 0:
		a.refuse(fix, "%s or a file before it was edited, added or removed since %s applied it: the checksum up to here is %s, the table has %s",
			s.path, a.out.Tool, s.sum, r.sum)
	}
}

func (a *assessment) enter(e Entry) {
	a.out.Version = max(a.out.Version, e.Version)
	if a.Known[e.Version] != "" {
		return // an edit since then is for plan to find, not for an import to hide
	}
	a.out.Entries = append(a.out.Entries, e)
}

func entryOf(s script, r record, tool Tool) Entry {
	e := Entry{Version: s.version, Name: s.name, Up: plans.DigestOf([]byte(s.up)), UpSQL: s.up, DownSQL: s.down, AppliedAt: instant(r.at), By: r.by}
	if s.down != "" {
		e.Down = plans.DigestOf([]byte(s.down))
	}
	e.Verified = s.sum != "" && s.sum == r.sum
	e.Reason = fmt.Sprintf("%s has no checksum of it that could be compared", tool)
	if e.Verified {
		e.Reason = fmt.Sprintf("%s's checksum equals that of %s", tool, s.path)
	}
	return e
}

// takeExisting is for an applied row without a file of the tool: the
// migrations folder may have it, converted by hand or by an earlier import.
func (a *assessment) takeExisting(r record) {
	version, err := versionOf(r.key)
	if r.baseline && err == nil {
		a.enter(Entry{Version: version, Name: "(baseline)", AppliedAt: instant(r.at), By: r.by, Reason: "a baseline stands for everything up to it"})
		return
	}
	i := slices.IndexFunc(a.Existing, func(f plans.MigrationFile) bool { return err == nil && f.Version == version })
	if i < 0 {
		fix := "bring the file back from version control, then import again"
		if a.From == "" {
			fix = "give --from DIR, the folder of " + string(a.out.Tool) + "'s files"
		}
		a.refuse(fix, "%s applied %s, and no file has it", a.out.Tool, r.key)
		return
	}
	e := entryOfFile(a.Existing[i])
	e.AppliedAt, e.By, e.Reason = instant(r.at), r.by, "the file is in golang-migrate's layout already; "+string(a.out.Tool)+"'s own is not there to compare"
	a.enter(e)
}

func entryOfFile(f plans.MigrationFile) Entry {
	return Entry{Version: f.Version, Name: f.Name, Up: f.Up.Digest, Down: f.Down.Digest, UpSQL: string(f.Up.Bytes), DownSQL: string(f.Down.Bytes)}
}

// write puts both directions of a script on the list of files, unless the
// folder has them as they would become.
func (a *assessment) write(s script) {
	base := s.digits + "_" + s.name
	a.writeOne(File{base + ".up.sql", []byte(s.up), s.path}, func(f plans.MigrationFile) plans.SQLFile { return f.Up }, s.version)
	if s.down != "" {
		a.writeOne(File{base + ".down.sql", []byte(s.down), s.path}, func(f plans.MigrationFile) plans.SQLFile { return f.Down }, s.version)
	}
}

func (a *assessment) writeOne(file File, side func(plans.MigrationFile) plans.SQLFile, version uint64) {
	for _, f := range a.Existing {
		there := side(f)
		switch {
		case f.Version != version || there.Path == "" && plans.FileID(f.Up.Path) == plans.FileID(file.Name):
			continue
		case strings.HasSuffix("/"+there.Path, "/"+file.Name) && there.Digest == plans.DigestOf(file.Bytes):
			return // as an earlier import wrote it
		default:
			a.refuse("move it away, or import into an empty folder; nothing is overwritten",
				"%s has version %d already, and differs from what %s would become", f.Up.Path, version, file.From)
			return
		}
	}
	a.out.Files = append(a.out.Files, file)
}

// changedVersions lists what is called differently from now on.
func (a *assessment) changedVersions(scripts []script) {
	for _, s := range scripts {
		if s.key != s.digits {
			a.out.Renamed = append(a.out.Renamed, Renaming{s.key, s.version, s.digits + "_" + s.name + ".up.sql"})
		}
	}
}
