package server

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Server is a PostgreSQL on which databases may be made and dropped.
type Server struct {
	address address
	// run is in the names of all databases of this server's user.
	run     string
	counter atomic.Int64
	// admin is the connection that makes and drops databases.
	admin *sql.DB
	facts facts
	actor actor
	made  names
	// own is true when nobody else has this server: roles may be made.
	own bool
	end func() error
	// claimant lets go of the claim on someone else's server; nil on our own.
	claimant func() error
}

// facts are what a server says of itself.
type facts struct {
	number    int
	version   string
	superuser bool
	mayCreate bool
	standby   bool
	user      string
}

// Version returns the server's version as PostgreSQL numbers it, such as 150018
// (server_version_num).
func (s *Server) Version() int { return s.facts.number }

// Release returns the server's version as people write it, such as "15.18".
func (s *Server) Release() string {
	release, _, _ := strings.Cut(s.facts.version, " ")
	return release
}

// Major returns the server's major version, such as 15.
func (s *Server) Major() int { return major(s.facts.number) }

// Superuser reports whether we have one on this server, which never runs what a
// file says. Otherwise event triggers and most extensions are out of reach.
func (s *Server) Superuser() bool { return s.facts.superuser }

// Own reports whether the server was started here, so that nobody else has it.
func (s *Server) Own() bool { return s.own }

// Close drops what was made, and ends the server if it was started here.
// Closing twice is harmless.
func (s *Server) Close() error {
	end := s.end
	s.end = func() error { return nil }
	return end()
}

func (s *Server) disconnect() error {
	var failures []error
	if s.claimant != nil {
		failures = append(failures, s.claimant())
		s.claimant = nil
	}
	if s.admin != nil {
		failures = append(failures, s.admin.Close())
	}
	return errors.Join(failures...)
}

// connect tries to reach the server.
func (s *Server) connect(ctx context.Context) error {
	if s.admin == nil {
		db, err := s.address.open()
		if err != nil {
			return err
		}
		// One at a time: what a server is asked to copy must be in order.
		db.SetMaxOpenConns(1)
		s.admin = db
	}
	return s.address.hide(s.facts.read(ctx, s.admin))
}

func (f *facts) read(ctx context.Context, db *sql.DB) error {
	const patience = 15 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return db.QueryRowContext(ctx, `
		SELECT current_setting('server_version_num')::int, current_setting('server_version'),
		       rolsuper, rolcreatedb OR rolsuper, pg_is_in_recovery(), current_user
		  FROM pg_roles WHERE rolname = current_user`).
		Scan(&f.number, &f.version, &f.superuser, &f.mayCreate, &f.standby, &f.user)
}

const numbersAMajor = 10000

func major(number int) int { return number / numbersAMajor }

const (
	namePrefix = "lockstep_rehearse_"
	base36     = 36
)

// newRun names this use of a server: when it began, so that others can tell
// what is left over, and something that no two have.
func newRun(now time.Time) string {
	const length = 5
	b := make([]byte, length)
	_, _ = rand.Read(b) // never fails, says its documentation
	return strconv.FormatInt(now.Unix(), base36) + "_" + hex.EncodeToString(b)
}

func (s *Server) newName() string {
	return fmt.Sprintf("%s%s_%d", namePrefix, s.run, s.counter.Add(1))
}
