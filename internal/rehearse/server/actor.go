package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/lib/pq"
)

// Role is who runs migrations at a target. The zero value is a superuser that
// is called postgres: of a folder alone nobody knows more.
type Role struct {
	Name string
	// Weak is false for a superuser, and for the strongest role of a managed
	// service, which may do most of what one may.
	Weak bool
	// MakesRoles is CREATEROLE, IgnoresPolicies BYPASSRLS.
	MakesRoles, IgnoresPolicies bool
}

func (r *Role) read(ctx context.Context, q querier) error {
	var strong bool
	err := q.QueryRowContext(ctx, `
		SELECT rolname, rolcreaterole, rolbypassrls, rolsuper OR EXISTS (SELECT FROM pg_roles strong
			WHERE strong.rolname IN ('rds_superuser', 'cloudsqlsuperuser', 'alloydbsuperuser', 'azure_pg_admin', 'neon_superuser')
			AND pg_has_role(strong.oid, 'MEMBER'))
		FROM pg_roles WHERE rolname = current_user`).Scan(&r.Name, &r.MakesRoles, &r.IgnoresPolicies, &strong)
	r.Weak = !strong
	return err
}

// actor is the role that runs what files say. It is never a superuser: a file
// may come from a stranger's branch, and a superuser may run programs and read
// files on this machine (COPY ... PROGRAM, pg_read_file, untrusted languages).
// Source: PostgreSQL's manual, "Predefined Roles" and "COPY".
type actor struct {
	role, password string
	// owner is the role that databases belong to; empty: whoever makes them.
	owner string
	// strong is true when the actor stands for a superuser, or when nobody knows
	// for whom: what it may not do then says nothing of the target.
	strong bool
}

// owners are the members of the role that databases of our own server belong
// to. All roles that a strong role may give something to are in it.
const owners = "lockstep_owner"

// enact makes the actor of a server of our own, in the likeness of the target's
// role.
func (s *Server) enact(ctx context.Context, r Role) error {
	if r.Name == "" {
		r.Name = "postgres"
	}
	if r.Name == superuser || r.Name == owners {
		return fmt.Errorf("the target's role is called %s, which is a name of the scratch server's own", r.Name)
	}
	attributes := " LOGIN"
	if r.MakesRoles || !r.Weak {
		attributes += " CREATEROLE"
	}
	if r.IgnoresPolicies || !r.Weak {
		attributes += " BYPASSRLS"
	}
	text := "CREATE ROLE " + owners + "; CREATE ROLE " + pq.QuoteIdentifier(r.Name) + attributes
	if !r.Weak {
		text += " IN ROLE " + owners
	}
	// Before 16 CREATEROLE may grant every role but a superuser's.
	const bounded = 16
	if s.Major() < bounded {
		text = "DELETE FROM pg_catalog.pg_authid WHERE rolname IN ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files');" + text
	}
	if _, err := s.admin.ExecContext(ctx, text); err != nil {
		return fmt.Errorf("make the role that runs the files: %w", err)
	}
	s.actor = actor{role: r.Name, owner: owners, strong: !r.Weak}
	return nil
}

// enactBeside makes an actor on someone else's server where we are a superuser;
// otherwise we are the actor.
func (s *Server) enactBeside(ctx context.Context) error {
	s.actor = actor{strong: true}
	if !s.facts.superuser {
		return nil
	}
	a := actor{role: namePrefix + s.run, password: rand.Text(), strong: true}
	a.owner = a.role
	text := "CREATE ROLE " + pq.QuoteIdentifier(a.role) + " LOGIN BYPASSRLS PASSWORD " + pq.QuoteLiteral(a.password)
	if _, err := s.admin.ExecContext(ctx, text); err != nil {
		return fmt.Errorf("make a role without SUPERUSER there: %w", s.address.hide(err))
	}
	s.actor = a
	if err := s.mayEnter(ctx); err != nil {
		return errors.Join(fmt.Errorf("%w: role %s is a superuser, and what a migration says must not run as one; a role that was made without SUPERUSER cannot log in (%s). "+
			"Name one in scratch_url: CREATE ROLE lockstep LOGIN CREATEDB PASSWORD '...'", ErrUnfit, pq.QuoteIdentifier(s.facts.user), plainly(err)), s.dismiss(ctx))
	}
	return nil
}

func (s *Server) mayEnter(ctx context.Context) error {
	entrance := s.address.as(s.actor.role, s.actor.password)
	db, err := entrance.open()
	if err != nil {
		return err
	}
	defer db.Close()
	return entrance.hide(db.PingContext(ctx))
}

// dismiss drops the actor that was made on someone else's server.
func (s *Server) dismiss(ctx context.Context) error {
	if s.actor.password == "" {
		return nil
	}
	_, err := s.admin.ExecContext(ctx, "DROP ROLE IF EXISTS "+pq.QuoteIdentifier(s.actor.role))
	return s.address.hide(err)
}

// stage is where the actor finds a database. Its sessions bear our name, by which
// those of a killed run are told from others.
func (s *Server) stage(a address) address {
	q := a.url.Query()
	q.Set("application_name", application)
	a.url.RawQuery = q.Encode()
	if s.actor.role == "" {
		return a
	}
	return a.as(s.actor.role, s.actor.password)
}

// Strong reports whether a refusal for lack of a right (SQLSTATE 42501) says
// nothing of the target: the role that runs files stands for a superuser there,
// or for someone of whom nothing is known.
func (s *Server) Strong() bool { return s.actor.strong }

// Strengthen makes the actor of a server of our own stand for a superuser: where
// a folder makes the schema, whose rights the target's role has is not known.
func (s *Server) Strengthen(ctx context.Context) error {
	if !s.own || s.actor.strong {
		return nil
	}
	role := pq.QuoteIdentifier(s.actor.role)
	if _, err := s.admin.ExecContext(ctx, "ALTER ROLE "+role+" CREATEROLE BYPASSRLS; GRANT "+owners+" TO "+role); err != nil {
		return fmt.Errorf("make the role that runs the files stronger: %w", err)
	}
	s.actor.strong = true
	return nil
}

// MakeRole makes a role without the right to log in, which lives as long as the
// server, and which the actor may act for. Only a server of our own takes one.
func (s *Server) MakeRole(ctx context.Context, name string) error {
	if !s.Own() {
		return fmt.Errorf("make role %s: the scratch server is not ours alone", pq.QuoteIdentifier(name))
	}
	if _, err := s.admin.ExecContext(ctx, s.actor.roleText(name, " NOLOGIN")); err != nil {
		return fmt.Errorf("make role %s: %w", pq.QuoteIdentifier(name), err)
	}
	return nil
}

// roleText makes a role. A strong actor may act for every role, as a superuser
// may.
func (a actor) roleText(name, attributes string) string {
	text := "CREATE ROLE " + pq.QuoteIdentifier(name) + attributes
	if a.strong {
		text += " IN ROLE " + owners + "; GRANT " + pq.QuoteIdentifier(name) + " TO " + pq.QuoteIdentifier(a.role) + " WITH ADMIN OPTION"
	}
	return text + ";\n"
}

// trusting runs something as the server's own superuser, or as whoever we are.
// No statement of a file may have run in the database before: it could have left
// a trap there, such as a function of an event trigger.
func (d *Database) trusting(ctx context.Context, run func(querier) error) error {
	db, err := d.trusted.open()
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return d.trusted.hide(err)
	}
	defer conn.Close()
	return d.trusted.hide(run(conn))
}

// Equip runs statements as the server's superuser in a database where no file
// has run yet; it does nothing where we have none.
func (d *Database) Equip(ctx context.Context, statements ...string) error {
	if !d.server.Superuser() {
		return nil
	}
	return d.trusting(ctx, func(q querier) error {
		_, err := q.ExecContext(ctx, strings.Join(statements, ";\n"))
		return err
	})
}
