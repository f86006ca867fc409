package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"
)

// ErrUnfit is wrapped when a given scratch server may not be used.
var ErrUnfit = errors.New("the server that scratch_url names cannot be used")

// Given is a scratch server that the user names.
type Given struct {
	// URL is for lib/pq; its database is connected to and not changed.
	URL string
	// Target is what the target says of itself: the same cluster is refused.
	Target Target
	// Alone says that there is no target: nothing is copied.
	Alone bool
}

// Existing uses a server that is already there. Databases with names of our own
// making are made and dropped on it; nothing else is touched. Those that killed
// processes have left are dropped. The error wraps ErrUnfit when the server is
// the target's own, a standby, or one where we may not make databases. The
// caller closes it.
func Existing(ctx context.Context, g Given) (*Server, error) {
	const patience = time.Minute
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	a, err := parseAddress(g.URL, "scratch_url")
	if err != nil {
		return nil, err
	}
	s := &Server{address: a, run: newRun(time.Now()), end: func() error { return nil }}
	if err := s.connect(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("reach the server that scratch_url names: %w", err), s.disconnect())
	}
	if err := s.use(ctx, g); err != nil {
		return nil, errors.Join(err, s.disconnect())
	}
	s.end = func() error { return errors.Join(s.dropAll(), s.disconnect()) }
	return s, nil
}

// use checks the server, marks what will be made as ours, and clears what is
// nobody's.
func (s *Server) use(ctx context.Context, g Given) error {
	if err := s.fits(ctx, g); err != nil {
		return err
	}
	if err := s.claim(ctx); err != nil {
		return fmt.Errorf("mark the scratch databases as ours: %w", s.address.hide(err))
	}
	if err := s.dropLeft(ctx); err != nil {
		return fmt.Errorf("look for scratch databases that killed runs have left: %w", s.address.hide(err))
	}
	return s.enactBeside(ctx)
}

func (s *Server) fits(ctx context.Context, g Given) error {
	id, err := cluster(ctx, s.admin)
	var shared bool
	if err == nil {
		shared, err = pooled(ctx, s.admin)
	}
	switch {
	case err != nil:
		return fmt.Errorf("look at the server that scratch_url names: %w", s.address.hide(err))
	case shared:
		return fmt.Errorf("%w: a connection pooler stands before it, which does not know the databases that are made; name a url that goes past the pooler", ErrUnfit)
	case s.facts.standby:
		return fmt.Errorf("%w: it is a standby, where nothing can be made; name a server of its own", ErrUnfit)
	case !g.Alone && (id == "" || g.Target.Cluster == ""):
		return fmt.Errorf("%w: it cannot be told from the target's, since pg_control_system() may not be called there; GRANT EXECUTE ON FUNCTION pg_control_system() TO our role on both", ErrUnfit)
	case !g.Alone && id == g.Target.Cluster:
		return fmt.Errorf("%w: it is the target's own (system identifier %s), where a rehearsal takes locks, memory and disk from the application; name a server of its own", ErrUnfit, id)
	case !s.facts.mayCreate:
		return fmt.Errorf("%w: role %s may not make databases there; ALTER ROLE %s CREATEDB", ErrUnfit, s.facts.user, pq.QuoteIdentifier(s.facts.user))
	}
	return nil
}

func (s *Server) dropAll() error {
	ctx, cancel := context.WithTimeout(context.Background(), making)
	defer cancel()
	var failures []error
	for _, name := range s.made.list() {
		failures = append(failures, s.drop(ctx, name))
	}
	return s.address.hide(errors.Join(append(failures, s.dismiss(ctx))...))
}

// column reads a query's only column.
func column(ctx context.Context, db querier, query string, args ...any) ([]string, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var value string
		if err := rows.Scan(&value); err != nil {
			return nil, err
		}
		all = append(all, value)
	}
	return all, rows.Err()
}
