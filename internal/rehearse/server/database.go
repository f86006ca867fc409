package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"
)

// Database is one database on a scratch server.
type Database struct {
	// Name is of our own making.
	Name string
	// Differs says how the database differs from the one that was asked for;
	// empty if it does not.
	Differs string

	server *Server
	// address is the actor's, trusted our own.
	address, trusted address
	// settings are those that every session of the database begins with.
	settings [][2]string
	// owner is whose the database is, where it is not the server's common one;
	// creates says that the actor may make schemas there all the same.
	owner   string
	creates bool
}

// making bounds the making of a database: the copy of a large schema takes
// seconds.
const making = 2 * time.Minute

// Database makes an empty database. When the server does not have the locale,
// the database has C, and says so.
func (s *Server) Database(ctx context.Context, l Locale) (*Database, error) {
	if l.Encoding == "" || l.Collate == "" || l.Ctype == "" {
		l = l.plain()
	}
	d := s.newDatabase()
	err := errors.New("no locale to make it with")
	for _, candidate := range l.candidates(s.Major()) {
		d.Differs = ""
		if candidate != l {
			d.Differs = fmt.Sprintf("the target's locale is %s, and the scratch server does not have it: %s here", l, candidate)
		}
		if err = s.create(ctx, d, "template0 "+candidate.clause(s.Major())); !lacksLocale(err) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	if err := d.handOver(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("hand a scratch database over: %w", err), d.Drop(context.WithoutCancel(ctx)))
	}
	return d, nil
}

// handOver gives an empty database's own parts to a strong actor, whose they
// are at a target where it is the superuser.
func (d *Database) handOver(ctx context.Context) error {
	a := d.server.actor
	if !d.server.Superuser() || !a.strong {
		return nil
	}
	const ownedByDatabase = 15
	text := "UPDATE pg_catalog.pg_extension SET extowner = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = " + pq.QuoteLiteral(a.role) + ")"
	if d.server.Major() < ownedByDatabase {
		text += "; ALTER SCHEMA public OWNER TO " + pq.QuoteIdentifier(a.role)
	}
	return d.Equip(ctx, text)
}

// lacksLocale tells a locale that the server does not know (wrong_object_type,
// invalid_parameter_value, feature_not_supported, undefined_object).
func lacksLocale(err error) bool {
	return failed(err, "42809", "22023", "0A000", "42704")
}

// Clone makes a copy of the database. Nobody may be connected to it.
func (d *Database) Clone(ctx context.Context) (*Database, error) {
	made := d.server.newDatabase()
	made.Differs = d.Differs
	if err := d.server.create(ctx, made, pq.QuoteIdentifier(d.Name)); err != nil {
		return nil, err
	}
	// They are no part of a database that is copied.
	made.owner, made.creates = d.owner, d.creates
	if err := errors.Join(made.take(ctx, d.settings), made.belong(ctx)); err != nil {
		return nil, errors.Join(d.server.address.hide(err), made.Drop(ctx))
	}
	return made, nil
}

// belong makes the database whose it is.
func (d *Database) belong(ctx context.Context) error {
	if d.owner == "" {
		return nil
	}
	text := "ALTER DATABASE " + pq.QuoteIdentifier(d.Name) + " OWNER TO " + pq.QuoteIdentifier(d.owner)
	if d.creates {
		text += "; GRANT CREATE ON DATABASE " + pq.QuoteIdentifier(d.Name) + " TO " + pq.QuoteIdentifier(d.server.actor.role)
	}
	_, err := d.server.admin.ExecContext(ctx, text)
	return err
}

// take makes settings, by name, those of every session to come.
func (d *Database) take(ctx context.Context, settings [][2]string) error {
	d.settings = settings
	for _, setting := range settings {
		value := pq.QuoteLiteral(setting[1])
		if setting[0] == "search_path" && setting[1] != "" { // a list, not one name
			value = setting[1]
		}
		if _, err := d.server.admin.ExecContext(ctx, "ALTER DATABASE "+pq.QuoteIdentifier(d.Name)+" SET "+setting[0]+" = "+value); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) newDatabase() *Database {
	name := s.newName()
	at := s.address.of(name)
	return &Database{Name: name, server: s, address: s.stage(at), trusted: at.guarded()}
}

func (s *Server) create(ctx context.Context, d *Database, template string) error {
	ctx, cancel := context.WithTimeout(ctx, making)
	defer cancel()
	text := "CREATE DATABASE " + pq.QuoteIdentifier(d.Name)
	if s.actor.owner != "" {
		text += " OWNER " + pq.QuoteIdentifier(s.actor.owner)
	}
	if _, err := s.admin.ExecContext(ctx, text+" TEMPLATE "+template+s.strategy()); err != nil {
		return fmt.Errorf("make a scratch database: %w", s.address.hide(err))
	}
	s.made.add(d.Name)
	return nil
}

// strategy copies files where that is ours to choose: writing every page into
// the log, the default since 15, is for servers that are not thrown away.
func (s *Server) strategy() string {
	if s.Own() && s.Major() >= 15 {
		return " STRATEGY file_copy"
	}
	return ""
}

// URL returns the connection URL for lib/pq, of the role that runs files; it is
// no superuser wherever there is a choice. It may hold a password: never print
// it.
func (d *Database) URL() string { return d.address.String() }

// Server returns the server that the database is on.
func (d *Database) Server() *Server { return d.server }

// Drop drops the database with whoever is connected to it. Dropping twice is
// harmless.
func (d *Database) Drop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, making)
	defer cancel()
	if err := d.server.drop(ctx, d.Name); err != nil {
		return fmt.Errorf("drop the scratch database %s: %w", d.Name, d.server.address.hide(err))
	}
	d.server.made.remove(d.Name)
	return nil
}

// drop ends the connections itself before 13, which has no FORCE.
func (s *Server) drop(ctx context.Context, name string) error {
	const force = 13
	statement := "DROP DATABASE IF EXISTS " + pq.QuoteIdentifier(name)
	if s.Major() >= force {
		statement += " WITH (FORCE)"
	} else if _, err := s.admin.ExecContext(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, name); err != nil {
		return err
	}
	_, err := s.admin.ExecContext(ctx, statement)
	return err
}
