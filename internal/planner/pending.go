package planner

import (
	"slices"

	"github.com/lockstep-dev/lockstep/plans"
)

// Waiting are the files of one database that a change set would apply.
type Waiting struct {
	Applied []plans.MigrationFile // of the folder, that the database has
	Pending []plans.MigrationFile
	Fresh   bool // the database is empty
	// After names files of other change sets that have to be applied first.
	After []string
}

// Pending tells by database name what a plan of the input would apply, before
// anything is judged: what is worth a rehearsal. A database that cannot be
// looked at yet, or that no plan can start from, is left out.
func Pending(in Input) map[string]Waiting {
	d := newDraft(in)
	for _, pass := range []func(){d.destination, d.content, d.schemas, d.histories} {
		pass()
	}
	found := map[string]Waiting{}
	for _, s := range d.databases {
		if s.seen == nil || s.seen.Dirty || len(s.pending) == 0 {
			continue
		}
		w := Waiting{Fresh: s.seen.Fresh}
		for _, m := range s.pending {
			w.Pending = append(w.Pending, m.file)
		}
		for _, f := range s.files {
			switch owner := s.owner(f.Version); {
			case s.has(f.Version):
				w.Applied = append(w.Applied, f)
			case owner != d.set.Name && !slices.Contains(s.held, f.ID()):
				w.After = append(w.After, f.ID()+" of change set "+owner)
			}
		}
		found[s.name] = w
	}
	return found
}
