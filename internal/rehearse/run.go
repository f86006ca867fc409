package rehearse

import (
	"context"
	"errors"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/rehearse/updown"
	"github.com/lockstep-dev/lockstep/plans"
)

// rehearse starts the server and tries the files.
func (s *scene) rehearse(ctx context.Context) (found, error) {
	scratch, err := s.place.server(ctx)
	if err != nil {
		return found{}, err
	}
	g := &stage{scene: s, server: scratch, roles: map[string]int{}}
	begin, err := g.base(ctx)
	switch {
	case errors.Is(err, errNoBase):
		g.found.Basis = BasisFolder
		g.tellRoles()
		g.note("No file was rehearsed: %s.", oneLine(err))
		return g.found, ctx.Err()
	case err != nil:
		return found{}, err
	}
	g.found.Basis = begin.basis
	return g.found, g.files(ctx, begin)
}

func (s *stage) files(ctx context.Context, begin base) error {
	j := newJury(s.workload.Statements)
	list, err := updown.Rehearse(ctx, updown.Bench{
		Open: begin.Clone, Plain: begin.plain, Omit: s.Omit, Sample: s.samples.fill(), Watch: j.watch, Begin: s.Begin, Mend: s.mend,
	}, s.reachable())
	if err != nil {
		return err
	}
	s.tellRoles()
	for _, m := range list {
		if begin.mayLack(m.Failure) {
			s.note("%d_%s and the files after it were not rehearsed: it fails on a copy that lacks a part of the target: %s.", m.Version, m.Name, oneLine(m.Failure))
			break
		}
		s.found.Files = append(s.found.Files, foundOf(m, j.verdicts[m.Version]))
	}
	return nil
}

// reachable are the files that may run, up to the first that may not.
func (s *stage) reachable() []plans.MigrationFile {
	for i, f := range s.Pending {
		for _, direction := range []plans.SQLFile{f.Up, f.Down} {
			if why := outOfReach(direction, s.server.Own()); why != "" {
				s.note("%s and the files after it were not rehearsed: %s.", f.ID(), why)
				return s.Pending[:i]
			}
		}
	}
	return s.Pending
}

// mayLack reports whether a failure may be the copy's rather than the file's:
// something does not exist.
func (b base) mayLack(failure error) bool {
	return len(b.lacks) > 0 && pq.As(failure, "42704", "42P01", "42883", "42703", "3F000") != nil
}
