package planner

import "github.com/lockstep-dev/lockstep/plans"

// Waiting are the files of one database that a change set would apply.
type Waiting struct {
	Applied []plans.MigrationFile // of the folder, that the database has
	Pending []plans.MigrationFile
	Fresh   bool // the database is empty
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
			if s.has(f.Version) {
				w.Applied = append(w.Applied, f)
			}
		}
		found[s.name] = w
	}
	return found
}
