package command

import (
	"context"
	"fmt"
	"slices"

	"github.com/lockstep-dev/lockstep/internal/adopt"
	"github.com/lockstep-dev/lockstep/internal/mend"
)

// What becomes of files that count as applied and whose work is not there.
const (
	missingApplied = "applied"
	missingPending = "pending"
)

// verifyCatalog looks for what the files make. A tool that keeps one number
// skips a file that comes late, and says nothing.
func (d *keptDatabase) verifyCatalog(ctx context.Context, a *adopt.Adoption, missing string) error {
	files := d.upFiles(a.Entries)
	sights, err := d.keeper.Examine(ctx, d.settings, mend.TracesOf(files))
	if err != nil {
		return unreadable(d.block.Address, d.environment.Name, err)
	}
	absences := mend.Absent(files, sights)
	if len(absences) == 0 && len(sights) > 0 {
		a.Notes = append(a.Notes, "the tables, columns, indexes and other objects that these files name and no later one takes away were looked up in the catalog and are there; "+
			"types, defaults and rows were not compared")
	}
	for _, absence := range absences {
		i := slices.IndexFunc(a.Entries, func(e adopt.Entry) bool { return e.Version == absence.Version })
		said := fmt.Sprintf("version %d (%s) counts as applied, and %s, which it makes and no later file takes away, is not there",
			absence.Version, absence.Path, absence.What)
		switch missing {
		case missingApplied:
			a.Entries[i].Reason += "; " + absence.What + " is not there"
			a.Notes = append(a.Notes, said+"; it is entered as applied, as you say")
		case missingPending:
			a.Entries = slices.Delete(a.Entries, i, i+1)
			a.Notes = append(a.Notes, said+"; it is left out, as you say, and plan will say what to do about it")
		default:
			a.Problems = append(a.Problems, adopt.Problem{
				What: said,
				Fix:  "if it never ran (golang-migrate skips a file that comes late), leave it out with --missing pending; if the file was edited since, bring it back as it was; if something else has removed it since, take it as applied with --missing applied",
			})
		}
	}
	return nil
}

// upFiles are the statements of what is to be entered. What cannot be read is
// for plan to say.
func (d *keptDatabase) upFiles(entries []adopt.Entry) []mend.File {
	var files []mend.File
	for _, e := range entries {
		if statements, err := d.split([]byte(e.UpSQL)); err == nil {
			files = append(files, mend.File{Path: e.Name, Direction: mend.Up, Version: e.Version, Statements: statements})
		}
	}
	return files
}
