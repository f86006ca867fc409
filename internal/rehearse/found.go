package rehearse

import (
	"slices"

	"github.com/lockstep-dev/lockstep/internal/rehearse/updown"
	"github.com/lockstep-dev/lockstep/plans"
)

// found is the outcome of a rehearsal without what changes from minute to
// minute: it can be kept.
type found struct {
	Basis string
	Files []foundFile
	Notes []string
}

type foundFile struct {
	Version    uint64
	Statements []plans.Statement
	Rehearsal  plans.Rehearsal
	Judged     judged
}

func foundOf(m updown.Migration, v judged) foundFile {
	f := foundFile{Version: m.Version, Judged: v}
	if m.Failure == nil {
		f.Statements = m.Statements
	}
	f.Rehearsal = plans.Rehearsal{
		Up: m.Up, Down: m.Down, Restores: m.Restores, Grade: m.Grade,
		Differences: slices.Concat(m.Differences, m.OnRows), Unseen: m.Unseen,
		OnRows: m.OnRows, Gone: m.Gone, Dropped: m.Dropped, Naming: m.Naming,
	}
	return f
}

func notTried(f plans.MigrationFile, why string) foundFile {
	return foundFile{Version: f.Version, Rehearsal: plans.Rehearsal{
		Up: plans.OutcomeSkipped, Down: plans.OutcomeSkipped, Grade: plans.GradeNone, Differences: []string{why},
	}}
}

// result joins what was found with what is known of today.
func (s *scene) result(f found) Result {
	r := Result{Server: s.place.release(), Basis: f.Basis, Files: map[uint64]Evidence{}, Notes: slices.Concat(s.notes, f.Notes)}
	for _, file := range f.Files {
		e := Evidence{Statements: file.Statements, Rehearsal: file.Rehearsal}
		e.Rehearsal.Server, e.Rehearsal.Basis = r.Server, f.Basis
		if file.Rehearsal.Up == plans.OutcomeOK {
			e.Queries = s.workload.evidence(file.Judged, file.Rehearsal.Dropped)
		}
		r.Files[file.Version] = e
	}
	return r
}
