// Package rehearse tries pending migrations on a throw-away server before a plan
// is made of them. It brings the parts of a rehearsal together: a server and a
// copy of the target's schema there (server), what the files do and whether
// their way back leads back (updown, with trace and catalog), and which running
// statements they break (queries).
//
// The target is only read, and what cannot be had there degrades to a note. The
// same inputs give equal results: nothing in them is a time, a name of a day or
// an order of chance.
package rehearse

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/internal/rehearse/server"
	"github.com/lockstep-dev/lockstep/internal/sqlsecret"
	"github.com/lockstep-dev/lockstep/plans"
)

// ErrNoServer is wrapped when there is nothing to rehearse on: no server is
// named, and this machine has no PostgreSQL programs. The error says how to
// change that.
var ErrNoServer = errors.New("not rehearsed: there is no server to rehearse on")

// Request says what is rehearsed.
type Request struct {
	// Target is the connection URL of the target whose schema is copied; ""
	// when there is none. It is only read.
	Target string
	// Scratch is the connection URL of a server where databases may be made;
	// "" starts one from the programs on this machine.
	Scratch string
	// Applied are run first where there is no target to copy, or its schema is
	// empty or cannot be read.
	Applied []plans.MigrationFile
	// Pending are rehearsed in their order.
	Pending []plans.MigrationFile
	// Queries is the folder of the application's SQL, "" for none.
	Queries string
	// Omit are relations that belong to Lockstep or golang-migrate.
	Omit []string
	// Sample is how many rows are copied of each table of the target that
	// pending files touch; 0: none, rows are made up.
	Sample int
	// Cache is the folder of results by content; "" for none.
	Cache string
	// Begin is told which file comes next, where nothing is cached; may be nil.
	Begin func(plans.MigrationFile)
}

// Result is what became of the pending files.
type Result struct {
	Server string // the version of the throw-away server, "15.18"
	Basis  string // where its schema came from: BasisTarget or BasisFolder
	// Files holds the evidence of every pending file by version; the differences
	// of one that was not rehearsed (its up is skipped) say why.
	Files map[uint64]Evidence
	// Notes are sentences: what was not as asked for.
	Notes []string
}

// Bases of a rehearsal.
const (
	BasisTarget = "target" // copied from the target's catalog
	BasisFolder = "folder" // made by running the files before
)

// Evidence is what was found of one pending file.
type Evidence struct {
	// Statements are those of the up file with what was measured of them, in
	// their order; nil when the file could not be run.
	Statements []plans.Statement
	Rehearsal  plans.Rehearsal
	// Queries is nil when no statement of the application is known.
	Queries *plans.QueryEvidence
}

// Run rehearses the pending files. The error is of the surroundings (no server,
// no target, cancelled); what files do wrong is in the result. Whatever was
// started or made is gone when it returns.
func Run(ctx context.Context, r Request) (result Result, err error) {
	s := &scene{Request: r}
	defer func() {
		if err != nil && ctx.Err() != nil { // whatever broke off for it says less
			err = fmt.Errorf("rehearse: %w", ctx.Err())
		}
		err = errors.Join(err, s.close())
	}()
	if err := s.look(ctx); err != nil {
		return Result{}, fmt.Errorf("rehearse: %w", err)
	}
	store := cache{r.Cache, s.digest(), s.written()}
	found, hit := store.load()
	if !hit {
		if found, err = s.rehearse(ctx); err != nil {
			return Result{}, fmt.Errorf("rehearse: %w", err)
		}
		if found, err = store.save(found); err != nil {
			return Result{}, fmt.Errorf("rehearse: %w", err)
		}
	}
	return s.result(found), nil
}

// written are the passwords in the files, which an outcome quotes.
func (r Request) written() *redact.Values {
	mask := &redact.Values{}
	for _, f := range slices.Concat(r.Applied, r.Pending) {
		mask.Learn(sqlsecret.Values(f.Up.Bytes)...)
		mask.Learn(sqlsecret.Values(f.Down.Bytes)...)
	}
	return mask
}

// scene is what a rehearsal begins with: all that its outcome depends on.
type scene struct {
	Request

	place    *place
	target   server.Target
	schema   *server.Schema // nil: none was read
	workload *workload
	samples  *samples
	notes    []string
}

// look reads the target and the application's statements, and finds where to
// rehearse. No server is started yet.
func (s *scene) look(ctx context.Context) (err error) {
	if s.Target != "" {
		if s.target, err = server.Describe(ctx, s.Target); err != nil {
			return err
		}
	}
	if s.place, err = findPlace(ctx, s.Scratch, s.target); err != nil {
		return err
	}
	if err := s.readSchema(ctx); err != nil {
		return err
	}
	if s.workload, err = s.readWorkload(ctx); err != nil {
		return err
	}
	s.samples, err = s.readSamples(ctx)
	return err
}

func (s *scene) close() error {
	if s.place == nil {
		return nil
	}
	return s.place.close()
}

func (s *scene) note(format string, args ...any) {
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
}

// readSchema degrades to a replay of the folder where the target's schema is
// not to be had.
func (s *scene) readSchema(ctx context.Context) error {
	if s.Target == "" {
		return nil
	}
	schema, err := server.ReadSchema(ctx, server.Reading{From: s.Target, Binaries: s.place.binaries, Privileges: s.place.privileged()})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		s.note("The schema was made from the folder, not copied from the target: %s.", oneLine(err))
		return nil
	}
	s.schema = &schema
	return nil
}
