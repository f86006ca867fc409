package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lib/pq"
)

// Copy says what is copied where.
type Copy struct {
	// From is the target's URL for lib/pq.
	From string
	// To is an empty database of a scratch server.
	To *Database
	// Binaries are where pg_dump is looked for first; may be empty.
	Binaries Binaries
}

// Copied tells what became of a copy.
type Copied struct {
	// Dumper is the version of pg_dump that read the target.
	Dumper string
	// Statements is how many made the copy.
	Statements int
	// Extensions are those that the scratch server does not have.
	Extensions []string
	// Roles are those that the schema names, and that the scratch server does not
	// have; they were not made there, since it is not ours alone.
	Roles []string
	// Privileges is false when owners and privileges were not copied: that
	// takes a server of our own.
	Privileges bool
	// Older is true when the scratch server's major version is lower than the
	// target's, so that it may not know how to make everything.
	Older bool
	// Unfilled are materialized views that can be read at the target and not in
	// the copy.
	Unfilled []Omission
	// Left is what the copy lacks.
	Left []Omission
}

// Omission is one object that a copy lacks.
type Omission struct {
	// Object is its type and name, such as "TABLE public.places".
	Object string
	Reason string
}

// CopySchema copies the target's schema, without rows, into a scratch database.
// The target is only read: it waits for no lock, and is given up when anyone
// waits for it (ErrInTheWay). The error wraps ErrNoDump when this machine has no
// program that can read the target.
//
// What depends on an extension that the scratch server does not have, or on a
// later version, is left out and named. On a server of our own the target's roles are made first,
// without the right to log in.
func CopySchema(ctx context.Context, c Copy) (Copied, error) {
	schema, err := ReadSchema(ctx, Reading{From: c.From, Binaries: c.Binaries, Privileges: c.To.server.Own()})
	if err != nil {
		return Copied{}, err
	}
	return schema.CopyTo(ctx, c.To)
}

// prepare makes what the schema needs around it.
func (done *Copied) prepare(ctx context.Context, to *Database, target surroundings) error {
	available, err := column(ctx, to.server.admin, `SELECT name FROM pg_available_extensions`)
	if err != nil {
		return err
	}
	done.Extensions = without(target.extensions, available)
	if err := done.makeRoles(ctx, to.server, target); err != nil {
		return err
	}
	if err := target.belongs.settle(ctx, to); err != nil {
		return err
	}
	if !target.public {
		err := to.trusting(ctx, func(q querier) error {
			_, err := q.ExecContext(ctx, `DROP SCHEMA IF EXISTS public`)
			return err
		})
		if err != nil {
			return err
		}
	}
	return to.take(ctx, target.settings)
}

// apply runs the dump in one go, on a server of our own as its superuser: it is
// the target's own, and no file has run there. Where that fails the statements
// go one by one: what lacks its ground is left out, and any other failure has a
// name.
func (done *Copied) apply(ctx context.Context, to *Database, steps []step) error {
	known, err := column(ctx, to.server.admin, `SELECT name FROM pg_settings`)
	if err != nil {
		return err
	}
	steps = slices.DeleteFunc(steps, func(s step) bool { return !s.knownTo(known) || s.opensServer() })
	done.Statements = len(steps)
	at := to.address
	switch {
	case to.server.Own():
		at = to.server.address.of(to.Name)
	case to.server.Superuser():
		if steps, err = done.ground(ctx, to, steps); err != nil {
			return err
		}
	}
	db, err := at.open()
	if err != nil {
		return err
	}
	defer db.Close()
	session, err := db.Conn(ctx) // the dump begins with settings for its session
	if err != nil {
		return at.hide(err)
	}
	defer session.Close()
	if _, err = session.ExecContext(ctx, joined(steps)); err != nil {
		err = done.oneByOne(ctx, session, steps)
	}
	return at.hide(err)
}

// ground makes the schemas and extensions of a dump on someone else's server:
// the rest of it is the actor's, who may not make every extension. It returns
// the rest.
func (done *Copied) ground(ctx context.Context, to *Database, steps []step) (rest []step, err error) {
	err = to.trusting(ctx, func(q querier) error {
		for _, s := range steps {
			text := s.Text
			switch {
			case s.Starts("CREATE", "EXTENSION"):
			case s.Starts("CREATE", "SCHEMA"):
				text += " AUTHORIZATION " + pq.QuoteIdentifier(to.server.actor.role)
			default:
				rest = append(rest, s)
				continue
			}
			if _, err := q.ExecContext(ctx, text); err != nil {
				if ctx.Err() != nil {
					return err
				}
				done.Left = append(done.Left, Omission{s.object, plainly(err)})
			}
		}
		return nil
	})
	return rest, err
}

func (done *Copied) oneByOne(ctx context.Context, session querier, steps []step) error {
	for _, s := range steps {
		_, err := session.ExecContext(ctx, s.Text)
		switch {
		case err == nil, done.Privileges && s.givesAway() && failed(err, insufficientPrivilege):
		case s.Starts("CREATE", "EXTENSION") && ctx.Err() == nil, done.excuses(s, err):
			done.Left = append(done.Left, Omission{s.object, plainly(err)})
		default:
			return fmt.Errorf("%s: %w", s.object, err)
		}
	}
	return nil
}

// insufficientPrivilege is the code of a refusal for lack of a right.
const insufficientPrivilege = "42501"

// excuses reports whether a statement fails because of what was left out
// before: something that it names does not exist. Or it takes a superuser, and
// is not run by one.
func (done *Copied) excuses(s step, err error) bool {
	if done.Older && failed(err, "42601", "0A000", "42704") { // syntax, feature or name of a later version
		return true
	}
	if !done.Privileges && failed(err, insufficientPrivilege) {
		return true
	}
	if len(done.Extensions)+len(done.Roles)+len(done.Left) == 0 {
		return false
	}
	const role = "22023" // SET SESSION AUTHORIZATION, of a role that does not exist
	return failed(err, "42704", "42P01", "42883", "42703", "3F000") || s.Starts("SET", "SESSION") && failed(err, role)
}

// plainly is what the server says, on one line.
func plainly(err error) string {
	return strings.Join(strings.Fields(strings.TrimPrefix(err.Error(), "pq: ")), " ")
}

var errNothing = errors.New("pg_dump has written nothing")
