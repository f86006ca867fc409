package rehearse

import (
	"context"
	"errors"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/rehearse/aside"
	"github.com/lockstep-dev/lockstep/internal/rehearse/updown"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
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
		for _, f := range s.Pending {
			g.found.Files = append(g.found.Files, notTried(f, "not rehearsed: "+oneLine(err)))
		}
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
		Rows: s.Target != "", Refuse: s.refuse, Excuse: func(failure error) string { return s.excuse(begin, failure) },
	}, s.Pending)
	if err != nil {
		return err
	}
	s.tellRoles()
	s.tellMade()
	for _, m := range list {
		s.found.Files = append(s.found.Files, foundOf(m, j.verdicts[m.Version]))
	}
	return nil
}

// refuse says why a file is not run on this server.
func (s *stage) refuse(file plans.MigrationFile) string {
	if why := outOfReach(file.Up, s.server.Own()); why != "" {
		return why
	}
	return forbidden(file.Down, s.server.Own())
}

// excuse says why a failure tells nothing of the file: the copy lacks what it
// needs, or it needs a right that no file gets on a scratch server.
func (s *stage) excuse(begin base, failure error) string {
	const insufficientPrivilege = "42501"
	switch {
	case begin.mayLack(failure):
		return "it fails on a copy that lacks a part of the target: " + oneLine(failure)
	case pq.As(failure, insufficientPrivilege) != nil && s.server.Strong():
		return "it needs a superuser, or a right that the role of the rehearsal has not got: " + oneLine(failure)
	}
	return ""
}

// tellMade notes extensions that the target's role may not be able to make.
func (s *stage) tellMade() {
	if s.server.Strong() {
		return
	}
	for _, f := range s.Pending {
		list, err := sqlscan.Split(f.Up.Bytes)
		if err != nil {
			continue // running it has said so
		}
		for _, statement := range list {
			if name := aside.Made(statement); name != "" {
				s.note("Whether role %s may make extension %s was not tried: a superuser made it on the scratch server.", s.target.Role.Name, name)
			}
		}
	}
}

// mayLack reports whether a failure may be the copy's rather than the file's:
// something does not exist.
func (b base) mayLack(failure error) bool {
	return len(b.lacks) > 0 && pq.As(failure, "42704", "42P01", "42883", "42703", "3F000") != nil
}
