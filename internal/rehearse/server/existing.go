package server

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"regexp"
	"strconv"
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
	if err := s.dropLeft(ctx, time.Now()); err != nil {
		return fmt.Errorf("look for scratch databases that killed runs have left: %w", s.address.hide(err))
	}
	return nil
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

// claimed is the first key of the advisory locks that mark runs as alive; they
// are looked for in pg_locks, whatever database their owner is connected to.
const claimed = 0x10c57e9

func runKey(run string) int32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(run))  // never fails
	return int32(h.Sum32() >> 1) //nolint:gosec // 31 bits: an oid shows no sign
}

// claim holds a lock for as long as the server is used. It has a connection of
// its own, which serves for nothing else.
func (s *Server) claim(ctx context.Context) error {
	db, err := s.address.open()
	if err != nil {
		return err
	}
	held, err := db.Conn(ctx)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	s.claimant = func() error { return errors.Join(held.Close(), db.Close()) }
	_, err = held.ExecContext(ctx, `SELECT pg_advisory_lock($1, $2)`, claimed, runKey(s.run))
	return err
}

// left is the age at which a database without a claim is somebody's no more. A
// claim is lost with its connection, so younger ones are given time.
const left = 15 * time.Minute

var ourName = regexp.MustCompile(`^` + namePrefix + `(([0-9a-z]+)_[0-9a-f]+)_[0-9]+$`)

// dropLeft drops what killed runs have left. A database that anyone is
// connected to stays, and so does one that is another role's.
func (s *Server) dropLeft(ctx context.Context, now time.Time) error {
	all, err := column(ctx, s.admin, `SELECT datname FROM pg_database WHERE NOT datistemplate AND starts_with(datname::text, $1)`, namePrefix)
	if err != nil {
		return err
	}
	for _, name := range all {
		run, old := runOf(name, now)
		if !old {
			continue
		}
		var alive bool
		err := s.admin.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = $1 AND objid = $2)`,
			claimed, runKey(run)).Scan(&alive)
		if err != nil {
			return err
		}
		if !alive {
			_, _ = s.admin.ExecContext(ctx, "DROP DATABASE IF EXISTS "+pq.QuoteIdentifier(name)) // refused: it is in use, or not ours
		}
	}
	return nil
}

// runOf takes a database's name apart.
func runOf(name string, now time.Time) (run string, old bool) {
	parts := ourName.FindStringSubmatch(name)
	if parts == nil {
		return "", false
	}
	began, err := strconv.ParseInt(parts[2], base36, 64)
	return parts[1], err == nil && now.Sub(time.Unix(began, 0)) > left
}

func (s *Server) dropAll() error {
	ctx, cancel := context.WithTimeout(context.Background(), making)
	defer cancel()
	var failures []error
	for _, name := range s.made.list() {
		failures = append(failures, s.drop(ctx, name))
	}
	return s.address.hide(errors.Join(failures...))
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
