package rehearse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/lockstep-dev/lockstep/internal/rehearse/catalog"
	"github.com/lockstep-dev/lockstep/internal/rehearse/server"
	"github.com/lockstep-dev/lockstep/plans"
)

// SchemaRequest asks how a database differs from what its migrations make.
type SchemaRequest struct {
	// Target is the database's connection URL. It is only read.
	Target string
	// Scratch is as in Request.
	Scratch string
	// Applied are the files that the database has had, in their order.
	Applied []plans.MigrationFile
	// Omit are relations that belong to Lockstep or golang-migrate.
	Omit []string
}

// Drifted runs the applied files on a throw-away server of the target's major
// version and lists how the target's schema differs from what they make there.
// Owners are not compared: files do not say who runs them. Nor are broken
// indexes, which are told from a build that is under way elsewhere. What is on
// a table that is new or gone is not listed beside it.
//
// An error says why the two cannot be compared: ErrNoServer, a server of
// another major version (their catalogs spell things differently), files that
// do not run on an empty database.
func Drifted(ctx context.Context, r SchemaRequest) (found []catalog.Difference, err error) {
	s := &scene{Request: Request{Target: r.Target, Scratch: r.Scratch, Applied: r.Applied, Omit: r.Omit}}
	defer func() { err = errors.Join(err, s.close()) }()
	if s.target, err = server.Describe(ctx, s.Target); err != nil {
		return nil, err
	}
	if s.place, err = findPlace(ctx, s.Scratch, s.target); err != nil {
		return nil, err
	}
	scratch, err := s.place.server(ctx)
	if err != nil {
		return nil, err
	}
	if major := scratch.Version() / 10000; major != s.target.Major() {
		return nil, fmt.Errorf("the target is PostgreSQL %d and the throw-away server %d: they spell the same schema differently", s.target.Major(), major)
	}
	g := &stage{scene: s, server: scratch, roles: map[string]int{}}
	made, err := g.replayed(ctx)
	if err != nil {
		return nil, err
	}
	read := func(ctx context.Context, conn *sql.Conn) (catalog.Snapshot, error) {
		return catalog.ReadAt(ctx, conn, s.Omit...)
	}
	expected, err := server.Look(ctx, made.URL(), read)
	if err != nil {
		return nil, err
	}
	actual, err := server.Look(ctx, s.Target, read)
	if err != nil {
		return nil, err
	}
	return outermost(catalog.Compare(expected, actual)), nil
}

// outermost leaves out what is not compared, and what came or went with what it
// is on.
func outermost(all []catalog.Difference) []catalog.Difference {
	whole := map[string]bool{}
	for _, d := range all {
		if d.Change != catalog.Changed {
			whole[d.Name] = true
		}
	}
	return slices.DeleteFunc(all, func(d catalog.Difference) bool {
		return d.Attribute == "owner" || d.Kind == catalog.Index && d.Attribute == "valid" || d.On != "" && whole[d.On]
	})
}
