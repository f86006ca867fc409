package rehearse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/rehearse/aside"
	"github.com/lockstep-dev/lockstep/internal/rehearse/server"
	"github.com/lockstep-dev/lockstep/internal/rehearse/trace"
	"github.com/lockstep-dev/lockstep/internal/rehearse/updown"
)

// base is the database where the pending files begin; all others are clones of
// it.
type base struct {
	*server.Database

	basis string
	// lacks are objects of the target that the copy has not got.
	lacks []server.Omission
}

// errNoBase says that there is no schema to begin with.
var errNoBase = errors.New("there is no schema to begin with")

// stage is a rehearsal under way.
type stage struct {
	*scene

	server *server.Server
	found  found

	mutex sync.Mutex
	roles map[string]int // that were made, and how often they were missed
}

func (s *stage) note(format string, args ...any) {
	s.found.Notes = append(s.found.Notes, fmt.Sprintf(format, args...))
}

// base copies the target's schema, or runs the files before.
func (s *stage) base(ctx context.Context) (base, error) {
	if s.schema == nil {
		return s.replayed(ctx)
	}
	b, err := s.copied(ctx)
	switch {
	case ctx.Err() != nil:
		return b, ctx.Err()
	case err != nil:
		s.note("The schema was made from the folder, not copied from the target: %s.", oneLine(err))
		return s.replayed(ctx)
	case len(b.lacks) == 0 || len(s.Applied) == 0:
		return b, nil
	}
	whole, err := s.replayed(ctx)
	if err != nil {
		return b, ctx.Err()
	}
	s.note("The schema was made from the folder, not copied from the target.")
	return whole, b.Drop(ctx)
}

func (s *stage) copied(ctx context.Context) (base, error) {
	b := base{basis: BasisTarget}
	var err error
	if b.Database, err = s.server.Database(ctx, s.target.Locale); err != nil {
		return b, err
	}
	if b.Differs != "" {
		s.note("The scratch database is not as the target: %s.", b.Differs)
	}
	done, err := s.schema.CopyTo(ctx, b.Database)
	if err == nil {
		err = b.equip(ctx)
	}
	if err != nil {
		return b, errors.Join(err, b.Drop(context.WithoutCancel(ctx)))
	}
	s.tell(done)
	b.lacks = done.Left
	if len(s.Applied) == 0 {
		return b, nil
	}
	empty, err := s.empty(ctx, b)
	if err != nil || !empty {
		return b, err
	}
	if err := b.Drop(ctx); err != nil {
		return b, err
	}
	return s.replayed(ctx)
}

// equip makes what a superuser must make, while no file has run there.
func (b base) equip(ctx context.Context) error {
	return b.Equip(ctx, trace.Install(), aside.Install())
}

// tell notes what the copy differs in.
func (s *stage) tell(done server.Copied) {
	if len(done.Extensions) > 0 {
		s.note("The scratch server does not have the extensions %s of the target.", strings.Join(done.Extensions, ", "))
	}
	if len(done.Roles) > 0 {
		s.note("The scratch server does not have the roles %s of the target, and it is not ours to make them there.", strings.Join(done.Roles, ", "))
	}
	if done.Older {
		s.note("The scratch server is of an older major version than the target.")
	}
	for _, view := range done.Unfilled {
		s.note("Materialized view %s of the copy has no data, as the target's has: %s.", view.Object, strings.TrimSuffix(view.Reason, "."))
	}
	for _, left := range done.Left {
		s.note("The copy lacks %s: %s.", left.Object, strings.TrimSuffix(left.Reason, "."))
	}
}

// empty reports whether a copy has nothing but schemas, and what is omitted.
func (s *stage) empty(ctx context.Context, b base) (empty bool, err error) {
	err = b.Use(ctx, func(db *sql.DB) error {
		empty, err = updown.Empty(ctx, db, s.Omit)
		return err
	})
	return empty, err
}

// replayed runs the files before on an empty database.
func (s *stage) replayed(ctx context.Context) (base, error) {
	for _, f := range s.Applied {
		if why := forbidden(f.Up, s.server.Own()); why != "" {
			return base{}, fmt.Errorf("%w: %s", errNoBase, why)
		}
	}
	if err := s.server.Strengthen(ctx); err != nil {
		return base{}, err
	}
	for {
		b := base{basis: BasisFolder}
		var err error
		if b.Database, err = s.server.Database(ctx, s.target.Locale); err != nil {
			return b, err
		}
		if err = b.equip(ctx); err != nil || len(s.Applied) == 0 {
			return b, err
		}
		err = s.apply(ctx, b)
		if err == nil {
			return b, nil
		}
		if dropped := b.Drop(context.WithoutCancel(ctx)); dropped != nil || ctx.Err() != nil {
			return b, errors.Join(err, dropped)
		}
		mended, failed := s.mend(ctx, err)
		if failed != nil {
			return b, failed
		}
		if !mended {
			return b, fmt.Errorf("%w: the files before do not run on an empty database: %w", errNoBase, err)
		}
	}
}

func (s *stage) apply(ctx context.Context, b base) error {
	return b.Use(ctx, func(db *sql.DB) error { return updown.Apply(ctx, db, s.Applied) })
}

var missingRole = regexp.MustCompile(`^role "(.+)" does not exist$`)

// mend makes a role that a file names, where the server is ours: who may do what
// is no part of a folder of migrations.
func (s *stage) mend(ctx context.Context, failure error) (mended bool, err error) {
	const undefinedObject = "42704"
	refused := pq.As(failure, undefinedObject)
	if refused == nil || !s.server.Own() || s.found.Basis == BasisTarget { // a copy has the target's roles
		return false, nil
	}
	name := missingRole.FindStringSubmatch(refused.Message)
	if name == nil || strings.HasPrefix(name[1], "pg_") {
		return false, nil
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	const parts = 16 // that may have met it at the same time; more, and a file drops it
	s.roles[name[1]]++
	if met := s.roles[name[1]]; met > 1 {
		return met <= parts, nil
	}
	return true, s.server.MakeRole(ctx, name[1])
}

// tellRoles notes the roles that were made, in the order of their names: parts
// of a rehearsal meet them by chance.
func (s *stage) tellRoles() {
	for _, name := range slices.Sorted(maps.Keys(s.roles)) {
		s.note("Role %s was made on the scratch server: a file names it, and none makes it.", name)
	}
}
