package server

import (
	"context"
	"errors"
	"hash/fnv"
	"regexp"

	"github.com/lib/pq"
)

// claimed is the first key of the advisory locks that mark runs as alive; they
// are looked for in pg_locks, whatever database their owner is connected to.
const claimed = 0x10c57e9

func runKey(run string) int32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(run))  // never fails
	return int32(h.Sum32() >> 1) //nolint:gosec // 31 bits: an oid shows no sign
}

// claim holds a lock from before anything is made until the server is used no
// more: a database or role of a run without a claim is nobody's, from the moment
// on at which its process is killed. It has a connection of its own, which
// serves for nothing else and which no server may end for being idle.
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
	if _, err := held.ExecContext(ctx, `SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'`); err != nil {
		return err
	}
	_, err = held.ExecContext(ctx, `SELECT pg_advisory_lock($1, $2)`, claimed, runKey(s.run))
	return err
}

var (
	ourDatabase = regexp.MustCompile(`^` + namePrefix + `([0-9a-z]+_[0-9a-f]+)_[0-9]+$`)
	ourRole     = regexp.MustCompile(`^` + namePrefix + `([0-9a-z]+_[0-9a-f]+)$`)
)

// dropLeft drops what killed runs have left, and ends what their sessions still
// do there. A database that anyone else is connected to stays, and so does what
// is another role's.
func (s *Server) dropLeft(ctx context.Context) error {
	databases, err := s.nobodys(ctx, `SELECT datname FROM pg_database WHERE NOT datistemplate AND starts_with(datname::text, $1)`, ourDatabase)
	if err != nil {
		return err
	}
	for _, name := range databases {
		_, _ = s.admin.ExecContext(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND application_name = $2`, name, application)
		_, _ = s.admin.ExecContext(ctx, "DROP DATABASE IF EXISTS "+pq.QuoteIdentifier(name)) // refused: it is in use, or not ours
	}
	roles, err := s.nobodys(ctx, `SELECT rolname FROM pg_roles WHERE starts_with(rolname::text, $1)`, ourRole)
	if err != nil {
		return err
	}
	for _, name := range roles {
		_, _ = s.admin.ExecContext(ctx, "DROP ROLE IF EXISTS "+pq.QuoteIdentifier(name)) // refused: a database of it is in use
	}
	return nil
}

// nobodys are the names that a query lists and that belong to a run which is no
// more.
func (s *Server) nobodys(ctx context.Context, query string, ours *regexp.Regexp) ([]string, error) {
	all, err := column(ctx, s.admin, query, namePrefix)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, name := range all {
		parts := ours.FindStringSubmatch(name)
		if parts == nil {
			continue
		}
		var alive bool
		err := s.admin.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = $1 AND objid = $2)`,
			claimed, runKey(parts[1])).Scan(&alive)
		if err != nil {
			return nil, err
		}
		if !alive {
			found = append(found, name)
		}
	}
	return found, nil
}
